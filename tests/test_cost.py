"""What a request costs in Ponty's own code does not grow unnoticed.

Counted are the bytecode instructions that run in Ponty's own frames, and how often such a frame is entered, for one
request of each kind, until its answer is written. Such counts are the same on every machine, busy or not, and with
every version of aiohttp.

Run as a program, this file renews the figures of the Python that runs it.
"""

import asyncio
import contextlib
import json
import pathlib
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from types import FrameType
from typing import Annotated, Any
from unittest import mock

import pytest
from aiohttp import StreamReader, web
from aiohttp.http import StreamWriter
from aiohttp.test_utils import make_mocked_request

from ponty.core import Routes, build_app, render_json
from ponty.request import (
    Annotation,
    ParsedJsonBody,
    PosIntQueryParameter,
    QueryParameter,
    Request,
    StringQueryParameter,
    StringRouteParameter,
    expect,
)

FIGURES = pathlib.Path(__file__).with_name("costs.json")
PYTHON = "{}.{}".format(*sys.version_info)


@dataclass
class Address:
    street: str
    zip: Annotated[str, Annotation(maxLength=10)]


@dataclass
class Person:
    name: Annotated[str, Annotation(minLength=1)]
    age: Annotated[int, Annotation(minimum=0)]
    email: str
    tags: list[str]
    address: Address


@dataclass
class Line:
    sku: str
    quantity: Annotated[int, Annotation(minimum=1)]
    tags: list[str]


@dataclass
class Order:
    number: int
    lines: list[Line]


class HelloReq(Request):
    name = StringRouteParameter()


class SearchReq(Request):
    q = StringQueryParameter(required=True)
    page = PosIntQueryParameter(default=1)
    sort = StringQueryParameter(default="asc", values=("asc", "desc"))


class PersonReq(Request):
    person = ParsedJsonBody(Person)


class OrderReq(Request):
    order = ParsedJsonBody(Order)


@expect(HelloReq)
@render_json
async def hello(name: str) -> str:
    return name


@expect(SearchReq)
@render_json
async def search(q: str, page: int, sort: str) -> list[object]:
    return [q, page, sort]


@expect(PersonReq)
@render_json
async def people(person: Person) -> str:
    return person.name


@expect(OrderReq)
@render_json
async def orders(order: Order) -> int:
    return len(order.lines)


@dataclass
class Row:
    number: int
    name: str
    tags: list[str]


ROWS = [Row(number, f"row {number}", ["a", "b"]) for number in range(1000)]


@render_json
async def rows(request: web.Request) -> list[Row]:
    return ROWS


@render_json(list[Row])
async def declared_rows(request: web.Request) -> list[Row]:
    return ROWS


GOOD = {"name": "Ann", "age": 33, "email": "", "tags": ["a", "b"], "address": {"street": "Main", "zip": "1"}}
TWO = GOOD | {"name": "", "age": -1}
LINES = {"number": 1, "lines": [{"sku": f"sku-{number}", "quantity": 2, "tags": ["new"]} for number in range(1000)]}
FIFTY = GOOD | {"tags": list(range(50))}

KINDS: dict[str, tuple[str, str, bytes, int]] = {
    "hello": ("GET", "/hello/ann", b"", 200),
    "search": ("GET", "/search?q=tea&page=2&sort=desc", b"", 200),
    "search, refused": ("GET", "/search?page=-2&sort=up", b"", 400),
    "body": ("POST", "/people", json.dumps(GOOD).encode(), 200),
    "body, truncated": ("POST", "/people", json.dumps(GOOD).encode()[:-9], 400),
    "body, two faults": ("POST", "/people", json.dumps(TWO).encode(), 400),
    "body, fifty faults": ("POST", "/people", json.dumps(FIFTY).encode(), 400),
    "body, thousand lines": ("POST", "/orders", json.dumps(LINES, separators=(",", ":")).encode(), 200),
    "thousand rows": ("GET", "/rows", b"", 200),
    "thousand rows, declared": ("GET", "/rows/declared", b"", 200),
    "no route": ("GET", "/nowhere", b"", 404),
    "no such method": ("PUT", "/search", b"", 405),
}


def built() -> web.Application:
    """Build the application under test, without touching the routes of others."""
    table = Routes()
    table.get(f"/hello/{HelloReq.name}")(hello)
    table.get("/search")(search)
    table.post("/people")(people)
    table.post("/orders")(orders)
    table.get("/rows")(rows)
    table.get("/rows/declared")(declared_rows)
    return build_app(routes=[table])


