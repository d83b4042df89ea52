"""The data types of the guesthouse, and its errors."""

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


Guests = Annotated[list[Guest], Annotation(minItems=1, maxItems=4)]
Note = Annotated[str, Annotation(maxLength=500)]
RowId = Annotated[int, Annotation(minimum=1, maximum=2**63 - 1)]
"""The numbers that a row can have in SQLite."""


@dataclasses.dataclass(frozen=True)
class Stay:
    arrival: datetime.date
    departure: datetime.date

    def __post_init__(self) -> None:
        if self.departure <= self.arrival:
            raise ValueError("a stay is one night at least")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Booking:
    """A booking as a client sends it."""

    room: int
    stay: Stay
    guests: Guests
    note: Note | None = None


@dataclasses.dataclass(frozen=True, kw_only=True)
class Booked(Booking):
    """A booking as it is stored and returned."""

    id: RowId


class RoomTaken(PontyError):
    status_code = 409
    type = "https://guesthouse.example/problems/room-taken"
    title = "The room is taken"


class NameTaken(PontyError):
    status_code = 409
    type = "https://guesthouse.example/problems/name-taken"
    title = "Somebody else has this name"


class NoRates(PontyError):
    status_code = 503
    type = "https://guesthouse.example/problems/no-rates"
    title = "Nobody knows the exchange rates at the moment"
