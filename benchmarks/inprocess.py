"""What programs measure that also run alone: inside of one process, or of a fleet over one Redis."""

import pathlib
import subprocess
import sys
from collections.abc import Sequence

ROOT = pathlib.Path(__file__).parent.parent
PROGRAMS = (
    "building",
    "bodies",
    "middlewares",
    "deployed",
    "rows",
    "refusals",
    "large_bodies",
    "beside_large",
    "memo",
    "memo_redis",
    "start",
    "fleet",
)


def measure(folder: pathlib.Path, programs: Sequence[str] = PROGRAMS) -> None:
    """Run the programs, and keep what they print."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in programs:
        print(f"{name}:", flush=True)
        ended = subprocess.run(
            [sys.executable, "-m", f"benchmarks.{name}"], cwd=ROOT, stdout=subprocess.PIPE, text=True, check=False
        )
        printed = ended.stdout if ended.returncode == 0 else f"{ended.stdout}failed with {ended.returncode}\n"
        print("".join(f"  {line}\n" for line in printed.splitlines()), end="", flush=True)
        (folder / f"{name}.txt").write_text(printed)
