"""What a program costs before it serves, and while it only waits: `hatch run bench:start`, or with a number of rounds.

Both servers of *hello* start in turns, answer one request and stop. Compared is the processor time of the whole
process, as the median of the ratios of one round. Then each answers a thousand requests, and its memory is looked at:
what it has for itself alone (USS) and with its part of what it shares (PSS). At last, a program of 500 routes, each
with a body and an answer of a dataclass of its own with twelve fields, is imported and built.
"""

import asyncio
import gc
import os
import pathlib
import resource
import statistics
import subprocess
import sys
import tempfile
import time

PONTY = """
from ponty import Request, RouteParameter, expect, get, render_json

class HelloReq(Request):
    name = RouteParameter(str)

@get(f"/hello/{HelloReq.name}")
@expect(HelloReq)
@render_json
async def hello(name: str) -> str:
    return f"hello {name}"

def serve(port):
    from ponty import startmeup
    startmeup(port=port)
"""
BY_HAND = """
import time
import uvloop
from aiohttp import web

async def hello(request):
    start = time.perf_counter()
    data = f"hello {request.match_info['name']}"
    elapsed = int((time.perf_counter() - start) * 1000)
    return web.json_response({"data": data, "elapsed": elapsed, "now": int(time.time() * 1000)})

def serve(port):
    app = web.Application()
    app.router.add_get("/hello/{name}", hello)
    web.run_app(app, host="127.0.0.1", port=port, loop=uvloop.new_event_loop(), print=None)
"""
ASKED = b"GET /hello/ann HTTP/1.1\r\nHost: localhost\r\n\r\n"
MANY = 500


def main(rounds: int) -> None:
    """Measure all of it."""
    with tempfile.TemporaryDirectory() as directory:
        scripts = {"ponty": PONTY, "aiohttp": BY_HAND}
        for name, text in scripts.items():
            pathlib.Path(directory, f"{name}_hello.py").write_text(text, encoding="utf-8")
        found: dict[str, list[dict[str, float]]] = {name: [] for name in scripts}
        for number in range(-1, rounds):  # the first start compiles what is compiled once
            for name, taken in found.items():
                measured = {"start": _start(directory, name, 1)["cpu"], **_start(directory, name, 1000)}
                if number >= 0:
                    taken.append(measured)
        print(f"of {rounds} rounds, Ponty's over those of aiohttp by hand:")
        for what, target in (("start", 1.05), ("uss", 1.1), ("pss", 1.1)):
            pairs = [(ours[what], theirs[what]) for ours, theirs in zip(found["ponty"], found["aiohttp"], strict=True)]
            ratio = statistics.median(ours / theirs for ours, theirs in pairs)
            least = min(ours for ours, _ in pairs) / min(theirs for _, theirs in pairs)
            values = [statistics.median(values) for values in zip(*pairs, strict=True)]
            unit = "ms of CPU" if what == "start" else "MB"
            told = f"at most {target}; of the least {least:.2f}"
            print(f"  {what:6} {ratio:5.2f} ({told})  {values[0]:6.1f} {values[1]:6.1f} {unit}")
        program()


def _start(directory: str, name: str, requests: int) -> dict[str, float]:
    """Start a server, ask it, look at its memory and stop it."""
    code = f"import sys; sys.path.insert(0, {directory!r}); import {name}_hello as app; app.serve({_PORT})"
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    with subprocess.Popen([sys.executable, "-c", code], env=environment, **quiet) as process:
        try:
            asyncio.run(_ask(requests))
            memory = _memory(process.pid)
        finally:
            process.terminate()
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            process.wait(30)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {"cpu": spent * 1e3, **memory}


_PORT = 8791


async def _ask(requests: int) -> None:
    deadline = time.monotonic() + 60
    while True:
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", _PORT)
            break
        except OSError:
            if time.monotonic() > deadline:
                raise
            await asyncio.sleep(0.02)
    for _ in range(requests):
        writer.write(ASKED)
        head = await reader.readuntil(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 200"):
            raise RuntimeError(f"hello was answered with {head!r}")
        size = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
        await reader.readexactly(int(size.split(b":")[1]))
    writer.close()


def _memory(pid: int) -> dict[str, float]:
    lines = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="utf-8").splitlines()[1:]
    sizes = {line.split(":")[0]: int(line.split()[1]) / 1e3 for line in lines}
    return {"uss": sizes["Private_Clean"] + sizes["Private_Dirty"], "pss": sizes["Pss"]}


def program(routes: int = MANY) -> None:
    """Import and build a program of many routes and types."""
    kinds = ("int", "str", "list[str]", "float | None", "bool", "dict[str, int]")
    fields = "\n".join(f"    field_{number}: {kinds[number % len(kinds)]}" for number in range(12))
    parts = ["import dataclasses", "from ponty import ParsedJsonBody, Request, expect, post, render_json"]
    parts += [
        f"""
@dataclasses.dataclass
class Item{number}:
{fields}

class Req{number}(Request):
    item = ParsedJsonBody(Item{number})

@post("/items{number}")
@expect(Req{number})
@render_json
async def handler{number}(item: Item{number}) -> Item{number}:
    return item
"""
        for number in range(routes)
    ]
    text = "\n".join(parts)
    code = compile(text, "many.py", "exec", dont_inherit=True)
    declared = "\n".join(f"@dataclasses.dataclass\nclass Item{number}:\n{fields}" for number in range(routes))
    alone = compile(f"import dataclasses\n{declared}", "alone.py", "exec", dont_inherit=True)
    from ponty import ParsedJsonBody, build_app, expect, post, render_json  # noqa: PLC0415 - imports are not measured here

    assert all((ParsedJsonBody, expect, post, render_json))
    began = time.process_time()
    exec(alone, {"__name__": "alone"})
    dataclasses_alone = time.process_time() - began
    gc.collect()
    began = time.process_time()
    sys.modules["many"] = type(sys)("many")
    exec(code, vars(sys.modules["many"]))
    build_app().freeze()
    took = time.process_time() - began
    print(f"{routes} routes and types: {took:.2f} s of CPU (at most 1), the dataclasses alone {dataclasses_alone:.2f}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 9)
