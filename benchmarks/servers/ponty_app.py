"""Ponty, as its documentation teaches."""

import dataclasses
import sys
import typing

from ponty import (
    Annotation,
    ParsedJsonBody,
    PosIntQueryParameter,
    QueryParameter,
    Request,
    StringQueryParameter,
    StringRouteParameter,
    build_app,
    expect,
    get,
    post,
    render_json,
    startmeup,
)
from ponty.memo import localcache

__all__ = ["build_app"]  # for gunicorn


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
    sort = QueryParameter[str](default="name", cast_func=str, values=("name", "date"))


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
    address: Address


class NewPerson(Request):
    person = ParsedJsonBody(Person)


@post("/people")
@expect(NewPerson, mimetype="application/json")
@render_json
async def add_person(person: Person) -> dict[str, object]:
    return {"name": person.name, "age": person.age, "city": person.address.city}


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
    lines: list[Line]


class NewOrder(Request):
    order = ParsedJsonBody(Order)


@post("/orders")
@expect(NewOrder, mimetype="application/json")
@render_json
async def add_order(order: Order) -> dict[str, int]:
    return {"lines": len(order.lines), "pieces": sum(line.quantity for line in order.lines)}


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
    startmeup(port=int(sys.argv[1]))
