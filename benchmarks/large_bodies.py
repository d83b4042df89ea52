"""Large bodies and answers beside aiohttp tuned by hand, inside of one process.

Requests go as bytes into aiohttp's protocol, over a transport that keeps what is written. Both sides take turns, by the
processor's time, and printed is the median of the ratios. By hand, msgspec decodes and encodes, with the same classes.

Run it as a program, with the number of rounds as its argument.
"""

import asyncio
import dataclasses
import gc
import statistics
import sys
import time
from typing import Annotated, Any

import msgspec
from aiohttp import web

from benchmarks.cases import order
from benchmarks.middlewares import Transport
from ponty.core import Routes, build_app, render_json
from ponty.request import ParsedJsonBody, Request, expect

LIMIT = 64 * 1024**2
HEADERS = {"Content-Type": "application/json; charset=utf-8"}
LINES = {"100 KB": 880, "1 MB": 8800}
BOUNDS = {"dataclasses": 0.9, "Structs": 0.95}


@dataclasses.dataclass
class Options:
    colour: str
    size: str


@dataclasses.dataclass
class Line:
    sku: str
    quantity: Annotated[int, msgspec.Meta(ge=1)]
    price: float
    options: Options
    tags: list[str]


class StructOptions(msgspec.Struct, forbid_unknown_fields=True):
    colour: str
    size: str


class StructLine(msgspec.Struct, forbid_unknown_fields=True):
    sku: str
    quantity: Annotated[int, msgspec.Meta(ge=1)]
    price: float
    options: StructOptions
    tags: list[str]


class Envelope(msgspec.Struct, gc=False):
    data: object
    elapsed: int
    now: int


encode = msgspec.json.Encoder().encode


def by_hand(data: object) -> web.Response:
    return web.Response(body=encode(Envelope(data, 0, time.time_ns() // 1_000_000)), headers=HEADERS)


def applications(line: Any) -> tuple[web.Application, web.Application]:
    """Make both of the applications that take lines and answer with a thousand of them."""
    decoder = msgspec.json.Decoder(list[line])
    rows = decoder.decode(lines(1000))
    table, hand = Routes(), web.Application(client_max_size=LIMIT)

    class NewLines(Request):
        lines = ParsedJsonBody(list[line])

    @table.post("/lines")
    @expect(NewLines, mimetype="application/json")
    @render_json
    async def add(lines: list[Any]) -> int:
        return len(lines)

    @table.get("/lines")
    @render_json
    async def show(_: web.Request) -> list[line]:
        return rows

    async def add_by_hand(request: web.Request) -> web.Response:
        if request.content_type != "application/json":
            raise web.HTTPUnsupportedMediaType
        return by_hand(len(decoder.decode(await request.read())))

    async def show_by_hand(_: web.Request) -> web.Response:
        return by_hand(rows)

    hand.router.add_post("/lines", add_by_hand)
    hand.router.add_get("/lines", show_by_hand)
    return build_app(routes=[table], client_max_size=LIMIT), hand


def lines(count: int) -> bytes:
    """Encode so many lines of an order."""
    body = order(count).body
    assert body is not None
    return msgspec.json.encode(msgspec.json.decode(body)["lines"])


def post(path: str, body: bytes) -> bytes:
    head = f"POST {path} HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


class Server:
    """An application that is asked without a socket."""

    def __init__(self, app: web.Application) -> None:
        self._runner = web.AppRunner(app, access_log=None)

    async def start(self) -> "Server":
        await self._runner.setup()
        assert self._runner.server is not None
        self._protocol, self._transport = self._runner.server(), Transport()
        self._protocol.connection_made(self._transport)
        return self

    @property
    def last(self) -> bytes:
        """What was written last."""
        return self._transport.last

    async def seconds(self, request: bytes, status: int, times: int) -> float:
        """Ask so many times, and return the seconds of the processor that it took."""
        start = time.process_time()
        for _ in range(times):
            before = self._transport.written
            self._protocol.data_received(request)
            while self._transport.written == before:  # noqa: ASYNC110 - the least there is to wait by
                await asyncio.sleep(0)
        taken = time.process_time() - start
        assert self._transport.last.startswith(b"HTTP/1.1 %d" % status), self._transport.last
        return taken


async def ratio(one: tuple[Server, bytes, int], other: tuple[Server, bytes, int], rounds: int, times: int) -> float:
    """Return how many answers of the one a core makes in the time of one of the other."""
    found = []
    for number in range(rounds):
        gc.collect()
        taken = {}
        for index in (0, 1) if number % 2 else (1, 0):
            server, request, status = (one, other)[index]
            taken[index] = await server.seconds(request, status, times)
        found.append(taken[1] / taken[0])
    return statistics.median(found)


async def measure(rounds: int) -> None:
    """Print all ratios, and what they are to be."""
    for kind, line in (("dataclasses", Line), ("Structs", StructLine)):
        ours, theirs = [await Server(app).start() for app in applications(line)]
        asked = {f"{size} into {kind}": post("/lines", lines(count)) for size, count in LINES.items()}
        asked[f"1,000 rows of {kind}"] = b"GET /lines HTTP/1.1\r\nHost: a\r\n\r\n"
        for what, request in asked.items():
            value = await ratio((ours, request, 200), (theirs, request, 200), rounds, 1 if "MB" in what else 6)
            print(f"{what:28} {value:.2f} of aiohttp by hand; to be {BOUNDS[kind]}")


if __name__ == "__main__":
    asyncio.run(measure(int(sys.argv[1]) if len(sys.argv) > 1 else 31))
