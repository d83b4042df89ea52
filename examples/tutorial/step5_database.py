"""A guesthouse, step 5: a database, opened by a provider."""

import dataclasses
import datetime
from collections.abc import AsyncIterator
from typing import Annotated

import aiosqlite
import msgspec
from aiohttp import web

from ponty import (
    Annotation,
    DoesNotExist,
    Fault,
    Field,
    ParsedJsonBody,
    PontyError,
    PosIntRouteParameter,
    Request,
    expect,
    get,
    post,
    render_json,
    startmeup,
)

SCHEMA = """
CREATE TABLE IF NOT EXISTS bookings (
    id INTEGER PRIMARY KEY,
    room INTEGER NOT NULL,
    arrival TEXT NOT NULL,
    departure TEXT NOT NULL,
    guests TEXT NOT NULL
)
"""
# One statement, so nobody can book between the question and the answer.
BOOK = """
INSERT INTO bookings (room, arrival, departure, guests)
SELECT :room, :arrival, :departure, :guests
WHERE NOT EXISTS (SELECT 1 FROM bookings WHERE room = :room AND arrival < :departure AND :arrival < departure)
"""

DATABASE = web.AppKey("DATABASE", aiosqlite.Connection)


async def database(app: web.Application) -> AsyncIterator[None]:
    async with aiosqlite.connect("guesthouse.db", isolation_level=None) as connection:
        await connection.execute(SCHEMA)
        app[DATABASE] = connection
        yield


class Database(Field[aiosqlite.Connection]):
    """The application's database."""

    def extract(self, request: web.Request) -> aiosqlite.Connection:
        return request.app[DATABASE]


@dataclasses.dataclass
class Guest:
    name: Annotated[str, Annotation(minLength=1, maxLength=80)]
    email: Annotated[str, Annotation(pattern="^[^@ ]+@[^@ ]+$")]


@dataclasses.dataclass
class Booking:
    room: Annotated[int, Annotation(minimum=1, maximum=3)]
    arrival: datetime.date
    departure: datetime.date
    guests: Annotated[list[Guest], Annotation(minItems=1, maxItems=4)]

    def __post_init__(self) -> None:
        if self.departure <= self.arrival:
            raise ValueError("a stay is one night at least")


class RoomTaken(PontyError):
    status_code = 409


class NewBooking(Request):
    db = Database()
    booking = ParsedJsonBody(Booking)


@post("/bookings")
@expect(NewBooking, mimetype="application/json")
@render_json
async def book(db: aiosqlite.Connection, booking: Booking) -> dict[str, int | None]:
    row = {
        "room": booking.room,
        "arrival": booking.arrival.isoformat(),
        "departure": booking.departure.isoformat(),
        "guests": msgspec.json.encode(booking.guests).decode(),
    }
    async with db.execute(BOOK, row) as cursor:
        if cursor.rowcount == 0:
            raise RoomTaken(faults=[Fault("body", "booking", "is taken on one of these nights", "/room")])
        return {"id": cursor.lastrowid}


class OneBooking(Request):
    db = Database()
    booking_id = PosIntRouteParameter()


@get(f"/bookings/{OneBooking.booking_id}")
@expect(OneBooking)
@render_json
async def show_booking(db: aiosqlite.Connection, booking_id: int) -> Booking:
    query = "SELECT room, arrival, departure, guests FROM bookings WHERE id = ?"
    async with db.execute(query, [booking_id]) as cursor:
        row = await cursor.fetchone()
    if row is None:
        raise DoesNotExist
    room, arrival, departure, guests = row
    return msgspec.convert(
        {"room": room, "arrival": arrival, "departure": departure, "guests": msgspec.json.decode(guests)}, Booking
    )


if __name__ == "__main__":
    startmeup(port=8080, providers=[database])
