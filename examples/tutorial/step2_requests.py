"""A guesthouse, step 2: parameters of the path and of the query."""

import dataclasses
from decimal import Decimal

from ponty import (
    DoesNotExist,
    PosIntQueryParameter,
    PosIntRouteParameter,
    Request,
    StringQueryParameter,
    expect,
    get,
    render_json,
    startmeup,
)


@dataclasses.dataclass
class Room:
    number: int
    beds: int
    price: Decimal


ROOMS = [Room(1, 1, Decimal("48.00")), Room(2, 2, Decimal("80.00")), Room(3, 4, Decimal("120.50"))]


class ListRooms(Request):
    beds = PosIntQueryParameter(default=1)
    order = StringQueryParameter(default="number", values=["number", "price"])


@get("/rooms")
@expect(ListRooms, whole=True)
@render_json(list[Room])
async def list_rooms(r: ListRooms) -> list[Room]:
    rooms = [room for room in ROOMS if room.beds >= r.beds]
    return sorted(rooms, key=lambda room: room.price if r.order == "price" else room.number)


class OneRoom(Request):
    number = PosIntRouteParameter()


@get(f"/rooms/{OneRoom.number}")
@expect(OneRoom)
@render_json(Room)
async def show_room(number: int) -> Room:
    for room in ROOMS:
        if room.number == number:
            return room
    raise DoesNotExist


if __name__ == "__main__":
    startmeup(port=8080)
