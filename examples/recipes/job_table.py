"""Jobs in PostgreSQL: written in the transaction of the order, done by any process, retried, and never lost."""

import asyncio
import logging
import os
from collections.abc import AsyncIterator

from aiohttp import web
from psycopg import AsyncConnection
from psycopg.rows import TupleRow
from psycopg_pool import AsyncConnectionPool

from ponty import Provided, Request, Routes, Scoped, StringRouteParameter, expect, render_json, startmeup

Connection = AsyncConnection[TupleRow]
Pool = AsyncConnectionPool[Connection]

POOL = web.AppKey("POOL", Pool)
PAUSE = float(os.environ.get("PAUSE", "1"))  # seconds between polls, and before the first retry; doubled for each retry
SCHEMA = """
CREATE TABLE IF NOT EXISTS orders (colour text NOT NULL);
CREATE TABLE IF NOT EXISTS jobs (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, colour text NOT NULL,
    due timestamptz NOT NULL DEFAULT now(), failures integer NOT NULL DEFAULT 0
);
CREATE INDEX IF NOT EXISTS jobs_due ON jobs (due) WHERE failures < 10;
CREATE TABLE IF NOT EXISTS parcels (colour text NOT NULL);
"""
TAKE = "SELECT id, colour FROM jobs WHERE due <= now() AND failures < 10 ORDER BY due LIMIT 1 FOR UPDATE SKIP LOCKED"
FAIL = "UPDATE jobs SET failures = failures + 1, due = now() + %s * 2 ^ failures * interval '1 s' WHERE id = %s"

log = logging.getLogger("shop.jobs")


async def database(app: web.Application) -> AsyncIterator[None]:
    async with Pool(os.environ.get("DATABASE_URL", "postgresql://127.0.0.1/mugs"), open=False) as app[POOL]:
        async with app[POOL].connection() as connection:
            await connection.execute(SCHEMA)
        yield


async def pack(db: Connection, colour: str) -> None:
    await db.execute("INSERT INTO parcels VALUES (%s)", [colour])
    if colour == "broken":
        raise ValueError("this mug is broken")


async def work_once(pool: Pool) -> bool:
    """Do one job, and return whether there was one; its row is locked meanwhile, and free again if the process dies."""
    async with pool.connection() as db:
        row = await (await db.execute(TAKE)).fetchone()
        if row is None:
            return False
        number, colour = row
        try:
            async with db.transaction(), asyncio.timeout(60):  # undoes the writes of a job that fails
                await pack(db, colour)
            await db.execute("DELETE FROM jobs WHERE id = %s", [number])
        except Exception:
            log.exception("job %d failed", number)
            await db.execute(FAIL, [PAUSE, number])
        return True


async def work(pool: Pool) -> None:
    while True:
        try:
            while await work_once(pool):
                pass
        except Exception:  # the database cannot be reached
            log.exception("no job could be taken")
        await asyncio.sleep(PAUSE)


async def worker(app: web.Application) -> AsyncIterator[None]:
    task = asyncio.create_task(work(app[POOL]))
    yield
    task.cancel()  # its transaction is rolled back, so another process does that job
    await asyncio.wait([task])


async def transaction(request: web.Request, *, pool: Pool) -> AsyncIterator[Connection]:
    async with pool.connection() as connection:
        yield connection


class Order(Request):
    colour = StringRouteParameter()
    db = Scoped(transaction, pool=Provided(POOL))


orders = Routes("/orders")


@orders.post(f"/{Order.colour}")
@expect(Order)
@render_json(status=202)
async def order(colour: str, db: Connection) -> None:
    await db.execute("INSERT INTO orders VALUES (%s)", [colour])
    await db.execute("INSERT INTO jobs (colour) VALUES (%s)", [colour])


if __name__ == "__main__":
    startmeup(port=8080, routes=[orders], providers=[database, worker])
