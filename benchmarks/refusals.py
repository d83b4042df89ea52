"""What a refused body costs beside a good one: the rates of refusals, as shares of the rate of good requests.

- *in process*: requests go as bytes into the protocol of Ponty's server, over a transport that keeps what is written.
- *over HTTP*: requests go over one connection to a program of its own, which tells its processor's time when asked.

Good and bad requests take turns, by the processor's time of what serves; printed is the median of the ratios.

Run it as a program, by `hatch run bench:refusals`, with the number of rounds as its argument.
"""

import asyncio
import gc
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable

from aiohttp import web

from benchmarks.bodies import GOOD, Person
from benchmarks.middlewares import UNHURRIED, Transport
from ponty.core import app_runner, build_app, get, post, render_json, startmeup
from ponty.request import ParsedJsonBody, Request, expect

BAD = {
    "truncated": json.dumps(GOOD).encode()[:-10],
    "two violations": json.dumps(GOOD | {"age": "old", "extra": 1}).encode(),
    "fifty violations": json.dumps(GOOD | {"tags": [1] * 60}).encode(),
}
BOUNDS = {"truncated": 0.9, "two violations": 0.8, "fifty violations": 0.6}
TIMES = {"in process": 100, "over HTTP": 200}
"""How many requests of a kind come before those of the other."""

Seconds = Callable[[bytes, int, int], Awaitable[float]]
"""Sends a request so many times, each to be answered with a status, and returns the seconds that answering took."""


class NewPerson(Request):
    person = ParsedJsonBody(Person)


@post("/people")
@expect(NewPerson, mimetype="application/json")
@render_json
async def add_person(person: Person) -> str:
    return person.name


def request_of(body: bytes) -> bytes:
    head = f"POST /people HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


async def in_process() -> Seconds:
    """Make what asks the protocol of a server."""
    runner = app_runner(build_app(), access_log=None, limits=UNHURRIED)
    await runner.setup()
    assert runner.server is not None
    protocol, transport = runner.server(), Transport()
    protocol.connection_made(transport)

    async def seconds(request: bytes, status: int, times: int) -> float:
        gc.collect()
        start = time.process_time()
        for _ in range(times):
            before = transport.written
            protocol.data_received(request)
            while transport.written == before:  # noqa: ASYNC110 - the least there is to wait by
                await asyncio.sleep(0)
        taken = time.process_time() - start
        assert transport.last.startswith(b"HTTP/1.1 %d" % status), transport.last
        return taken

    return seconds


@get("/processor")
@render_json
async def processor(request: web.Request) -> float:
    del request
    gc.collect()
    return time.process_time()


def over_http(port: int) -> Seconds:
    """Make what asks a server over a connection."""

    async def seconds(request: bytes, status: int, times: int) -> float:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)

        async def ask(request: bytes, status: int) -> bytes:
            writer.write(request)
            head = (await reader.readuntil(b"\r\n\r\n")).lower()
            assert head.startswith(b"http/1.1 %d" % status), head
            return await reader.readexactly(int(head.partition(b"content-length:")[2].partition(b"\r\n")[0]))

        async def processor() -> float:
            return float(json.loads(await ask(b"GET /processor HTTP/1.1\r\nHost: a\r\n\r\n", 200))["data"])

        start = await processor()
        for _ in range(times):
            await ask(request, status)
        taken = await processor() - start
        writer.close()
        await writer.wait_closed()
        return taken

    return seconds


async def ratio(seconds: Seconds, body: bytes, rounds: int, times: int) -> float:
    """Return how many of these bodies are refused in the time of one good request."""
    kinds = {True: (request_of(json.dumps(GOOD).encode()), 200, times), False: (request_of(body), 400, times)}
    found = []
    for number in range(rounds + 1):
        order = (True, False) if number % 2 else (False, True)
        taken = {is_good: await seconds(*kinds[is_good]) for is_good in order}
        found.append(taken[True] / taken[False])
    return statistics.median(found[1:])  # the first one warms up


async def measure(rounds: int) -> None:
    """Print all ratios, and what they are to be."""
    server = subprocess.Popen(  # noqa: ASYNC220 - nothing else runs yet
        [sys.executable, "-m", "benchmarks.refusals", "serve"], stdout=subprocess.PIPE
    )
    try:
        assert server.stdout is not None
        port = next(int(line.rpartition(b":")[2]) for line in server.stdout if b"http://" in line)
        for way, seconds in {"in process": await in_process(), "over HTTP": over_http(port)}.items():
            for name, bound in BOUNDS.items():
                value = await ratio(seconds, BAD[name], rounds, TIMES[way])
                print(f"{way}, {name:17} {value:.2f} of good ones; to be {bound}", flush=True)
    finally:
        server.terminate()
        server.wait()


if __name__ == "__main__":
    if sys.argv[1:] == ["serve"]:
        startmeup(port=0)
    else:
        asyncio.run(measure(int(sys.argv[1]) if len(sys.argv) > 1 else 41))
