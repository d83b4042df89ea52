"""Webhooks from another service: the signature must be valid and recent, and each webhook is handled once."""

import dataclasses
import hashlib
import hmac
import os
import time
from collections.abc import AsyncIterator
from typing import Annotated, TypeVar

import aiosqlite
from aiohttp import web

from ponty import Annotation, InvalidField, ParsedJsonBody, Request, Routes, Scoped, expect, render_json, startmeup

T = TypeVar("T")
SECRET = os.environ.get("WEBHOOK_SECRET", "whsec").encode()
TOLERANCE = 300  # how old a webhook may be, in seconds
DATABASE = os.environ.get("DATABASE", "payments.db")


def signature(moment: bytes, content: bytes) -> bytes:
    return hmac.new(SECRET, moment + b"." + content, hashlib.sha256).hexdigest().encode()


class SignedBody(ParsedJsonBody[T]):
    """A JSON body with the signature of its sender in X-Signature: t=<seconds since the epoch>,v1=<HMAC-SHA-256>."""

    async def extract(self, request: web.Request) -> T:
        header = request.headers.get("X-Signature", "").encode(errors="surrogateescape")
        parts = dict(part.split(b"=", 1) for part in header.split(b",") if b"=" in part)
        moment, given = parts.get(b"t", b""), parts.get(b"v1", b"")
        if not hmac.compare_digest(signature(moment, await request.read()), given):
            raise InvalidField("must be signed in X-Signature", status=401)
        if not moment.isdigit() or abs(time.time() - int(moment)) > TOLERANCE:
            raise InvalidField("must be signed a moment ago", status=401)
        return await super().extract(request)


async def database(app: web.Application) -> AsyncIterator[None]:
    async with aiosqlite.connect(DATABASE) as connection:
        await connection.execute("CREATE TABLE IF NOT EXISTS payments (id TEXT PRIMARY KEY, number INTEGER)")
    yield


async def transaction(request: web.Request) -> AsyncIterator[aiosqlite.Connection]:
    async with aiosqlite.connect(DATABASE) as connection:
        yield connection
        await connection.commit()  # not after an exception


@dataclasses.dataclass
class Payment:
    id: Annotated[str, Annotation(maxLength=100)]
    order: Annotated[int, Annotation(minimum=1, maximum=2**63 - 1)]


class NewPayment(Request):
    payment = SignedBody(Payment)
    db = Scoped(transaction)


webhooks = Routes("/webhooks")


@webhooks.post("/payments")
@expect(NewPayment)
@render_json(status=204)
async def receive_payment(payment: Payment, db: aiosqlite.Connection) -> None:
    # It may come a second time, because the answer was lost.
    await db.execute("INSERT OR IGNORE INTO payments VALUES (?, ?)", [payment.id, payment.order])


if __name__ == "__main__":
    startmeup(port=8080, routes=[webhooks], providers=[database])
