"""A guesthouse, step 4: errors of one's own."""

import dataclasses
import datetime
from typing import Annotated

from ponty import (
    Annotation,
    DoesNotExist,
    Fault,
    ParsedJsonBody,
    PontyError,
    PosIntRouteParameter,
    Request,
    ValidationError,
    delete,
    expect,
    get,
    post,
    render_json,
    startmeup,
)


@dataclasses.dataclass
class Guest:
    name: Annotated[str, Annotation(minLength=1, maxLength=80)]
    email: Annotated[str, Annotation(pattern="^[^@ ]+@[^@ ]+$")]


@dataclasses.dataclass
class Booking:
    room: int
    arrival: datetime.date
    departure: datetime.date
    guests: Annotated[list[Guest], Annotation(minItems=1, maxItems=4)]

    def __post_init__(self) -> None:
        if self.departure <= self.arrival:
            raise ValueError("a stay is one night at least")

    def overlaps(self, other: "Booking") -> bool:
        return self.room == other.room and self.arrival < other.departure and other.arrival < self.departure


ROOMS = {1, 2, 3}
BOOKINGS: dict[int, Booking] = {}


class RoomTaken(PontyError):
    status_code = 409


class NewBooking(Request):
    booking = ParsedJsonBody(Booking)


@post("/bookings")
@expect(NewBooking, mimetype="application/json")
@render_json
async def book(booking: Booking) -> dict[str, int]:
    if booking.room not in ROOMS:
        raise ValidationError(faults=[Fault("body", "booking", "is not a room of this house", "/room")])
    if any(booking.overlaps(other) for other in BOOKINGS.values()):
        raise RoomTaken(faults=[Fault("body", "booking", "is taken on one of these nights", "/room")])
    number = max(BOOKINGS, default=0) + 1
    BOOKINGS[number] = booking
    return {"id": number, "nights": (booking.departure - booking.arrival).days}


class OneBooking(Request):
    booking_id = PosIntRouteParameter()


@get(f"/bookings/{OneBooking.booking_id}")
@expect(OneBooking)
@render_json
async def show_booking(booking_id: int) -> Booking:
    if booking_id not in BOOKINGS:
        raise DoesNotExist
    return BOOKINGS[booking_id]


@delete(f"/bookings/{OneBooking.booking_id}")
@expect(OneBooking)
@render_json(status=204)
async def cancel(booking_id: int) -> None:
    if BOOKINGS.pop(booking_id, None) is None:
        raise DoesNotExist


if __name__ == "__main__":
    startmeup(port=8080)
