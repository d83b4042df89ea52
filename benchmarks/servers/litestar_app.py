"""Litestar on uvicorn, with msgspec's structs for what comes in and what goes out."""

import sys
import time
from typing import Annotated, Generic, Literal, TypeVar

import msgspec
import uvicorn
from async_lru import alru_cache
from litestar import Litestar, get, post
from litestar.params import Parameter

T = TypeVar("T")
NonNegative = Annotated[int, msgspec.Meta(ge=0)]
Positive = Annotated[int, msgspec.Meta(ge=1)]


class Envelope(msgspec.Struct, Generic[T]):
    data: T
    elapsed: int
    now: int


def envelop(data: T, start: float) -> Envelope[T]:
    return Envelope(data, int((time.perf_counter() - start) * 1000), int(time.time() * 1000))


class Greeting(msgspec.Struct):
    greeting: str


@get("/hello/{name:str}")
async def hello(name: Annotated[str, Parameter(pattern=r"^\w+$")]) -> Envelope[Greeting]:
    start = time.perf_counter()
    return envelop(Greeting(f"hello {name}!"), start)


class Found(msgspec.Struct):
    term: str
    limit: int
    sort: str


@get("/search")
async def search(
    term: str, limit: Annotated[int, Parameter(ge=0)] = 10, sort: Literal["name", "date"] = "name"
) -> Envelope[Found]:
    start = time.perf_counter()
    return envelop(Found(term, limit, sort), start)


class Address(msgspec.Struct, forbid_unknown_fields=True):
    street: str
    city: str
    code: str


class Person(msgspec.Struct, forbid_unknown_fields=True):
    name: str
    age: NonNegative
    tags: list[str]
    address: Address


class Added(msgspec.Struct):
    name: str
    age: int
    city: str


@post("/people", status_code=200)
async def add_person(data: Person) -> Envelope[Added]:
    start = time.perf_counter()
    return envelop(Added(data.name, data.age, data.address.city), start)


class Options(msgspec.Struct, forbid_unknown_fields=True):
    colour: str
    size: str


class Line(msgspec.Struct, forbid_unknown_fields=True):
    sku: str
    quantity: Positive
    price: float
    options: Options
    tags: list[str]


class Order(msgspec.Struct, forbid_unknown_fields=True):
    number: int
    customer: Person
    lines: list[Line]


class Ordered(msgspec.Struct):
    lines: int
    pieces: int


@post("/orders", status_code=200)
async def add_order(data: Order) -> Envelope[Ordered]:
    start = time.perf_counter()
    return envelop(Ordered(len(data.lines), sum(line.quantity for line in data.lines)), start)


class Row(msgspec.Struct):
    id: int
    kind: str


@alru_cache(maxsize=128)
async def rows(kind: str) -> list[Row]:
    return [Row(number, kind) for number in range(20)]


@get("/report/{kind:str}")
async def report(kind: Annotated[str, Parameter(pattern=r"^\w+$")]) -> Envelope[list[Row]]:
    start = time.perf_counter()
    return envelop(await rows(kind), start)


HANDLERS = [hello, search, add_person, add_order, report]
app = Litestar([*HANDLERS])

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
