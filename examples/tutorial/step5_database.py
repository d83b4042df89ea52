"""A guesthouse, step 5: a database, opened by a provider, and a transaction for each request that writes."""

import dataclasses
import datetime
from collections.abc import AsyncIterator
from typing import Annotated

import aiosqlite
from aiohttp import web

from ponty import (
    Annotation,
    DoesNotExist,
    ParsedJsonBody,
    PontyError,
    Provided,
    Reply,
    Request,
    RouteParameter,
    Routes,
    Scoped,
    expect,
    render_json,
    startmeup,
)

FILE = "guesthouse.db"
SCHEMA = "CREATE TABLE IF NOT EXISTS bookings (id INTEGER PRIMARY KEY, room INTEGER, arrival TEXT, departure TEXT)"
BOOK = "INSERT INTO bookings (room, arrival, departure) VALUES (:room, :arrival, :departure)"
COUNT = "SELECT count(*) FROM bookings WHERE room = :room AND arrival < :departure AND :arrival < departure"

DATABASE = web.AppKey("DATABASE", aiosqlite.Connection)


async def database(app: web.Application) -> AsyncIterator[None]:
    async with aiosqlite.connect(FILE) as connection:
        await connection.execute(SCHEMA)
        app[DATABASE] = connection
        yield


async def transaction(request: web.Request) -> AsyncIterator[aiosqlite.Connection]:
    async with aiosqlite.connect(FILE) as connection:
        await connection.execute("BEGIN IMMEDIATE")
        yield connection
        await connection.commit()


@dataclasses.dataclass
class Booking:
    room: Annotated[int, Annotation(minimum=1, maximum=3)]
    arrival: datetime.date
    departure: datetime.date


class RoomTaken(PontyError):
    status_code = 409
    type = "https://guesthouse.example/problems/room-taken"
    title = "The room is taken"


bookings = Routes("/bookings", tags=["bookings"])


class NewBooking(Request):
    booking = ParsedJsonBody(Booking)
    db = Scoped(transaction)


@bookings.post("", raises=[RoomTaken])
@expect(NewBooking, whole=True)
@render_json(Booking, status=201)
async def book(r: NewBooking) -> Reply[Booking]:
    row = {"room": r.booking.room, "arrival": str(r.booking.arrival), "departure": str(r.booking.departure)}
    booked = await r.db.execute(BOOK, row)
    found = await (await r.db.execute(COUNT, row)).fetchone()
    if found != (1,):
        raise RoomTaken  # rolls back the writes above
    return Reply(r.booking, headers={"Location": f"/bookings/{booked.lastrowid}"})


class OneBooking(Request):
    number = RouteParameter[int](Annotated[int, Annotation(minimum=1, maximum=2**63 - 1)])
    db = Provided(DATABASE)


@bookings.get(f"/{OneBooking.number}")
@expect(OneBooking, whole=True)
@render_json(Booking)
async def show_booking(r: OneBooking) -> Booking:
    query = "SELECT room, arrival, departure FROM bookings WHERE id = ?"
    for room, arrival, departure in await r.db.execute_fetchall(query, [r.number]):
        return Booking(room, datetime.date.fromisoformat(arrival), datetime.date.fromisoformat(departure))
    raise DoesNotExist


if __name__ == "__main__":
    startmeup(port=8080, routes=[bookings], providers=[database])
