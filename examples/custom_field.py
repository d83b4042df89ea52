"""A custom field: the body of a webhook that its sender has signed.

Sign a body as its sender would, and send it:

    BODY='{"order": 7, "paid": true}'
    SIGNATURE=$(printf %s "$BODY" | openssl dgst -sha256 -hmac secret -r | cut -d' ' -f1)
    curl -d "$BODY" -H "X-Signature: $SIGNATURE" http://127.0.0.1:8080/payments
"""

import dataclasses
import hashlib
import hmac
import os
from typing import TypeVar

from aiohttp import web

from ponty import InvalidField, ParsedJsonBody, Request, expect, post, render_json, startmeup

T = TypeVar("T")


class SignedBody(ParsedJsonBody[T]):
    """A JSON body whose HMAC-SHA-256 is in the header X-Signature, in hexadecimal digits."""

    def __init__(self, cls: type[T], *, secret: str) -> None:
        super().__init__(cls)
        self._secret = secret.encode()

    async def extract(self, request: web.Request) -> T:
        due = hmac.new(self._secret, await request.read(), hashlib.sha256).hexdigest().encode()
        given = request.headers.get("X-Signature", "").encode(errors="surrogateescape")
        if not hmac.compare_digest(due, given):
            raise InvalidField("must be signed by X-Signature", status=401)
        return await super().extract(request)


@dataclasses.dataclass
class Payment:
    order: int
    paid: bool


class NewPayment(Request):
    payment = SignedBody(Payment, secret=os.environ.get("WEBHOOK_SECRET", "secret"))


@post("/payments")
@expect(NewPayment)
@render_json
async def receive(payment: Payment) -> str:
    return f"order {payment.order} is {'paid' if payment.paid else 'not paid'}"


if __name__ == "__main__":
    startmeup(port=8080)
