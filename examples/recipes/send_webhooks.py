"""Webhooks that are signed, and retried until they have arrived."""

import hashlib
import hmac
import os
import time

import aiohttp

from ponty import (
    BACKGROUND_TASKS,
    BackgroundTasks,
    PosIntRouteParameter,
    Provided,
    Request,
    Routes,
    background_tasks,
    encode_json,
    expect,
    http_client_provider,
    lease_http_client,
    render_json,
    retry,
    startmeup,
)

SECRET = os.environ.get("WEBHOOK_SECRET", "whsec").encode()
RECEIVER = os.environ.get("RECEIVER", "http://127.0.0.1:8081/webhooks/payments")


@retry(aiohttp.ClientError, TimeoutError, max_retries=5, t1_ms=1000, t2_ms=60_000, backoff_factor=2, anticollision=True)
async def send_webhook(url: str, event: dict[str, object]) -> None:
    content = encode_json(event)
    moment = str(int(time.time()))  # a new signature for each try
    signed = hmac.new(SECRET, moment.encode() + b"." + content, hashlib.sha256).hexdigest()
    headers = {"Content-Type": "application/json", "X-Signature": f"t={moment},v1={signed}"}
    async with lease_http_client() as session, session.post(url, data=content, headers=headers, raise_for_status=True):
        pass


class Pay(Request):
    order = PosIntRouteParameter()
    tasks = Provided(BACKGROUND_TASKS)


payments = Routes("/payments")


@payments.post(f"/{Pay.order}")
@expect(Pay)
@render_json(status=202)
async def pay(order: int, tasks: BackgroundTasks) -> None:
    tasks.start(send_webhook(RECEIVER, {"id": f"payment-{order}", "order": order}))


if __name__ == "__main__":
    startmeup(port=8080, routes=[payments], providers=[http_client_provider(), background_tasks(limit=100)])
