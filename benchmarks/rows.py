"""A thousand rows answered by Ponty, beside aiohttp tuned by hand, inside of one process.

Both sides have the same rows, and answer with the same status, headers and bytes, which is seen to first. They take
turns, as in `benchmarks.large_bodies`; printed is the median of the ratios of processor time. By hand, msgspec encodes
whatever the rows hold: what `render_json(returns=…)` leaves out would be sent.

Run it as a program, with the number of rounds as its argument.
"""

import asyncio
import dataclasses
import re
import sys
from typing import Any

import msgspec
from aiohttp import web

from benchmarks.large_bodies import HEADERS, Envelope, Line, Server, StructLine, encode, lines, ratio
from ponty.core import Routes, build_app, render_json

COUNT = 1000
BOUND = 0.95
GET = b"GET /rows HTTP/1.1\r\nHost: a\r\n\r\n"
# The date, the name of the server, and the times in the envelope.
_OF_THE_MOMENT = re.compile(rb'\r\n(?:Date|Server): [^\r]*|"elapsed":\d+,"now":\d+|Content-Length: \d+')


@dataclasses.dataclass(slots=True)
class SlotOptions:
    colour: str
    size: str


@dataclasses.dataclass(slots=True)
class SlotLine:
    sku: str
    quantity: int
    price: float
    options: SlotOptions
    tags: list[str]


@dataclasses.dataclass
class Flat:
    sku: str
    quantity: int
    price: float


@dataclasses.dataclass
class Order:
    number: int
    lines: list[Line]


DICTS = "dicts"
KINDS: dict[str, Any] = {
    "dataclasses": Line,
    "dataclasses with slots": SlotLine,
    "flat dataclasses": Flat,
    "Structs": StructLine,
    DICTS: dict[str, Any],
}
OURS: dict[str, dict[str, Any]] = {
    "": {},
    ", envelope=False": {"envelope": False},
    ", returns": {"returns": True},
}


def ponty(value: object, hint: Any, how: dict[str, Any]) -> web.Application:
    table = Routes()

    async def show(_: web.Request) -> object:
        return value

    show.__annotations__["return"] = hint
    options = how | ({"returns": hint} if "returns" in how else {})
    table.get("/rows")(render_json(**options)(show) if options else render_json(show))
    return build_app(routes=[table])


def by_hand(value: object, how: dict[str, Any]) -> web.Application:
    app = web.Application()

    async def show(_: web.Request) -> web.Response:
        whole = Envelope(value, 0, 0) if how.get("envelope", True) else value
        return web.Response(body=encode(whole), headers=HEADERS)

    app.router.add_get("/rows", show)
    return app


async def compare(name: str, value: object, hint: Any, how: dict[str, Any], rounds: int) -> None:
    """See that both answer alike, and print what Ponty's rate is of that by hand."""
    servers = [await Server(app).start() for app in (ponty(value, hint, how), by_hand(value, how))]
    heads, bodies = zip(*[await answer_of(server) for server in servers], strict=True)
    assert heads[0] == heads[1], heads
    assert bodies[0] == bodies[1]
    found = await ratio((servers[0], GET, 200), (servers[1], GET, 200), rounds, 6)
    print(f"{name:44} {found:.2f} of aiohttp by hand")


async def answer_of(server: Server) -> tuple[list[bytes], bytes]:
    """Return the lines of an answer's head, in order of the alphabet, and its body, but for what is of the moment."""
    await server.seconds(GET, 200, 1)
    head, _, body = _OF_THE_MOMENT.sub(b"", server.last).partition(b"\r\n\r\n")
    return sorted(head.split(b"\r\n")), body


async def measure(rounds: int) -> None:
    """Print all ratios."""
    print(f"{COUNT} rows of dataclasses and of Structs are to be {BOUND}")
    body = lines(COUNT)
    for kind, row in KINDS.items():
        value = msgspec.json.decode(body, type=list[row])
        for words, how in OURS.items():
            await compare(f"{COUNT} {kind}{words}", value, list[row], how, rounds)
    order = Order(1, msgspec.json.decode(body, type=list[Line]))
    await compare("one dataclass with all of them in it", order, Order, {}, rounds)


if __name__ == "__main__":
    asyncio.run(measure(int(sys.argv[1]) if len(sys.argv) > 1 else 31))
