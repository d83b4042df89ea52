"""How many instructions an answer takes below the middlewares of `middlewares.py`, counted by valgrind's callgrind.

Printed are those of an answer, and the ratio of the answer without any middleware to it; at least 0.9 is the aim. No
other program matters to them, so a busy machine counts the same. It needs valgrind.

Run it as a module, with the names of cases as its arguments, or none for all.
"""

import asyncio
import gc
import os
import pathlib
import re
import subprocess
import sys
import tempfile
from collections.abc import Sequence

from aiohttp import web

from benchmarks.middlewares import CASES, Transport, ask, table
from ponty.core import build_app

WARM_UP = 80
TIMES = 200


async def answer(names: Sequence[str]) -> None:
    """Answer in each case; callgrind writes what it has counted whenever the load of the machine is asked for."""
    gc.disable()
    for name in names:
        runner = web.AppRunner(build_app(routes=table, middlewares=CASES[name]), access_log=None)
        await runner.setup()
        assert runner.server is not None
        protocol, transport = runner.server(), Transport()
        protocol.connection_made(transport)
        await ask(protocol, transport, WARM_UP)
        os.getloadavg()
        await ask(protocol, transport, TIMES)
        os.getloadavg()


def count(names: Sequence[str]) -> dict[str, float]:
    """Return the instructions of an answer in each case."""
    with tempfile.TemporaryDirectory() as folder:
        out = pathlib.Path(folder) / "out"
        valgrind = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={out}", "--dump-before=getloadavg"]
        subprocess.run(
            [*valgrind, sys.executable, "-m", "benchmarks.middleware_instructions", "--answer", *names],
            check=True,
            env=os.environ | {"PYTHONHASHSEED": "0"},
            stderr=subprocess.DEVNULL,
        )
        return {
            name: _sum_of(out.with_name(f"out.{2 * number + 2}").read_text()) / TIMES
            for number, name in enumerate(names)
        }


def _sum_of(text: str) -> int:
    found = re.search(r"^(?:totals|summary): (\d+)", text, re.MULTILINE)
    assert found is not None
    return int(found[1])


def main() -> None:
    """Print the table, or be what is counted."""
    if sys.argv[1:2] == ["--answer"]:
        asyncio.run(answer(sys.argv[2:]))
        return
    bare = next(iter(CASES))
    counted = count([bare, *(name for name in sys.argv[1:] or CASES if name != bare)])
    for name, each in counted.items():
        print(f"{name:16} {each:9,.0f}  {counted[bare] / each:.2f}")


if __name__ == "__main__":
    main()
