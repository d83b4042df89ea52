"""A guesthouse, step 1: a route."""

import dataclasses
from decimal import Decimal

from aiohttp import web

from ponty import get, render_json, startmeup


@dataclasses.dataclass
class Room:
    number: int
    beds: int
    price: Decimal


ROOMS = [Room(1, 1, Decimal("48.00")), Room(2, 2, Decimal("80.00")), Room(3, 4, Decimal("120.50"))]


@get("/rooms")
@render_json(list[Room])
async def list_rooms(request: web.Request) -> list[Room]:
    return ROOMS


if __name__ == "__main__":
    startmeup(port=8080)
