"""aiohttp-apischema: aiohttp's handlers, their query and body validated by Pydantic; on uvloop."""

import sys
import time
from typing import Annotated, Literal, NotRequired

import uvloop
from aiohttp import web
from aiohttp_apischema import APIResponse, SchemaGenerator
from async_lru import alru_cache
from pydantic import BaseModel, Field
from typing_extensions import TypedDict

generator = SchemaGenerator()


def envelop(data: object, start: float) -> dict[str, object]:
    elapsed = int((time.perf_counter() - start) * 1000)
    return {"data": data, "elapsed": elapsed, "now": int(time.time() * 1000)}


@generator.api()
async def hello(request: web.Request) -> APIResponse[dict[str, object], Literal[200]]:
    start = time.perf_counter()
    return APIResponse(envelop({"greeting": f"hello {request.match_info['name']}!"}, start))


class Search(TypedDict):
    term: str
    limit: NotRequired[int]  # no bounds are enforced in a query
    sort: NotRequired[Literal["name", "date"]]


@generator.api()
async def search(request: web.Request, *, query: Search) -> APIResponse[dict[str, object], Literal[200]]:
    start = time.perf_counter()
    if query.get("limit", 10) < 0:
        raise web.HTTPBadRequest(text="limit must not be negative")
    data = {"term": query["term"], "limit": query.get("limit", 10), "sort": query.get("sort", "name")}
    return APIResponse(envelop(data, start))


class Address(BaseModel):
    street: str
    city: str
    code: str


class Person(BaseModel):
    name: str
    age: Annotated[int, Field(ge=0)]
    tags: list[str]
    address: Address


@generator.api()
async def add_person(request: web.Request, body: Person) -> APIResponse[dict[str, object], Literal[200]]:
    start = time.perf_counter()
    return APIResponse(envelop({"name": body.name, "age": body.age, "city": body.address.city}, start))


class Options(BaseModel):
    colour: str
    size: str


class Line(BaseModel):
    sku: str
    quantity: Annotated[int, Field(ge=1)]
    price: float
    options: Options
    tags: list[str]


class Order(BaseModel):
    number: int
    customer: Person
    lines: list[Line]


@generator.api()
async def add_order(request: web.Request, body: Order) -> APIResponse[dict[str, object], Literal[200]]:
    start = time.perf_counter()
    pieces = sum(line.quantity for line in body.lines)
    return APIResponse(envelop({"lines": len(body.lines), "pieces": pieces}, start))


@alru_cache(maxsize=128)
async def rows(kind: str) -> list[dict[str, object]]:
    return [{"id": number, "kind": kind} for number in range(20)]


@generator.api()
async def report(request: web.Request) -> APIResponse[dict[str, object], Literal[200]]:
    start = time.perf_counter()
    return APIResponse(envelop(await rows(request.match_info["kind"]), start))


if __name__ == "__main__":
    app = web.Application()
    generator.setup(app)
    app.router.add_get(r"/hello/{name:\w+}", hello)
    app.router.add_get("/search", search)
    app.router.add_post("/people", add_person)
    app.router.add_post("/orders", add_order)
    app.router.add_get(r"/report/{kind:\w+}", report)
    web.run_app(app, host="127.0.0.1", port=int(sys.argv[1]), loop=uvloop.new_event_loop())
