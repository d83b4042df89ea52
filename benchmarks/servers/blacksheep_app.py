"""BlackSheep on uvicorn, with Pydantic's models for bodies and its binders for the rest."""

import re
import sys
import time
from typing import Annotated

import uvicorn
from async_lru import alru_cache
from blacksheep import Application, FromJSON, FromQuery, Response, get, json, post
from blacksheep.exceptions import BadRequest
from pydantic import BaseModel, Field

app = Application()
WORD = re.compile(r"\w+")


def answer(data: object, start: float) -> Response:
    elapsed = int((time.perf_counter() - start) * 1000)
    return json({"data": data, "elapsed": elapsed, "now": int(time.time() * 1000)})


@get("/hello/{name}")
async def hello(name: str) -> Response:
    start = time.perf_counter()
    if not WORD.fullmatch(name):
        raise BadRequest("the name is no word")
    return answer({"greeting": f"hello {name}!"}, start)


@get("/search")
async def search(
    term: FromQuery[str], limit: FromQuery[int] = FromQuery(10), sort: FromQuery[str] = FromQuery("name")
) -> Response:
    start = time.perf_counter()
    if limit.value < 0:
        raise BadRequest("limit must not be negative")
    if sort.value not in {"name", "date"}:
        raise BadRequest("sort must be name or date")
    return answer({"term": term.value, "limit": limit.value, "sort": sort.value}, start)


class Address(BaseModel):
    street: str
    city: str
    code: str


class Person(BaseModel):
    name: str
    age: Annotated[int, Field(ge=0)]
    tags: list[str]
    address: Address


@post("/people")
async def add_person(data: FromJSON[Person]) -> Response:
    start = time.perf_counter()
    person = data.value
    return answer({"name": person.name, "age": person.age, "city": person.address.city}, start)


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


@post("/orders")
async def add_order(data: FromJSON[Order]) -> Response:
    start = time.perf_counter()
    lines = data.value.lines
    return answer({"lines": len(lines), "pieces": sum(line.quantity for line in lines)}, start)


@alru_cache(maxsize=128)
async def rows(kind: str) -> list[dict[str, object]]:
    return [{"id": number, "kind": kind} for number in range(20)]


@get("/report/{kind}")
async def report(kind: str) -> Response:
    start = time.perf_counter()
    if not WORD.fullmatch(kind):
        raise BadRequest("the kind is no word")
    return answer(await rows(kind), start)


if __name__ == "__main__":
    uvicorn.run(
        app,
        host="127.0.0.1",
        port=int(sys.argv[1]),
        loop="uvloop",
        http="httptools",
        access_log=False,
        log_level="warning",
    )
