"""A guesthouse, step 3: a body that becomes nested dataclasses, and an answer with the new booking."""

import dataclasses
import datetime
from typing import Annotated

from ponty import (
    Annotation,
    DoesNotExist,
    ParsedJsonBody,
    PosIntRouteParameter,
    Reply,
    Request,
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


BOOKINGS: list[Booking] = []


class NewBooking(Request):
    booking = ParsedJsonBody(Booking)


@post("/bookings")
@expect(NewBooking)
@render_json(Booking, status=201)
async def book(booking: Booking) -> Reply[Booking]:
    BOOKINGS.append(booking)
    return Reply(booking, headers={"Location": f"/bookings/{len(BOOKINGS)}"})


class OneBooking(Request):
    number = PosIntRouteParameter()


@get(f"/bookings/{OneBooking.number}")
@expect(OneBooking)
@render_json(Booking)
async def show_booking(number: int) -> Booking:
    if not 1 <= number <= len(BOOKINGS):
        raise DoesNotExist
    return BOOKINGS[number - 1]


if __name__ == "__main__":
    startmeup(port=8080)