async def answer(app: web.Application, method: str, path: str, body: bytes, cost: "Cost | None" = None) -> int:
    """Answer one request as a server would, and count what that costs."""
    payload = StreamReader(mock.Mock(), 2**16, loop=asyncio.get_running_loop())
    payload.feed_data(body)
    payload.feed_eof()

    def request(**options: Any) -> web.Request:
        protocol = mock.Mock(_paused=False)
        protocol.transport.is_closing.return_value = False
        writer = StreamWriter(protocol, asyncio.get_running_loop())
        headers = {"Content-Type": "application/json"}
        return make_mocked_request(method, path, headers, payload=payload, writer=writer, app=app, **options)

    match = await app.router.resolve(request())
    arrived = request(match_info=dict(match))
    with cost.counted() if cost else contextlib.nullcontext():
        answered = await match.handler(arrived)
        await answered.prepare(arrived)
        await answered.write_eof()
    return answered.status


class Cost:
    """Counts, while its block runs, what Ponty's own frames do."""

    def __init__(self) -> None:
        self.instructions = 0
        self.calls = 0

    @contextlib.contextmanager
    def counted(self) -> Iterator[None]:
        before = sys.gettrace()
        sys.settrace(self._enter)
        try:
            yield
        finally:
            sys.settrace(before)

    def _enter(self, frame: FrameType, event: str, arg: object) -> Any:
        if not _is_own(frame):
            return None
        self.calls += 1
        frame.f_trace_opcodes = True
        frame.f_trace_lines = False
        return self._step

    def _step(self, frame: FrameType, event: str, arg: object) -> Any:
        self.instructions += event == "opcode"
        return self._step


def _is_own(frame: FrameType) -> bool:
    return str(frame.f_globals.get("__name__", "")).startswith("ponty.")


def measure(kind: str) -> dict[str, int]:
    """Count one request, after others have filled what is filled once."""
    method, path, body, status = KINDS[kind]

    async def run() -> dict[str, int]:
        app = built()
        app.freeze()
        for _ in range(20):
            assert await answer(app, method, path, body) == status
        costs = []
        for _ in range(5):
            cost = Cost()
            await answer(app, method, path, body, cost)
            costs.append((cost.instructions, cost.calls))
        # Some versions of Python count instructions from the second time on; and as a second passes, the date is new.
        instructions, calls = map(min, zip(*costs[1:], strict=True))
        return {"instructions": instructions, "calls": calls}

    return asyncio.run(run())


@pytest.mark.parametrize("kind", KINDS)
def test_a_request_costs_no_more_than_it_did(kind):
    """Within a tenth; how to renew the figures stands in CONTRIBUTING.md."""
    figures = json.loads(FIGURES.read_text())
    if PYTHON not in figures:
        pytest.skip(f"no figures are kept for Python {PYTHON}; each version has a bytecode of its own")
    allowed = {name: int(count * 1.1) for name, count in figures[PYTHON][kind].items()}
    cost = measure(kind)
    assert all(0 < cost[name] <= allowed[name] for name in allowed), f"{kind}: {cost} exceeds {allowed}"


def test_what_is_counted_grows_with_the_work():
    fewer, more = measure("body, two faults"), measure("body, fifty faults")
    assert fewer["instructions"] < more["instructions"]
    assert measure("body")["calls"] < fewer["calls"]


def cost_of_fields(number: int) -> int:
    """Count the instructions of a request with so many query parameters."""
    fields = {f"field_{n}": QueryParameter(int, required=True) for n in range(number)}
    cls = type("Many", (Request,), fields)

    @expect(cls, whole=True)
    @render_json
    async def add(r: Any) -> int:
        return sum(vars(r).values())

    async def run() -> int:
        table = Routes()
        table.get("/fields")(add)
        app = build_app(routes=[table])
        app.freeze()
        path = "/fields?" + "&".join(f"field_{n}={n}" for n in range(number))
        costs = []
        for _ in range(5):
            cost = Cost()
            assert await answer(app, "GET", path, b"", cost) == 200
            costs.append(cost.instructions)
        return min(costs[1:])

    return asyncio.run(run())


def test_a_field_costs_as_much_among_a_hundred_as_among_ten():
    ten, twenty, hundred = map(cost_of_fields, (10, 20, 100))
    assert 0 < (hundred - twenty) / 80 <= 1.05 * (twenty - ten) / 10


if __name__ == "__main__":
    kept = json.loads(FIGURES.read_text()) if FIGURES.exists() else {}
    kept[PYTHON] = {kind: measure(kind) for kind in KINDS}
    FIGURES.write_text(json.dumps(dict(sorted(kept.items())), indent=2) + "\n")
