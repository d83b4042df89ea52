"""Sanic on its own server, with the validation of Sanic Extensions on Pydantic's models."""

import sys
import time
from typing import Annotated, Literal

from async_lru import alru_cache
from pydantic import BaseModel, Field
from sanic import HTTPResponse, Request, Sanic, json
from sanic_ext import validate

app = Sanic("benchmark")


def answer(data: object, start: float) -> HTTPResponse:
    elapsed = int((time.perf_counter() - start) * 1000)
    return json({"data": data, "elapsed": elapsed, "now": int(time.time() * 1000)})


@app.get(r"/hello/<name:\w+>")
async def hello(request: Request, name: str) -> HTTPResponse:
    start = time.perf_counter()
    return answer({"greeting": f"hello {name}!"}, start)


class Search(BaseModel):
    term: str
    limit: Annotated[int, Field(ge=0)] = 10
    sort: Literal["name", "date"] = "name"


@app.get("/search")
@validate(query=Search)
async def search(request: Request, query: Search) -> HTTPResponse:
    start = time.perf_counter()
    return answer({"term": query.term, "limit": query.limit, "sort": query.sort}, start)


class Address(BaseModel):
    street: str
    city: str
    code: str


class Person(BaseModel):
    name: str
    age: Annotated[int, Field(ge=0)]
    tags: list[str]
    address: Address


@app.post("/people")
@validate(json=Person)
async def add_person(request: Request, body: Person) -> HTTPResponse:
    start = time.perf_counter()
    return answer({"name": body.name, "age": body.age, "city": body.address.city}, start)


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


@app.post("/orders")
@validate(json=Order)
async def add_order(request: Request, body: Order) -> HTTPResponse:
    start = time.perf_counter()
    return answer({"lines": len(body.lines), "pieces": sum(line.quantity for line in body.lines)}, start)


@alru_cache(maxsize=128)
async def rows(kind: str) -> list[dict[str, object]]:
    return [{"id": number, "kind": kind} for number in range(20)]


@app.get(r"/report/<kind:\w+>")
async def report(request: Request, kind: str) -> HTTPResponse:
    start = time.perf_counter()
    return answer(await rows(kind), start)


if __name__ == "__main__":
    app.run(host="127.0.0.1", port=int(sys.argv[1]), single_process=True, access_log=False, motd=False)
