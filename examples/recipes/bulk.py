"""Many writes in one request, some of which may fail: one transaction, with a savepoint and an answer for each."""

import dataclasses
import os
from collections.abc import AsyncIterator
from typing import Annotated

from aiohttp import web
from psycopg import AsyncConnection
from psycopg.rows import TupleRow
from psycopg_pool import AsyncConnectionPool

from ponty import (
    Annotation,
    ParsedJsonBody,
    PontyError,
    Provided,
    Request,
    Routes,
    Scoped,
    expect,
    render_json,
    startmeup,
)

Connection = AsyncConnection[TupleRow]
Pool = AsyncConnectionPool[Connection]

POOL = web.AppKey("POOL", Pool)
SCHEMA = "CREATE TABLE IF NOT EXISTS mugs (colour text PRIMARY KEY, stock integer NOT NULL)"


async def database(app: web.Application) -> AsyncIterator[None]:
    async with Pool(os.environ.get("DATABASE_URL", "postgresql://127.0.0.1/mugs"), open=False) as app[POOL]:
        async with app[POOL].connection() as connection:
            await connection.execute(SCHEMA)
        yield


async def transaction(request: web.Request, *, pool: Pool) -> AsyncIterator[Connection]:
    async with pool.connection() as connection:
        yield connection


@dataclasses.dataclass
class Sale:
    colour: Annotated[str, Annotation(minLength=1, maxLength=40)]
    count: Annotated[int, Annotation(minimum=1, maximum=1000)]


@dataclasses.dataclass
class Sales:
    sales: Annotated[list[Sale], Annotation(minItems=1, maxItems=500)]


@dataclasses.dataclass
class Result:
    status: int
    problem: str | None = None


class NotEnough(PontyError):
    status_code = 409


async def sell(db: Connection, sale: Sale) -> None:
    found = await db.execute(
        "UPDATE mugs SET stock = stock - %s WHERE colour = %s RETURNING stock", [sale.count, sale.colour]
    )
    row = await found.fetchone()
    if row is None or row[0] < 0:
        raise NotEnough(detail="there are not so many of this colour")


async def attempt(db: Connection, sale: Sale) -> Result:
    try:
        async with db.transaction():  # a savepoint, because it is inside a transaction
            await sell(db, sale)
    except NotEnough as error:
        return Result(error.status_code, error.detail)
    return Result(200)


class SellMany(Request):
    many = ParsedJsonBody(Sales)
    db = Scoped(transaction, pool=Provided(POOL))


sales = Routes("/sales")


@sales.post("")
@expect(SellMany)
@render_json(list[Result], status=207)
async def sell_many(many: Sales, db: Connection) -> list[Result]:
    return [await attempt(db, sale) for sale in many.sales]


if __name__ == "__main__":
    startmeup(port=8080, routes=[sales], providers=[database])
