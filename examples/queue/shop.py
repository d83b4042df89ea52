"""A shop that takes orders and sends mails through a queue: no answer waits for a mail, and no mail is lost.

REDIS_URL=redis://127.0.0.1:6379 python shop.py
"""

import os
from collections.abc import AsyncIterator

from aiohttp import web
from jobs import queue
from saq import Queue

from ponty import PontyError, Reply, get, post, render_json, startmeup

QUEUE = web.AppKey("QUEUE", Queue)


class NoSuchMail(PontyError):
    """There is no such order, or its mail was sent long ago."""

    status_code = 404


async def mails(app: web.Application) -> AsyncIterator[None]:
    """Connect to the queue while the application runs."""
    await queue.connect()
    app[QUEUE] = queue
    yield
    await queue.disconnect()


@post("/orders/{order}")
@render_json
async def order_mug(request: web.Request) -> Reply[str]:
    """Take an order. If a client repeats it because it got no answer, only one mail is sent."""
    order = request.match_info["order"]
    await request.app[QUEUE].enqueue("send_mail", key=order, address="guest@mugs.example", order=order, retries=5)
    return Reply(order, status=202, headers={"Location": f"/mails/{order}"})


@get("/mails/{order}")
@render_json
async def mail(request: web.Request) -> str:
    """Return the state of the mail for an order."""
    job = await request.app[QUEUE].job(request.match_info["order"])
    if job is None:
        raise NoSuchMail
    return job.status.value


if __name__ == "__main__":
    startmeup(port=int(os.environ.get("PORT", "8080")), providers=[mails])
