"""A guesthouse, step 4: a table of routes, and custom errors."""

import dataclasses
import datetime

from ponty import (
    DoesNotExist,
    Fault,
    ParsedJsonBody,
    PontyError,
    PosIntRouteParameter,
    Reply,
    Request,
    Routes,
    ValidationError,
    api_docs,
    expect,
    render_json,
    startmeup,
)


@dataclasses.dataclass
class Booking:
    room: int
    arrival: datetime.date
    departure: datetime.date

    def overlaps(self, other: "Booking") -> bool:
        return self.room == other.room and self.arrival < other.departure and other.arrival < self.departure


ROOMS = {1, 2, 3}
BOOKINGS: dict[int, Booking] = {}

bookings = Routes("/bookings", tags=["bookings"])


class RoomTaken(PontyError):
    status_code = 409
    type = "https://guesthouse.example/problems/room-taken"
    title = "The room is taken"


class NewBooking(Request):
    booking = ParsedJsonBody(Booking)


@bookings.post("", raises=[RoomTaken])
@expect(NewBooking)
@render_json(Booking, status=201)
async def book(booking: Booking) -> Reply[Booking]:
    """Book a room."""
    if booking.room not in ROOMS:
        raise ValidationError(faults=[Fault("body", "booking", "is not a room of this house", "/room")])
    for other in BOOKINGS.values():
        if booking.overlaps(other):
            raise RoomTaken(detail="choose other nights", members={"until": other.departure})
    number = max(BOOKINGS, default=0) + 1
    BOOKINGS[number] = booking
    return Reply(booking, headers={"Location": f"/bookings/{number}"})


class OneBooking(Request):
    number = PosIntRouteParameter()


@bookings.get(f"/{OneBooking.number}")
@expect(OneBooking)
@render_json(Booking)
async def show_booking(number: int) -> Booking:
    if number not in BOOKINGS:
        raise DoesNotExist
    return BOOKINGS[number]


@bookings.delete(f"/{OneBooking.number}")
@expect(OneBooking)
@render_json(status=204)
async def cancel(number: int) -> None:
    if BOOKINGS.pop(number, None) is None:
        raise DoesNotExist


if __name__ == "__main__":
    startmeup(port=8080, routes=[bookings, api_docs(bookings, title="Guesthouse", version="0.4")])
