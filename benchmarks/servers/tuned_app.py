"""aiohttp tuned by hand: typed decoders and encoders of msgspec made once, bytes to bytes; on uvloop."""

import sys
import time
from typing import Annotated, Any

import msgspec
import uvloop
from aiohttp import web
from async_lru import alru_cache

routes = web.RouteTableDef()


class Envelope(msgspec.Struct, gc=False):
    data: object
    elapsed: int
    now: int


HEADERS = {"Content-Type": "application/json; charset=utf-8"}
encode = msgspec.json.Encoder().encode


def answer(data: object, start: int) -> web.Response:
    elapsed = (time.perf_counter_ns() - start) // 1_000_000
    return web.Response(body=encode(Envelope(data, elapsed, time.time_ns() // 1_000_000)), headers=HEADERS)


def bad(reason: str) -> web.HTTPBadRequest:
    return web.HTTPBadRequest(body=encode({"detail": reason}), content_type="application/json")


@routes.get(r"/hello/{name:\w+}")
async def hello(request: web.Request) -> web.Response:
    start = time.perf_counter_ns()
    return answer({"greeting": f"hello {request.match_info['name']}!"}, start)


@routes.get("/search")
async def search(request: web.Request) -> web.Response:
    start = time.perf_counter_ns()
    query = request.rel_url.query
    term = query.get("term")
    if term is None:
        raise bad("term is required")
    limit = query.get("limit", "10")
    if not (limit.isascii() and limit.isdigit()):
        raise bad("limit must be a non-negative integer")
    sort = query.get("sort", "name")
    if sort not in {"name", "date"}:
        raise bad("sort must be name or date")
    return answer({"term": term, "limit": int(limit), "sort": sort}, start)


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


async def read(request: web.Request, decoder: msgspec.json.Decoder[Any]) -> Any:
    if request.content_type != "application/json":
        raise web.HTTPUnsupportedMediaType
    try:
        return decoder.decode(await request.read())
    except msgspec.DecodeError as error:
        raise bad(str(error)) from None


decode_person = msgspec.json.Decoder(Person)
decode_order = msgspec.json.Decoder(Order)


@routes.post("/people")
async def add_person(request: web.Request) -> web.Response:
    person = await read(request, decode_person)
    start = time.perf_counter_ns()
    return answer({"name": person.name, "age": person.age, "city": person.address.city}, start)


@routes.post("/orders")
async def add_order(request: web.Request) -> web.Response:
    order = await read(request, decode_order)
    start = time.perf_counter_ns()
    return answer({"lines": len(order.lines), "pieces": sum(line.quantity for line in order.lines)}, start)


@alru_cache(maxsize=128)
async def rows(kind: str) -> list[dict[str, object]]:
    return [{"id": number, "kind": kind} for number in range(20)]


@routes.get(r"/report/{kind:\w+}")
async def report(request: web.Request) -> web.Response:
    start = time.perf_counter_ns()
    return answer(await rows(request.match_info["kind"]), start)


if __name__ == "__main__":
    app = web.Application()
    app.add_routes(routes)
    web.run_app(app, host="127.0.0.1", port=int(sys.argv[1]), loop=uvloop.new_event_loop(), access_log=None)
