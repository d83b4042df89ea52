"""What is done once: importing Ponty, and making the schema, the validator and the decoder of a body's class.

Run it by `hatch run bench:building`.
"""

import dataclasses
import functools
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable

from ponty.request import ParsedJsonBody, dataclass_to_jsonschema

ROUNDS = 9
MODULES = ("aiohttp.web", "ponty.memo", "ponty.core", "ponty.request", "ponty")


def imports() -> None:
    """Import each module in processes of their own, in rounds."""
    code = "import sys, time, importlib; t = time.perf_counter(); {}; print(time.perf_counter() - t)"
    took: dict[str, list[float]] = {module: [] for module in MODULES}
    with tempfile.TemporaryDirectory() as bytecode:
        # An installed package has its bytecode beside it; a checkout may not.
        environment = {**os.environ, "PYTHONPYCACHEPREFIX": bytecode, "PYTHONDONTWRITEBYTECODE": ""}
        for number in range(-1, ROUNDS):
            for module, times in took.items():
                # The names of `ponty` are imported when they are asked for.
                what = "from ponty import *" if module == "ponty" else f"import {module}"
                printed = subprocess.check_output([sys.executable, "-c", code.format(what)], env=environment)
                if number >= 0:
                    times.append(float(printed) * 1e3)
    theirs = statistics.median(took["aiohttp.web"])
    for module, times in took.items():
        ours = statistics.median(times)
        print(f"import {module:14} {ours:6.1f} ms   {ours / theirs:5.2f} of aiohttp.web's")


def model(fields: int, depth: int) -> type:
    """Make a dataclass of some fields, and below it as many as `depth` more."""
    annotations: list[tuple[str, object]] = [(f"field_{n}", int if n % 2 else list[str]) for n in range(fields)]
    if depth:
        annotations.append(("below", model(fields, depth - 1)))
    return dataclasses.make_dataclass(f"Model{fields}_{depth}", annotations)


def building() -> None:
    """Build schemas and bodies of several sizes."""
    for fields, depth in ((1, 0), (5, 0), (20, 0), (5, 3), (20, 3)):
        cls = model(fields, depth)
        schema = milliseconds(functools.partial(dataclass_to_jsonschema, cls))
        body = milliseconds(functools.partial(ParsedJsonBody, cls))
        print(f"{depth + 1} classes of {fields:2} fields: schema {schema:6.2f} ms, body {body:6.2f} ms")


def milliseconds(function: Callable[[], object]) -> float:
    """Return the median time of a call."""
    times = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        function()
        times.append((time.perf_counter() - began) * 1e3)
    return statistics.median(times)


if __name__ == "__main__":
    imports()
    building()
