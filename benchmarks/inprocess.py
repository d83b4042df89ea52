"""What is measured inside of one process, and of a fleet over one Redis, by programs that also run alone."""

import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).parent
PROGRAMS = ("building", "bodies", "middlewares", "memo", "fleet")


def measure(folder: pathlib.Path) -> None:
    """Run the programs, and keep what they print."""
    for name in PROGRAMS:
        print(f"{name}:", flush=True)
        ended = subprocess.run(
            [sys.executable, str(HERE / f"{name}.py")], stdout=subprocess.PIPE, text=True, check=False
        )
        printed = ended.stdout if ended.returncode == 0 else f"{ended.stdout}failed with {ended.returncode}\n"
        print("".join(f"  {line}\n" for line in printed.splitlines()), end="", flush=True)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{name}.txt").write_text(printed)
