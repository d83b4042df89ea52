"""Run the tests again and again while something else keeps every core busy; stop at the first run that fails.

`hatch run under-load 20` runs them twenty times. What follows the number goes to `hatch test`.
"""

import contextlib
import multiprocessing
import os
import pathlib
import shutil
import subprocess
import sys
import time

HATCH = shutil.which("hatch") or str(pathlib.Path(__file__).parent.parent / ".venv/bin/hatch")


def spin() -> None:
    """Keep one core busy."""
    while True:
        pass


def seconds_of_children() -> float:
    """Return for how long the processes have run that have ended, and all that they have started and waited for."""
    times = os.times()
    return times.children_user + times.children_system


def main(runs: int, *arguments: str) -> int:
    """Run the tests `runs` times; return the status of the last run."""
    with contextlib.ExitStack() as stack:
        for _ in range(os.cpu_count() or 1):
            busy = multiprocessing.Process(target=spin, daemon=True)
            busy.start()
            stack.callback(busy.kill)
        for run in range(1, runs + 1):
            began, spent = time.monotonic(), seconds_of_children()
            status = subprocess.run([HATCH, "test", "-q", *arguments], check=False).returncode
            verdict = "failed" if status else "passed"
            took, spent = time.monotonic() - began, seconds_of_children() - spent
            print(f"run {run} of {runs}: {verdict}, {took:.0f} s, {spent:.0f} s of all cores", flush=True)
            if status:
                return status
    return 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), *sys.argv[2:]))
