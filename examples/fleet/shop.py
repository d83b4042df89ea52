"""A shop that several processes serve: they share prices, and one of them at a time writes a report.

PORT=8080 python shop.py & PORT=8081 python shop.py; wait
"""

import asyncio
import contextlib
import os
import sqlite3
from dataclasses import dataclass

from ponty import (
    DoesNotExist,
    PosIntQueryParameter,
    Request,
    StringRouteParameter,
    expect,
    get,
    post,
    put,
    render_json,
    startmeup,
)
from ponty.memo import RedisLink, invalidate, redis_provider, rediscache, redislock

PORT = os.environ.get("PORT", "8080")
DATABASE = os.environ.get("DATABASE", "shop.db")

SCHEMA = """
CREATE TABLE IF NOT EXISTS prices (product TEXT PRIMARY KEY, cents INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS report (id INTEGER PRIMARY KEY, fence INTEGER NOT NULL, total INTEGER NOT NULL);
INSERT OR IGNORE INTO prices VALUES ('tea', 300), ('cake', 450);
INSERT OR IGNORE INTO report VALUES (1, 0, 0);
"""


def connect() -> sqlite3.Connection:
    return sqlite3.connect(DATABASE, timeout=30)


async def ask(statement: str, *values: object) -> tuple[int, list[tuple[int, ...]]]:
    """Return the number of changed rows, and the rows that were found."""

    def run() -> tuple[int, list[tuple[int, ...]]]:
        with contextlib.closing(connect()) as connection, connection:
            cursor = connection.execute(statement, values)
            return cursor.rowcount, cursor.fetchall()

    return await asyncio.to_thread(run)


link = RedisLink(os.environ.get("REDIS_URL", "redis://127.0.0.1:6379"))


@dataclass
class Price:
    cents: int
    computed_by: str


@rediscache(link, namespace="fleet-example", name="prices", ttl_ms=60_000)
async def price(product: str) -> Price:
    _, rows = await ask("SELECT cents FROM prices WHERE product = ?", product)
    if not rows:
        raise DoesNotExist
    return Price(cents=rows[0][0], computed_by=PORT)


class OneProduct(Request):
    product = StringRouteParameter()


@get(f"/price/{OneProduct.product}")
@expect(OneProduct)
@render_json
async def show(product: str) -> Price:
    return await price(product)


class NewPrice(Request):
    product = StringRouteParameter()
    cents = PosIntQueryParameter(required=True)


@put(f"/price/{NewPrice.product}")
@expect(NewPrice)
@render_json
async def change(product: str, cents: int) -> None:
    async with invalidate("prices", product):  # until the block ends, nobody computes or stores this price
        await ask("UPDATE prices SET cents = ? WHERE product = ?", cents, product)


jobs = redislock(link, namespace="fleet-example", maxwait_ms=10_000)


class Nothing(Request):
    pass


@post("/report")
@expect(Nothing)
@render_json
async def report() -> dict[str, int | bool | str]:
    async with jobs.lock("report") as lease:  # one process at a time
        _, [(total,)] = await ask("SELECT sum(cents) FROM prices")
        # If this process stood still until another one took over, its fence is too small, and nothing is written.
        written, _ = await ask(
            "UPDATE report SET fence = ?, total = ? WHERE fence < ?", lease.fence, total, lease.fence
        )
        return {"total": total, "fence": lease.fence, "written": written == 1, "written_by": PORT}


if __name__ == "__main__":
    with contextlib.closing(connect()) as connection:
        connection.executescript(SCHEMA)
    startmeup(port=int(PORT), providers=[redis_provider(link)])
