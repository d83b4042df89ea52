"""A live board of bookings: every open page shows new bookings at once, and who else is looking.

PORT=8080 python board.py, and open http://127.0.0.1:8080/ in two windows. With REDIS_URL, several processes have one
board.
"""

import asyncio
import contextlib
import dataclasses
import json
import os
import pathlib
from collections.abc import AsyncIterator
from typing import Annotated, Any

from aiohttp import web

from ponty import (
    Annotation,
    Event,
    Hub,
    LastEventId,
    ParsedJsonBody,
    Provided,
    Request,
    Socket,
    accept_socket,
    expect,
    get,
    post,
    render_csv,
    render_events,
    render_json,
    startmeup,
    websocket,
)

PAGE = pathlib.Path(__file__).parent / "board.html"
REDIS_URL = os.environ.get("REDIS_URL")
CHANNEL = "board-example"


@dataclasses.dataclass
class Booking:
    room: Annotated[int, Annotation(minimum=1, maximum=20)]
    guest: Annotated[str, Annotation(minLength=1, maxLength=40)]


@dataclasses.dataclass
class Numbered(Booking):
    number: int


bookings: list[Numbered] = []
booked: Hub[Numbered] = Hub()
PUBLISH = web.AppKey("PUBLISH", asyncio.Queue[Booking])


def take(booking: Booking) -> None:
    """Put a booking on the board of this process."""
    numbered = Numbered(booking.room, booking.guest, len(bookings) + 1)
    bookings.append(numbered)
    booked.publish(numbered)


async def board(app: web.Application) -> AsyncIterator[None]:
    """Pass each booking on to the board; with Redis, through a channel to the boards of all processes."""
    queue = app[PUBLISH] = asyncio.Queue[Booking]()
    async with contextlib.AsyncExitStack() as stack:
        if REDIS_URL is None:
            relaying = [relay(queue)]
        else:
            import redis.asyncio  # noqa: PLC0415 - needed only with REDIS_URL

            client = await stack.enter_async_context(redis.asyncio.from_url(REDIS_URL))
            channel = await stack.enter_async_context(client.pubsub())
            await channel.subscribe(CHANNEL)
            relaying = [hear(channel), tell(client, queue)]
        tasks = [asyncio.create_task(each) for each in relaying]
        yield
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def relay(queue: asyncio.Queue[Booking]) -> None:
    while True:
        take(await queue.get())


async def tell(client: Any, queue: asyncio.Queue[Booking]) -> None:
    while True:
        await client.publish(CHANNEL, json.dumps(dataclasses.asdict(await queue.get())))


async def hear(channel: Any) -> None:
    async for message in channel.listen():
        if message["type"] == "message":
            take(Booking(**json.loads(message["data"])))


@get("/")
async def page(request: web.Request) -> web.FileResponse:
    return web.FileResponse(PAGE)


class NewBooking(Request):
    booking = ParsedJsonBody(Booking)
    queue = Provided(PUBLISH)


@post("/bookings")
@expect(NewBooking)
@render_json(status=202)
async def book(booking: Booking, queue: asyncio.Queue[Booking]) -> None:
    await queue.put(booking)


class Follow(Request):
    last = LastEventId(int)


@get("/events")
@expect(Follow)
@render_events(Numbered, last=Event(Numbered(0, "", 0), event="closing", retry_ms=500))
async def events(last: int | None) -> AsyncIterator[Event[Numbered]]:
    """Send the bookings that the client has not seen yet, and then each new one."""
    async with booked.subscribe() as changes:
        for booking in bookings[last or 0 :]:
            yield Event(booking, event="booked", id=str(booking.number))
        async for booking in changes:
            yield Event(booking, event="booked", id=str(booking.number))


@get("/bookings.csv")
@render_csv(Numbered, filename="bookings.csv")
async def table(request: web.Request) -> AsyncIterator[Numbered]:
    for booking in bookings:
        yield booking


@dataclasses.dataclass
class Hello:
    name: Annotated[str, Annotation(minLength=1, maxLength=40)]


@dataclasses.dataclass
class Looking:
    names: list[str]


names: dict[object, str] = {}
looking: Hub[Looking] = Hub()


@websocket("/looking")
@accept_socket(Hello, Looking)
async def look(socket: Socket[Hello, Looking], request: web.Request) -> None:
    """Tell each client who is looking at the board."""
    try:
        async with looking.subscribe() as heard, socket.sending(heard):
            async for hello in socket:
                names[socket] = hello.name
                looking.publish(Looking(sorted(names.values())))
    finally:
        names.pop(socket, None)
        looking.publish(Looking(sorted(names.values())))


if __name__ == "__main__":
    startmeup(port=int(os.environ.get("PORT", "8080")), providers=[board])
