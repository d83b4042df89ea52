"""A guesthouse, step 3: a body that becomes nested dataclasses."""

import dataclasses
import datetime
from typing import Annotated

from ponty import Annotation, ParsedJsonBody, Request, expect, get, post, render_json, startmeup


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


BOOKINGS: list[Booking] = []


class NewBooking(Request):
    booking = ParsedJsonBody(Booking)


@post("/bookings")
@expect(NewBooking, mimetype="application/json")
@render_json
async def book(booking: Booking) -> dict[str, int]:
    BOOKINGS.append(booking)
    return {"id": len(BOOKINGS), "nights": (booking.departure - booking.arrival).days}


class ListBookings(Request):
    pass


@get("/bookings")
@expect(ListBookings)
@render_json
async def list_bookings() -> list[Booking]:
    return BOOKINGS


if __name__ == "__main__":
    startmeup(port=8080)
