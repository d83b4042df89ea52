"""Checks beyond types: a text without blanks around it, and values that must fit together."""

import dataclasses
import datetime
from typing import Annotated

from ponty import Annotation, Fault, ParsedJsonBody, Request, Routes, ValidationError, expect, render_json, startmeup


@dataclasses.dataclass
class Stay:
    guest: Annotated[str, Annotation(minLength=1, maxLength=80)]
    arrival: datetime.date
    departure: datetime.date
    beds: Annotated[int, Annotation(minimum=1, maximum=6)] = 1

    def __post_init__(self) -> None:
        self.guest = " ".join(self.guest.split())

    def check(self) -> None:
        faults: list[Fault] = []
        if not self.guest:
            faults.append(Fault("body", "stay", "must not be blank", "/guest", code="blank"))
        if self.departure <= self.arrival:
            faults.append(Fault("body", "stay", "must be after arrival", "/departure", code="order"))
        if faults:
            raise ValidationError(faults=faults)


class Book(Request):
    stay = ParsedJsonBody(Stay)


stays = Routes("/stays")


@stays.post("")
@expect(Book)
@render_json(Stay, status=201)
async def book(stay: Stay) -> Stay:
    stay.check()
    return stay


if __name__ == "__main__":
    startmeup(port=8080, routes=[stays])
