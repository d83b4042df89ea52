"""Bookings: users make, change and cancel their own."""

import dataclasses
import sqlite3
from collections.abc import Iterable
from typing import Annotated, Any

import aiosqlite
import msgspec

from guesthouse.accounts import OfUser
from guesthouse.database import DATABASE, Transaction, stay, transaction
from guesthouse.model import ROOMS, Booked, Booking, Guest, Guests, Note, RoomTaken, RowId, Stay
from ponty import (
    UNSET,
    Annotation,
    DoesNotExist,
    Fault,
    IfMatch,
    ParsedJsonBody,
    Provided,
    QueryParameter,
    Reply,
    RouteParameter,
    Routes,
    Scoped,
    UnsetType,
    ValidationError,
    etag_of,
    expect,
    render_json,
)

routes = Routes("/bookings", tags=["bookings"])

SELECT = """
SELECT id, room, arrival, departure, note, (
    SELECT json_group_array(json_object('name', name, 'email', email))
    FROM (SELECT name, email FROM guests WHERE booking = bookings.id ORDER BY place)
) FROM bookings
"""
OVERLAPPING = """
SELECT arrival, departure FROM bookings
WHERE room = :room AND id IS NOT :id AND arrival < :departure AND :arrival < departure ORDER BY arrival
"""
INSERT = """
INSERT INTO bookings (account, room, arrival, departure, note) VALUES (:account, :room, :arrival, :departure, :note)
"""
UPDATE = "UPDATE bookings SET arrival = :arrival, departure = :departure, note = :note WHERE id = :id"


class NewBooking(OfUser):
    booking = ParsedJsonBody(Booking)
    tx = Scoped(transaction)


@routes.post("", raises=[RoomTaken])
@expect(NewBooking, whole=True)
@render_json(Booked, status=201, etag=True)
async def book(r: NewBooking) -> Reply[Booked]:
    """Book a room."""
    if r.booking.room not in ROOMS:
        raise ValidationError(faults=[Fault("body", "booking", "is not a room of this house", "/room")])
    await r.tx.forget_calendar(r.booking.room)
    await refuse_overlap(r.tx, r.booking)
    cursor = await r.tx.connection.execute(INSERT, {"account": r.user.id, **row_of(r.booking)})
    booked = Booked(**as_arguments(r.booking), id=cursor.lastrowid or 0)
    await put_guests(r.tx, booked)
    return Reply(booked, headers={"Location": f"/bookings/{booked.id}"})


@dataclasses.dataclass(frozen=True)
class Page:
    bookings: list[Booked]
    next: int | None
    """The value of `after` for the next page; null on the last page."""


class ListBookings(OfUser):
    after = QueryParameter[int | None](RowId, default=None)
    limit = QueryParameter[int](Annotated[int, Annotation(minimum=1, maximum=100)], default=20)
    database = Provided(DATABASE)


@routes.get("")
@expect(ListBookings, whole=True, others="refuse")
@render_json(Page)
async def list_bookings(r: ListBookings) -> Page:
    """List the user's bookings, a page at a time."""
    query = f"{SELECT} WHERE account = ? AND id > ? ORDER BY id LIMIT ?"
    rows = await r.database.reader.execute_fetchall(query, [r.user.id, r.after or 0, r.limit + 1])
    found = [booked_of(row) for row in rows]
    page = found[: r.limit]
    return Page(page, page[-1].id if len(found) > r.limit else None)


class OneBooking(OfUser):
    number = RouteParameter[int](RowId)
    database = Provided(DATABASE)


@routes.get(f"/{OneBooking.number}")
@expect(OneBooking, whole=True)
@render_json(Booked, etag=True)
async def show_booking(r: OneBooking) -> Booked:
    return await find(r.database.reader, r.number, r.user.id)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Change:
    """The changes of a client: an absent member stays as it is, and null removes the note."""

    stay: Stay | UnsetType = UNSET
    guests: Guests | UnsetType = UNSET
    note: Note | UnsetType | None = UNSET


class ChangeBooking(OfUser):
    number = RouteParameter[int](RowId)
    condition = IfMatch()
    change = ParsedJsonBody(Change)
    tx = Scoped(transaction)


@routes.patch(f"/{ChangeBooking.number}", raises=[RoomTaken])
@expect(ChangeBooking, whole=True)
@render_json(Booked, etag=True)
async def change_booking(r: ChangeBooking) -> Booked:
    """Change a booking, unless it was changed since the client read it."""
    before = await find(r.tx.connection, r.number, r.user.id)
    r.condition.check(etag_of(before, Booked))
    after = dataclasses.replace(before, **as_arguments(r.change))
    await r.tx.forget_calendar(after.room)
    await refuse_overlap(r.tx, after, but=after.id)
    await r.tx.connection.execute(UPDATE, {"id": after.id, **row_of(after)})
    await r.tx.connection.execute("DELETE FROM guests WHERE booking = ?", [after.id])
    await put_guests(r.tx, after)
    return after


class CancelBooking(OfUser):
    number = RouteParameter[int](RowId)
    tx = Scoped(transaction)


@routes.delete(f"/{CancelBooking.number}")
@expect(CancelBooking, whole=True)
@render_json(status=204)
async def cancel(r: CancelBooking) -> None:
    booked = await find(r.tx.connection, r.number, r.user.id)
    await r.tx.forget_calendar(booked.room)
    await r.tx.connection.execute("DELETE FROM bookings WHERE id = ?", [r.number])


async def find(connection: aiosqlite.Connection, number: int, account: int) -> Booked:
    """Find a booking of an account; for bookings of other accounts, the answer is also that there is none."""
    async with connection.execute(f"{SELECT} WHERE id = ? AND account = ?", [number, account]) as cursor:
        row = await cursor.fetchone()
    if row is None:
        raise DoesNotExist
    return booked_of(row)


async def refuse_overlap(tx: Transaction, booking: Booking, *, but: int | None = None) -> None:
    rows = await tx.connection.execute_fetchall(OVERLAPPING, {"id": but, **row_of(booking)})
    if taken := [stay(arrival, departure) for arrival, departure in rows]:
        raise RoomTaken(detail="choose other nights, or another room", members={"taken": taken})


async def put_guests(tx: Transaction, booked: Booked) -> None:
    rows = [(booked.id, place, guest.name, guest.email) for place, guest in enumerate(booked.guests)]
    try:
        await tx.connection.executemany("INSERT INTO guests VALUES (?, ?, ?, ?)", rows)
    except sqlite3.IntegrityError as error:
        # The booking is written already; this error rolls it back.
        fault = Fault("body", "booking", "must have an address for each guest", "/guests")
        raise ValidationError(faults=[fault]) from error


def row_of(booking: Booking) -> dict[str, Any]:
    return {
        "room": booking.room,
        "arrival": booking.stay.arrival.isoformat(),
        "departure": booking.stay.departure.isoformat(),
        "note": booking.note,
    }


def booked_of(row: Iterable[Any]) -> Booked:
    number, room, arrival, departure, note, guests = row
    guests = msgspec.json.decode(guests, type=list[Guest])
    return Booked(id=number, room=room, stay=stay(arrival, departure), guests=guests, note=note)


def as_arguments(value: Booking | Change) -> dict[str, Any]:
    """Return the members of a value by name, without the absent ones."""
    said = {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    return {name: each for name, each in said.items() if each is not UNSET}
