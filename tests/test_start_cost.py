"""What a start costs does not grow unseen: the modules that *hello* loads, and the calls of importing and building.

Counted in a process of its own are calls of Python functions, which are the same on every machine; those of the import
system are left out, since they depend on where things are installed. The figures stand in `costs_start.json`; run this
file as a program to renew those of the Python that runs it.
"""

import functools
import json
import pathlib
import subprocess
import sys

import pytest

FIGURES = pathlib.Path(__file__).with_name("costs_start.json")
PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"
HELLO = """
from ponty import Request, RouteParameter, build_app, expect, get, render_json, startmeup

class HelloReq(Request):
    name = RouteParameter(str)

@get(f"/hello/{HelloReq.name}")
@expect(HelloReq)
@render_json
async def hello(name: str) -> str:
    return f"hello {name}"

build_app().freeze()
"""
TYPE = """
@dataclasses.dataclass
class Item{number}:
    name: str
    number: int
    tags: list[str]
    price: float | None
    sizes: dict[str, int] = dataclasses.field(default_factory=dict)

class ItemReq{number}(Request):
    item = ParsedJsonBody(Item{number})

@post("/items{number}")
@expect(ItemReq{number})
@render_json
async def handler{number}(item: Item{number}) -> Item{number}:
    return item
"""
HEAD = "import dataclasses\nfrom ponty import ParsedJsonBody, Request, build_app, expect, post, render_json\n"
KINDS = {
    "hello": HELLO,
    "two types": HEAD + TYPE.format(number=0) + TYPE.format(number=1) + "build_app().freeze()",
    "twenty types": HEAD + "".join(TYPE.format(number=number) for number in range(20)) + "build_app().freeze()",
}
COUNTED = """
import gc, json, sys
import aiohttp.web, dataclasses, decimal, msgspec, uuid
gc.disable()  # what ends is not counted
program, calls = sys.argv[1], 0
code = compile(program, "program", "exec", dont_inherit=True)
sys.modules["program"] = module = type(sys)("program")

def count(frame, event, arg):
    global calls
    calls += event == "call" and not frame.f_code.co_filename.startswith("<frozen importlib")

sys.setprofile(count)
exec(code, vars(module))
sys.setprofile(None)
print(json.dumps({"modules": sum(name.startswith("ponty") for name in sys.modules), "calls": calls}))
"""


@functools.cache
def compiled() -> None:
    """Compile what the programs import, which counts where it has not been before."""
    for kind in ("hello", "two types"):
        subprocess.run([sys.executable, "-c", KINDS[kind]], check=True)


@functools.cache
def measure(kind: str) -> dict[str, int]:
    """Count the start of one program."""
    compiled()
    counted = [sys.executable, "-c", COUNTED, KINDS[kind]]
    printed = subprocess.run(counted, check=True, capture_output=True, text=True).stdout
    figures: dict[str, int] = json.loads(printed)
    return figures


@pytest.mark.parametrize("kind", KINDS)
def test_a_start_costs_no_more_than_it_did(kind):
    """Within a tenth; how to renew the figures stands in CONTRIBUTING.md."""
    kept = json.loads(FIGURES.read_text())
    assert PYTHON in kept, f"no figures are kept for Python {PYTHON}: run this file as a program with it"
    allowed = {name: int(count * 1.1) for name, count in kept[PYTHON][kind].items()}
    cost = measure(kind)
    assert all(0 < cost[name] <= allowed[name] for name in allowed), f"{kind}: {cost} exceeds {allowed}"


def test_each_type_costs_the_same():
    """Nothing is looked through once more for each: eighteen more types are eighteen times as many calls as one."""
    two, twenty = measure("two types")["calls"], measure("twenty types")["calls"]
    each = (twenty - two) / 18
    assert 0 < each < 900


if __name__ == "__main__":
    known = json.loads(FIGURES.read_text()) if FIGURES.exists() else {}
    known[PYTHON] = {kind: measure(kind) for kind in KINDS}
    FIGURES.write_text(json.dumps(dict(sorted(known.items())), indent=2) + "\n")
