"""The rooms, their prices and their calendars, for everybody."""

from decimal import Decimal
from typing import Literal

from guesthouse.database import DATABASE, Database, calendar
from guesthouse.model import ROOMS, NoRates, Room, Stay
from guesthouse.rates import euro_in
from ponty import (
    PosIntQueryParameter,
    Provided,
    QueryParameter,
    Request,
    RouteParameter,
    Routes,
    StringQueryParameter,
    expect,
    render_json,
)

routes = Routes("/rooms", tags=["rooms"])


class RoomField(RouteParameter[Room]):
    """The number of a room; any other number is a 404."""

    def __init__(self) -> None:
        super().__init__(pattern="[0-9]{1,9}", cast_func=lambda text: ROOMS[int(text)])


class ListRooms(Request):
    beds = PosIntQueryParameter(default=1)
    order = StringQueryParameter(default="number", values=["number", "price"])


@routes.get("")
@expect(ListRooms, whole=True, others="refuse")
@render_json(list[Room])
async def list_rooms(r: ListRooms) -> list[Room]:
    rooms = [room for room in ROOMS.values() if room.beds >= r.beds]
    return sorted(rooms, key=lambda room: room.price if r.order == "price" else room.number)


class Price(Request):
    room = RoomField()
    nights = PosIntQueryParameter(default=1)
    currency = QueryParameter[Literal["EUR", "GBP", "USD"]](Literal["EUR", "GBP", "USD"], default="EUR")


@routes.get(f"/{Price.room}/price", raises=[NoRates])
@expect(Price, whole=True)
@render_json(Decimal)
async def price(r: Price) -> Decimal:
    euros = r.room.price * r.nights
    return euros if r.currency == "EUR" else round(euros * await euro_in(r.currency), 2)


class Calendar(Request):
    database = Provided(DATABASE)
    room = RoomField()


@routes.get(f"/{Calendar.room}/calendar")
@expect(Calendar)
@render_json(list[Stay], etag=True)
async def show_calendar(database: Database, room: Room) -> list[Stay]:
    return await calendar(database, room.number)
