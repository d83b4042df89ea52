"""FastAPI on uvicorn, with Pydantic's models for what comes in and what goes out."""

import sys
import time
from typing import Annotated, Generic, Literal, TypeVar

import uvicorn
from async_lru import alru_cache
from fastapi import FastAPI, Path, Query
from pydantic import BaseModel, Field

T = TypeVar("T")
app = FastAPI()


class Envelope(BaseModel, Generic[T]):
    data: T
    elapsed: int
    now: int


def times(start: float) -> dict[str, int]:
    return {"elapsed": int((time.perf_counter() - start) * 1000), "now": int(time.time() * 1000)}


class Greeting(BaseModel):
    greeting: str


@app.get("/hello/{name}")
async def hello(name: Annotated[str, Path(pattern=r"^\w+$")]) -> Envelope[Greeting]:
    start = time.perf_counter()
    return Envelope(data=Greeting(greeting=f"hello {name}!"), **times(start))


class Found(BaseModel):
    term: str
    limit: int
    sort: str


@app.get("/search")
async def search(
    term: str, limit: Annotated[int, Query(ge=0)] = 10, sort: Literal["name", "date"] = "name"
) -> Envelope[Found]:
    start = time.perf_counter()
    return Envelope(data=Found(term=term, limit=limit, sort=sort), **times(start))


class Address(BaseModel):
    street: str
    city: str
    code: str


class Person(BaseModel):
    name: str
    age: Annotated[int, Field(ge=0)]
    tags: list[str]
    address: Address


class Added(BaseModel):
    name: str
    age: int
    city: str


@app.post("/people")
async def add_person(person: Person) -> Envelope[Added]:
    start = time.perf_counter()
    return Envelope(data=Added(name=person.name, age=person.age, city=person.address.city), **times(start))


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


class Ordered(BaseModel):
    lines: int
    pieces: int


@app.post("/orders")
async def add_order(order: Order) -> Envelope[Ordered]:
    start = time.perf_counter()
    pieces = sum(line.quantity for line in order.lines)
    return Envelope(data=Ordered(lines=len(order.lines), pieces=pieces), **times(start))


class Row(BaseModel):
    id: int
    kind: str


@alru_cache(maxsize=128)
async def rows(kind: str) -> list[Row]:
    return [Row(id=number, kind=kind) for number in range(20)]


@app.get("/report/{kind}")
async def report(kind: Annotated[str, Path(pattern=r"^\w+$")]) -> Envelope[list[Row]]:
    start = time.perf_counter()
    return Envelope(data=await rows(kind), **times(start))


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
