"""The floor: uvloop, httptools and msgspec without a framework, and with no more of HTTP than the cases need.

No limits, no timeouts, no errors but 400 and 404. It shows what the parts cost that one cannot do without.
"""

import asyncio
import sys
import time
from collections.abc import Callable
from typing import Annotated, Any
from urllib.parse import parse_qsl, unquote

import httptools
import msgspec
import uvloop


class Envelope(msgspec.Struct, gc=False):
    data: object
    elapsed: int
    now: int


class Address(msgspec.Struct, forbid_unknown_fields=True):
    street: str
    city: str
    code: str


class Person(msgspec.Struct, forbid_unknown_fields=True):
    name: str
    age: Annotated[int, msgspec.Meta(ge=0)]
    tags: list[str]
    address: Address


class Options(msgspec.Struct, forbid_unknown_fields=True):
    colour: str
    size: str


class Line(msgspec.Struct, forbid_unknown_fields=True):
    sku: str
    quantity: Annotated[int, msgspec.Meta(ge=1)]
    price: float
    options: Options
    tags: list[str]


class Order(msgspec.Struct, forbid_unknown_fields=True):
    number: int
    customer: Person
    lines: list[Line]


encode = msgspec.json.Encoder().encode
decode_person = msgspec.json.Decoder(Person).decode
decode_order = msgspec.json.Decoder(Order).decode


class RefusedError(Exception):
    """A request that is answered with a 400."""


def hello(name: str, query: str, body: bytes) -> object:
    return {"greeting": f"hello {name}!"}


def search(name: str, query: str, body: bytes) -> object:
    given = dict(parse_qsl(query))
    limit, sort = given.get("limit", "10"), given.get("sort", "name")
    if "term" not in given or not (limit.isascii() and limit.isdigit()) or sort not in {"name", "date"}:
        raise RefusedError
    return {"term": given["term"], "limit": int(limit), "sort": sort}


def add_person(name: str, query: str, body: bytes) -> object:
    person = decode_person(body)
    return {"name": person.name, "age": person.age, "city": person.address.city}


def add_order(name: str, query: str, body: bytes) -> object:
    lines = decode_order(body).lines
    return {"lines": len(lines), "pieces": sum(line.quantity for line in lines)}


REPORTS: dict[str, object] = {}


def report(name: str, query: str, body: bytes) -> object:
    if name not in REPORTS:
        REPORTS[name] = [{"id": number, "kind": name} for number in range(20)]
    return REPORTS[name]


ROUTES: dict[tuple[bytes, str], Callable[[str, str, bytes], object]] = {
    (b"GET", "hello"): hello,
    (b"GET", "search"): search,
    (b"POST", "people"): add_person,
    (b"POST", "orders"): add_order,
    (b"GET", "report"): report,
}


def answer(method: bytes, url: bytes, body: bytes) -> tuple[bytes, bytes]:
    """Return the status line and the body of an answer."""
    start = time.perf_counter_ns()
    path, _, query = url.decode().partition("?")
    first, _, rest = path[1:].partition("/")
    handler = ROUTES.get((method, first))
    if handler is None:
        return b"404 Not Found", b"{}"
    try:
        data = handler(unquote(rest), query, body)
    except (RefusedError, msgspec.DecodeError):
        return b"400 Bad Request", b"{}"
    elapsed = (time.perf_counter_ns() - start) // 1_000_000
    return b"200 OK", encode(Envelope(data, elapsed, time.time_ns() // 1_000_000))


class Connection(asyncio.Protocol):
    """One connection; httptools calls its methods named `on_`."""

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        self.parser = httptools.HttpRequestParser(self)

    def data_received(self, data: bytes) -> None:
        self.parser.feed_data(data)

    def on_message_begin(self) -> None:
        self.url = self.body = b""

    def on_url(self, url: bytes) -> None:
        self.url += url

    def on_body(self, body: bytes) -> None:
        self.body += body

    def on_message_complete(self) -> None:
        status, body = answer(self.parser.get_method(), self.url, self.body)
        self.transport.write(
            b"HTTP/1.1 %b\r\nContent-Type: application/json; charset=utf-8\r\nContent-Length: %d\r\n\r\n%b"
            % (status, len(body), body)
        )


async def serve(port: int) -> None:
    server = await asyncio.get_running_loop().create_server(Connection, "127.0.0.1", port)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(serve(int(sys.argv[1])))
