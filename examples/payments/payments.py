"""Payments that are made once, however often the client asks: two servers over one Redis, with one ledger."""

import dataclasses
import os
import sqlite3
from collections.abc import AsyncIterator

from aiohttp import web

from ponty import (
    IDEMPOTENCY,
    AIOHttpReq,
    BearerToken,
    Field,
    InvalidField,
    ParsedJsonBody,
    PontyError,
    Reply,
    Request,
    Routes,
    Scoped,
    api_docs,
    expect,
    idempotent,
    render_json,
    startmeup,
)
from ponty.memo import RedisLink, RedisRecords, redis_provider

REDIS = RedisLink(os.environ.get("REDIS_URL", "redis://127.0.0.1:6379"))
CUSTOMERS = {"token-of-ann": "ann", "token-of-bob": "bob"}
CUSTOMER = web.RequestKey("CUSTOMER", str)
LEDGER = web.AppKey("LEDGER", sqlite3.Connection)


async def ledger(app: web.Application) -> AsyncIterator[None]:
    connection = sqlite3.connect(os.environ.get("LEDGER", "ledger.db"), isolation_level=None, timeout=10)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute(
        "CREATE TABLE IF NOT EXISTS payments (id INTEGER PRIMARY KEY, customer, key, cents, UNIQUE (customer, key))"
    )
    app[LEDGER] = connection
    yield
    connection.close()


async def transaction(request: web.Request) -> AsyncIterator[sqlite3.Connection]:
    connection = request.config_dict[LEDGER]
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield connection
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


class Customer(Field[str]):
    """Who pays."""

    guard = True

    def extract(self, request: web.Request, *, token: str) -> str:
        if token not in CUSTOMERS:
            raise InvalidField("must be that of a customer", status=401, headers={"WWW-Authenticate": "Bearer"})
        customer = request[CUSTOMER] = CUSTOMERS[token]
        return customer


def customer_of(request: web.Request) -> str:
    return request[CUSTOMER]


@dataclasses.dataclass
class Order:
    cents: int


@dataclasses.dataclass
class Payment:
    id: int
    cents: int


class TooMuch(PontyError):
    """The payment is over the limit of the customer."""

    status_code = 402


class Pay(Request):
    customer = Customer(token=BearerToken())
    order = ParsedJsonBody(Order)
    http = AIOHttpReq()
    db = Scoped(transaction)


once = idempotent(RedisRecords(REDIS, namespace="payments"), scope=customer_of, required=True)

payments = Routes("/payments", tags=["payments"])


@payments.post("", raises=[TooMuch], middlewares=[once])
@expect(Pay, whole=True)
@render_json(Payment, status=201)
async def pay(r: Pay) -> Reply[Payment]:
    """Pay an order."""
    if r.order.cents > 100_000:
        raise TooMuch
    key = r.http[IDEMPOTENCY].key
    # Where a process has died between this and the record of its answer, the row is there, and stays the only one.
    r.db.execute(
        "INSERT INTO payments (customer, key, cents) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
        [r.customer, key, r.order.cents],
    )
    (number,) = r.db.execute("SELECT id FROM payments WHERE customer = ? AND key = ?", [r.customer, key]).fetchone()
    return Reply(Payment(number, r.order.cents), headers={"Location": f"/payments/{number}"})


if __name__ == "__main__":
    startmeup(
        port=int(os.environ.get("PORT", "8080")),
        routes=[payments, api_docs(payments, title="Payments", version="1.0.0")],
        providers=[redis_provider(REDIS), ledger],
    )
