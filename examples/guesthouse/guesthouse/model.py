"""What a booking is, and what can be wrong with one."""

import dataclasses
import datetime
from decimal import Decimal
from typing import Annotated

from ponty import Annotation, PontyError


@dataclasses.dataclass(frozen=True)
class Room:
    number: int
    beds: int
    price: Decimal


ROOMS = {
    room.number: room
    for room in (Room(1, 1, Decimal("48.00")), Room(2, 2, Decimal("80.00")), Room(3, 4, Decimal("120.50")))
}


@dataclasses.dataclass(frozen=True)
class Guest:
    name: Annotated[str, Annotation(minLength=1, maxLength=80)]
    email: Annotated[str, Annotation(pattern="^[^@ ]+@[^@ ]+$")]


@dataclasses.dataclass(frozen=True)
class Stay:
    arrival: datetime.date
    departure: datetime.date

    def __post_init__(self) -> None:
        if self.departure <= self.arrival:
            raise ValueError("a stay is one night at least")


@dataclasses.dataclass(frozen=True)
class Booking:
    room: int
    stay: Stay
    guests: Annotated[list[Guest], Annotation(minItems=1, maxItems=4)]


@dataclasses.dataclass(frozen=True)
class Booked:
    id: int


class RoomTaken(PontyError):
    status_code = 409


class NoRates(PontyError):
    status_code = 503
