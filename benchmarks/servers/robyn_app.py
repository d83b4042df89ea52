"""Robyn as its documentation teaches: parameters by annotation, bodies as pydantic models."""

import sys
import time
from typing import Annotated

from async_lru import alru_cache
from pydantic import BaseModel, ConfigDict, Field
from robyn import Response, Robyn

app = Robyn(__file__)


def envelop(data: object, start: float) -> dict[str, object]:
    elapsed = int((time.perf_counter() - start) * 1000)
    return {"data": data, "elapsed": elapsed, "now": int(time.time() * 1000)}


def bad(reason: str) -> Response:
    return Response(400, {"Content-Type": "text/plain"}, reason)


@app.get("/hello/:name")
async def hello(name: str) -> dict[str, object]:
    return envelop({"greeting": f"hello {name}!"}, time.perf_counter())


@app.get("/search")
async def search(term: str, limit: int = 10, sort: str = "name") -> dict[str, object] | Response:
    start = time.perf_counter()
    if limit < 0:
        return bad("limit must be a non-negative integer")
    if sort not in {"name", "date"}:
        return bad("sort must be name or date")
    return envelop({"term": term, "limit": limit, "sort": sort}, start)


class Closed(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Address(Closed):
    street: str
    city: str
    code: str


class Person(Closed):
    name: str
    age: Annotated[int, Field(ge=0)]
    tags: list[str]
    address: Address


class Options(Closed):
    colour: str
    size: str


class Line(Closed):
    sku: str
    quantity: Annotated[int, Field(ge=1)]
    price: float
    options: Options
    tags: list[str]


class Order(Closed):
    number: int
    customer: Person
    lines: list[Line]


@app.post("/people")
async def add_person(person: Person) -> dict[str, object]:
    return envelop({"name": person.name, "age": person.age, "city": person.address.city}, time.perf_counter())


@app.post("/orders")
async def add_order(order: Order) -> dict[str, object]:
    start = time.perf_counter()
    return envelop({"lines": len(order.lines), "pieces": sum(line.quantity for line in order.lines)}, start)


@alru_cache(maxsize=128)
async def rows(kind: str) -> list[dict[str, object]]:
    return [{"id": number, "kind": kind} for number in range(20)]


@app.get("/report/:kind")
async def report(kind: str) -> dict[str, object]:
    start = time.perf_counter()
    return envelop(await rows(kind), start)


if __name__ == "__main__":
    app.config.log_level = "WARN"
    app.start(host="127.0.0.1", port=int(sys.argv[1]))
