"""A mail for each order, sent after the answer, and retried while the mail server cannot be reached."""

import asyncio
import os
import smtplib
import ssl
from dataclasses import dataclass
from email.message import EmailMessage
from typing import Annotated
from urllib.parse import unquote, urlsplit

from ponty import (
    BACKGROUND_TASKS,
    Annotation,
    BackgroundTasks,
    ParsedJsonBody,
    Provided,
    Request,
    Routes,
    background_tasks,
    expect,
    render_json,
    retry,
    startmeup,
)

SMTP_URL = os.environ.get("SMTP_URL", "smtp://127.0.0.1:25")  # in practice smtps://user:password@mail.example:465

AWAY = (ConnectionError, TimeoutError, smtplib.SMTPServerDisconnected)  # a refusal is not retried


def deliver(message: EmailMessage) -> None:
    """Send a mail by SMTP; this blocks the thread."""
    url = urlsplit(SMTP_URL)
    if url.scheme == "smtps":
        server: smtplib.SMTP = smtplib.SMTP_SSL(timeout=30, context=ssl.create_default_context())
    else:
        server = smtplib.SMTP(timeout=30)
    with server:
        server.connect(url.hostname or "127.0.0.1", url.port or 0)
        if url.username:
            server.login(unquote(url.username), unquote(url.password or ""))
        server.send_message(message)


@retry(*AWAY, max_retries=5, t1_ms=500, t2_ms=60_000, backoff_factor=4, anticollision=True)
async def send(message: EmailMessage) -> None:
    await asyncio.to_thread(deliver, message)


@dataclass
class Order:
    address: Annotated[str, Annotation(format="email", maxLength=254)]
    product: Annotated[str, Annotation(pattern=r"^[\w ]{1,80}$")]


class PlaceOrder(Request):
    order = ParsedJsonBody(Order)
    tasks = Provided(BACKGROUND_TASKS)


orders = Routes("/orders")


@orders.post("")
@expect(PlaceOrder)
@render_json(status=202)
async def place_order(order: Order, tasks: BackgroundTasks) -> None:
    message = EmailMessage()
    message["From"] = "Mugs <orders@mugs.example>"
    message["To"] = order.address
    message["Subject"] = f"Your {order.product}"
    message.set_content(f"Thank you. The {order.product} will be there tomorrow.\n")
    tasks.start(send(message))


if __name__ == "__main__":
    startmeup(port=8080, routes=[orders], providers=[background_tasks(limit=100, stop_timeout=20)])
