"""What each imported module adds to the memory of a process: `hatch run bench:memory`.

Two programs of Ponty's are imported, and what does the same on aiohttp by hand: *hello*, and the one that the other
benchmarks serve. Each is run in a process of its own, in which the memory that this process alone has written is looked
at before and after each module; what it has only read of a library counts or not with who else has loaded that. A
module's own share is what those that it imports do not account for. Memory comes in pages and grows in steps, so that
one module may pay for what the next ones use: sums of folders say more than single modules. In the end, what the
modules of Ponty and msgspec hold is told by its kind.
"""

import collections
import json
import pathlib
import subprocess
import sys

from benchmarks.start import PONTY

SERVERS = pathlib.Path(__file__).parent / "servers"
BY_HAND = "import time\nimport uvloop\nfrom aiohttp import web\n"
BUILT = "\nfrom ponty import build_app, startmeup\nstartmeup.__name__\nbuild_app().freeze()\n"
PROGRAMS = {
    "hello": (BY_HAND, BY_HAND + PONTY + BUILT),
    "the servers' program": ((SERVERS / "aiohttp_app.py").read_text(), (SERVERS / "ponty_app.py").read_text() + BUILT),
}
WATCHED = """
import importlib.machinery, json, sys, types

def written(file=open("/proc/self/smaps_rollup", "rb", buffering=0)):
    file.seek(0)
    return sum(int(line.split()[1]) for line in file.read(4096).splitlines() if line.startswith(b"Private_Dirty"))

stack, own = [0], {}

def watched(load):
    def loading(self, what):
        before = written()
        stack.append(0)
        try:
            return load(self, what)
        finally:
            grown = written() - before
            name = getattr(what, "__name__", None) or what.name
            own[name] = own.get(name, 0) + grown - stack.pop()
            stack[-1] += grown
    return loading

for loader in (importlib.machinery.SourceFileLoader, importlib.machinery.ExtensionFileLoader):
    for step in ("create_module", "exec_module"):
        setattr(loader, step, watched(getattr(loader, step)))
written()
program = types.ModuleType("program")
sys.modules["program"] = program
exec(compile(sys.argv[1], "program", "exec", dont_inherit=True), vars(program))
whole = written()

import gc
kinds = {}

def weigh(module, kind, *things):
    if isinstance(module, str) and module.partition(".")[0] in {"ponty", "msgspec"}:
        kinds[kind] = kinds.get(kind, 0) + sum(map(sys.getsizeof, things))

def codes(code):
    yield code
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from codes(constant)

for thing in gc.get_objects():
    if isinstance(thing, types.FunctionType):
        weigh(thing.__module__, "functions", thing, thing.__annotations__)
        if thing.__doc__:
            weigh(thing.__module__, "docstrings", thing.__doc__)
        for code in codes(thing.__code__):
            parts = (code.co_linetable, code.co_consts, code.co_names, code.co_varnames)
            weigh(thing.__module__, "code", code, *parts)
    elif isinstance(thing, type):
        weigh(thing.__module__, "classes", thing, dict(vars(thing)))
        if isinstance(thing.__doc__, str):
            weigh(thing.__module__, "docstrings", thing.__doc__)
for name, module in sys.modules.items():
    weigh(name, "modules", vars(module), module.__doc__ or "")
print(json.dumps([whole, own, kinds]))
"""


def main() -> None:
    """Print both profiles."""
    for name, (by_hand, of_ponty) in PROGRAMS.items():
        base, theirs, _ = measured(by_hand)
        whole, ours, kinds = measured(of_ponty)
        print(f"{name}: {whole} kB over {base} kB by hand on aiohttp: {whole / base:.2f}")
        groups: collections.Counter[str] = collections.Counter()
        for module, grown in ours.items():
            if module not in theirs:
                groups[_group(module)] += grown
        for group, grown in groups.most_common():
            print(f"  {grown:6} kB  {group}")
        held = ", ".join(f"{kind} {size // 1024} kB" for kind, size in sorted(kinds.items(), key=lambda item: -item[1]))
        print(f"  what the modules of Ponty and msgspec hold: {held}")


def measured(program: str) -> tuple[int, dict[str, int], dict[str, int]]:
    """Run a program; the first run compiles what is compiled once."""
    command = [sys.executable, "-c", WATCHED, program]
    subprocess.run(command, check=True, capture_output=True)
    whole, own, kinds = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    return whole, own, kinds


def _group(module: str) -> str:
    first, *others = module.split(".")
    if first == "ponty":
        return ".".join(["ponty", *others[:2]])
    return first if first in {"msgspec", "jsonschema_rs"} else "the standard library and others"


if __name__ == "__main__":
    main()
