"""Bookings in SQLite: the provider that opens it, the field that hands it to a handler, and the queries."""

import datetime
from collections.abc import AsyncIterator

import aiosqlite
import msgspec
from aiohttp import web

from guesthouse.model import Booking, Guest, Stay
from ponty import Field, Provider
from ponty.memo import invalidate, localcache

DATABASE = web.AppKey("DATABASE", aiosqlite.Connection)

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
ADD = """
INSERT INTO bookings (room, arrival, departure, guests)
SELECT :room, :arrival, :departure, :guests
WHERE NOT EXISTS (SELECT 1 FROM bookings WHERE room = :room AND arrival < :departure AND :arrival < departure)
"""
FIND = "SELECT room, arrival, departure, guests FROM bookings WHERE id = ?"
STAYS = "SELECT arrival, departure FROM bookings WHERE room = ? ORDER BY arrival"
REMOVE = "DELETE FROM bookings WHERE id = ?"


def open_database(path: str) -> Provider:
    async def provide(app: web.Application) -> AsyncIterator[None]:
        async with aiosqlite.connect(path, isolation_level=None) as connection:
            await connection.execute(SCHEMA)
            app[DATABASE] = connection
            yield
            calendar.cache_clear()

    return provide


class Database(Field[aiosqlite.Connection]):
    """The application's database."""

    def extract(self, request: web.Request) -> aiosqlite.Connection:
        return request.app[DATABASE]


@localcache(name="calendar", key=lambda db, room: room)
async def calendar(db: aiosqlite.Connection, room: int) -> list[Stay]:
    async with db.execute(STAYS, [room]) as cursor:
        return [_stay(arrival, departure) async for arrival, departure in cursor]


async def add(db: aiosqlite.Connection, booking: Booking) -> int | None:
    """Give the number of the new booking, or None where the room is taken."""
    row = {
        "room": booking.room,
        "arrival": booking.stay.arrival.isoformat(),
        "departure": booking.stay.departure.isoformat(),
        "guests": msgspec.json.encode(booking.guests).decode(),
    }
    async with invalidate("calendar", db, booking.room), db.execute(ADD, row) as cursor:
        return cursor.lastrowid if cursor.rowcount else None


async def find(db: aiosqlite.Connection, number: int) -> Booking | None:
    async with db.execute(FIND, [number]) as cursor:
        row = await cursor.fetchone()
    if row is None:
        return None
    room, arrival, departure, guests = row
    return Booking(room, _stay(arrival, departure), msgspec.json.decode(guests, type=list[Guest]))


async def remove(db: aiosqlite.Connection, number: int) -> bool:
    """Say whether there was such a booking."""
    booking = await find(db, number)
    if booking is None:
        return False
    async with invalidate("calendar", db, booking.room), db.execute(REMOVE, [number]) as cursor:
        return cursor.rowcount == 1


def _stay(arrival: str, departure: str) -> Stay:
    return Stay(datetime.date.fromisoformat(arrival), datetime.date.fromisoformat(departure))
