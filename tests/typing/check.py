"""Hold mypy and pyright to what the typing tests say: run by `nox -s types`, beside the installed distributions.

A file `*_pass.py` must be clean. In a file `*_fail.py`, both must find an error on each line marked `# E`, and on no
other.
"""

import json
import pathlib
import re
import subprocess
import sys

HERE = pathlib.Path(__file__).parent
Lines = dict[str, set[int]]


def marked() -> Lines:
    """Return the lines that must be refused, by file."""
    return {
        path.name: {number for number, line in enumerate(path.read_text().splitlines(), 1) if line.endswith("# E")}
        for pattern in ("*_pass.py", "*_fail.py")
        for path in HERE.glob(pattern)
    }


def found_by_mypy(files: list[str]) -> Lines:
    """Return the lines where mypy finds an error."""
    run = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", *files], capture_output=True, text=True, check=False
    )
    print(run.stdout, run.stderr)
    lines: Lines = {}
    for match in re.finditer(r"(?m)^.*?([^/\n]+\.py):(\d+): error:", run.stdout):
        lines.setdefault(match[1], set()).add(int(match[2]))
    return lines


def found_by_pyright(files: list[str]) -> Lines:
    """Return the lines where pyright finds an error."""
    settings = HERE / "pyrightconfig.json"
    command = [
        sys.executable,
        "-m",
        "pyright",
        "--outputjson",
        "--project",
        str(settings),
        "--pythonpath",
        sys.executable,
    ]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    report = json.loads(run.stdout)
    assert report["summary"]["filesAnalyzed"] == len(files), run.stdout
    lines: Lines = {}
    for finding in report["generalDiagnostics"]:
        if finding["severity"] == "error":
            print(finding["file"], finding["range"]["start"]["line"] + 1, finding["message"])
            lines.setdefault(pathlib.Path(finding["file"]).name, set()).add(finding["range"]["start"]["line"] + 1)
    return lines


def main() -> int:
    """Compare what is found with what is marked."""
    expected = marked()
    assert any(expected.values()), "nothing is marked"
    files = [str(HERE / name) for name in sorted(expected)]
    differences = 0
    for checker, found in (("mypy", found_by_mypy(files)), ("pyright", found_by_pyright(files))):
        for name, lines in expected.items():
            for line in sorted(lines ^ found.get(name, set())):
                differences += 1
                print(f"{name}:{line}: {checker} {'accepts' if line in lines else 'refuses'} this line")
    print(f"{len(files)} files, {sum(map(len, expected.values()))} lines to refuse, {differences} differences")
    return 1 if differences else 0


if __name__ == "__main__":
    sys.exit(main())
