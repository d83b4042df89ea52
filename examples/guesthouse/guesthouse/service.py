"""The routes, and what they need while they run."""

from decimal import Decimal

import aiosqlite

from guesthouse import database as db
from guesthouse.database import Database, open_database
from guesthouse.model import ROOMS, Booked, Booking, Room, RoomTaken, Stay
from guesthouse.rates import euro_in, forget_rates, rates_client
from ponty import (
    DoesNotExist,
    Fault,
    ParsedJsonBody,
    PosIntQueryParameter,
    PosIntRouteParameter,
    Provider,
    Reply,
    Request,
    RouteParameter,
    StringQueryParameter,
    ValidationError,
    delete,
    expect,
    get,
    post,
    render_json,
)


def providers(*, database: str, rates: str) -> list[Provider]:
    return [open_database(database), rates_client(rates), forget_rates]


class RoomField(RouteParameter[Room]):
    """The number of a room of this house; any other is a 404."""

    def __init__(self) -> None:
        super().__init__(pattern=r"\d+", cast_func=lambda text: ROOMS[int(text)])


class ListRooms(Request):
    beds = PosIntQueryParameter(default=1)
    order = StringQueryParameter(default="number", values=["number", "price"])


@get("/rooms")
@expect(ListRooms)
@render_json
async def list_rooms(beds: int, order: str) -> list[Room]:
    rooms = [room for room in ROOMS.values() if room.beds >= beds]
    return sorted(rooms, key=lambda room: room.price if order == "price" else room.number)


class Price(Request):
    room = RoomField()
    nights = PosIntQueryParameter(default=1)
    currency = StringQueryParameter(default="EUR", values=["EUR", "GBP", "USD"])


@get(f"/rooms/{Price.room}/price")
@expect(Price)
@render_json
async def price(room: Room, nights: int, currency: str) -> Decimal:
    euros = room.price * nights
    return euros if currency == "EUR" else round(euros * await euro_in(currency), 2)


class Calendar(Request):
    connection = Database()
    room = RoomField()


@get(f"/rooms/{Calendar.room}/calendar")
@expect(Calendar)
@render_json
async def show_calendar(connection: aiosqlite.Connection, room: Room) -> list[Stay]:
    return await db.calendar(connection, room.number)


class NewBooking(Request):
    connection = Database()
    booking = ParsedJsonBody(Booking)


@post("/bookings")
@expect(NewBooking, mimetype="application/json")
@render_json(Booked, status=201)
async def book(connection: aiosqlite.Connection, booking: Booking) -> Reply[Booked]:
    if booking.room not in ROOMS:
        raise ValidationError(faults=[Fault("body", "booking", "is not a room of this house", "/room")])
    number = await db.add(connection, booking)
    if number is None:
        raise RoomTaken(faults=[Fault("body", "booking", "is taken on one of these nights", "/room")])
    return Reply(Booked(number), headers={"Location": f"/bookings/{number}"})


class OneBooking(Request):
    connection = Database()
    booking_id = PosIntRouteParameter()


@get(f"/bookings/{OneBooking.booking_id}")
@expect(OneBooking)
@render_json
async def show_booking(connection: aiosqlite.Connection, booking_id: int) -> Booking:
    booking = await db.find(connection, booking_id)
    if booking is None:
        raise DoesNotExist
    return booking


@delete(f"/bookings/{OneBooking.booking_id}")
@expect(OneBooking)
@render_json(status=204)
async def cancel(connection: aiosqlite.Connection, booking_id: int) -> None:
    if not await db.remove(connection, booking_id):
        raise DoesNotExist
