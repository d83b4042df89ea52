"""Mugs in PostgreSQL: one pool for the application, one transaction for each request."""

import dataclasses
import os
from collections.abc import AsyncIterator
from typing import Annotated

from aiohttp import web
from psycopg import AsyncConnection, errors
from psycopg.rows import TupleRow, class_row
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from ponty import (
    Annotation,
    DoesNotExist,
    ParsedJsonBody,
    PontyError,
    Provided,
    Request,
    Routes,
    Scoped,
    StringRouteParameter,
    expect,
    render_json,
    startmeup,
)

Connection = AsyncConnection[TupleRow]
Pool = AsyncConnectionPool[Connection]

POOL = web.AppKey("POOL", Pool)
SCHEMA = "CREATE TABLE IF NOT EXISTS mugs (colour text PRIMARY KEY, stock integer NOT NULL CHECK (stock >= 0))"


async def database(app: web.Application) -> AsyncIterator[None]:
    url = os.environ.get("DATABASE_URL", "postgresql://127.0.0.1/mugs")
    check = Pool.check_connection  # so that no request fails after a restart of the database
    async with Pool(url, min_size=1, max_size=10, timeout=5, check=check, open=False) as pool:
        async with pool.connection() as connection:
            await connection.execute(SCHEMA)
        app[POOL] = pool
        yield


async def transaction(request: web.Request, *, pool: Pool) -> AsyncIterator[Connection]:
    async with pool.connection() as connection:  # commits, or rolls back after an exception
        yield connection


@dataclasses.dataclass
class Mug:
    colour: Annotated[str, Annotation(pattern=r"^\w{1,40}$")]
    stock: Annotated[int, Annotation(minimum=0, maximum=2**31 - 1)]


class Taken(PontyError):
    status_code = 409


class SoldOut(PontyError):
    status_code = 410


class AddMug(Request):
    mug = ParsedJsonBody(Mug)
    db = Scoped(transaction, pool=Provided(POOL))


class OneMug(Request):
    colour = StringRouteParameter()
    db = Scoped(transaction, pool=Provided(POOL))


mugs = Routes("/mugs")


@mugs.post("", raises=[Taken])
@expect(AddMug)
@render_json(Mug, status=201)
async def add_mug(mug: Mug, db: Connection) -> Mug:
    try:
        await db.execute("INSERT INTO mugs (colour, stock) VALUES (%s, %s)", [mug.colour, mug.stock])
    except errors.UniqueViolation as error:
        raise Taken from error
    return mug


@mugs.post(f"/{OneMug.colour}/sale", raises=[SoldOut])
@expect(OneMug)
@render_json(Mug)
async def sell_mug(colour: str, db: Connection) -> Mug:
    sell = "UPDATE mugs SET stock = stock - 1 WHERE colour = %s RETURNING colour, stock"
    try:
        async with db.cursor(row_factory=class_row(Mug)) as cursor:
            mug = await (await cursor.execute(sell, [colour])).fetchone()
    except errors.CheckViolation as error:
        raise SoldOut from error
    if mug is None:
        raise DoesNotExist
    return mug


if __name__ == "__main__":
    startmeup(port=8080, routes=[mugs], providers=[database], errors={PoolTimeout: 503})
