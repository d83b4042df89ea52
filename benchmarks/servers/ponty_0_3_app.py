"""The release 0.3.9 of ponty, an older line, as its documentation teaches; on uvloop with the argument `uvloop`.

Nested dataclasses stay mappings in that release, and its `startmeup` listens on every address of the machine, so this
file runs the application by what `startmeup` calls.
"""

import asyncio
import dataclasses
import sys
import typing

from aiohttp import web

from ponty import (
    Annotation,
    ParsedJsonBody,
    PosIntQueryParameter,
    Request,
    StringQueryParameter,
    StringRouteParameter,
    expect,
    get,
    post,
    render_json,
)
from ponty.http.routes import mount_routes
from ponty.memo import localcache


class HelloReq(Request):
    name = StringRouteParameter()


@get(f"/hello/{HelloReq.name}")
@expect(HelloReq)
@render_json
async def hello(name: str) -> dict[str, str]:
    return {"greeting": f"hello {name}!"}


class SearchReq(Request):
    term = StringQueryParameter(required=True)
    limit = PosIntQueryParameter(default=10)
    sort = StringQueryParameter(default="name", values=("name", "date"))


@get("/search")
@expect(SearchReq)
@render_json
async def search(term: str, limit: int, sort: str) -> dict[str, object]:
    return {"term": term, "limit": limit, "sort": sort}


@dataclasses.dataclass
class Address:
    street: str
    city: str
    code: str


@dataclasses.dataclass
class Person:
    name: str
    age: typing.Annotated[int, Annotation(minimum=0)]
    tags: list[str]
    address: Address  # arrives as a dict


class NewPerson(Request):
    person = ParsedJsonBody(Person)


@post("/people")
@expect(NewPerson, mimetype="application/json")
@render_json
async def add_person(person: Person) -> dict[str, object]:
    return {"name": person.name, "age": person.age, "city": person.address["city"]}


@dataclasses.dataclass
class Options:
    colour: str
    size: str


@dataclasses.dataclass
class Line:
    sku: str
    quantity: typing.Annotated[int, Annotation(minimum=1)]
    price: float
    options: Options
    tags: list[str]


@dataclasses.dataclass
class Order:
    number: int
    customer: Person
    lines: list[Line]  # arrive as dicts


class NewOrder(Request):
    order = ParsedJsonBody(Order)


@post("/orders")
@expect(NewOrder, mimetype="application/json")
@render_json
async def add_order(order: Order) -> dict[str, int]:
    return {"lines": len(order.lines), "pieces": sum(line["quantity"] for line in order.lines)}


@localcache(maxsize=128)
async def rows(kind: str) -> list[dict[str, object]]:
    return [{"id": number, "kind": kind} for number in range(20)]


class ReportReq(Request):
    kind = StringRouteParameter()


@get(f"/report/{ReportReq.kind}")
@expect(ReportReq)
@render_json
async def report(kind: str) -> list[dict[str, object]]:
    return await rows(kind)


if __name__ == "__main__":
    if sys.argv[2:] == ["uvloop"]:
        import uvloop

        asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())
    app = web.Application()
    mount_routes(app)
    web.run_app(app, host="127.0.0.1", port=int(sys.argv[1]))
