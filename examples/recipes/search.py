"""A search with filters, sorting and pages, on SQLite; its parameters are the fields of a class."""

import dataclasses
from collections.abc import AsyncIterator
from typing import Annotated, Literal

import aiosqlite
from aiohttp import web

from ponty import Annotation, ParsedQuery, Provided, Request, Routes, expect, render_json, startmeup

Colour = Literal["red", "blue", "green"]

DATABASE = web.AppKey("DATABASE", aiosqlite.Connection)
FILL = """
CREATE TABLE mugs (id INTEGER PRIMARY KEY, name TEXT, colour TEXT, cents INTEGER);
INSERT INTO mugs (name, colour, cents) VALUES ('Tall', 'red', 900), ('Wide', 'blue', 700), ('100% clay', 'red', 1200);
"""
ORDERS = {"price": "cents, id", "-price": "cents DESC, id", "name": "name, id"}


async def database(app: web.Application) -> AsyncIterator[None]:
    async with aiosqlite.connect(":memory:") as connection:  # a file or a server in practice
        await connection.executescript(FILL)
        app[DATABASE] = connection
        yield


@dataclasses.dataclass
class Search:
    text: Annotated[str, Annotation(maxLength=50)] = ""
    colour: list[Colour] = dataclasses.field(default_factory=list[Colour])
    max_cents: Annotated[int, Annotation(minimum=0, maximum=10**9)] | None = None
    sort: Literal["price", "-price", "name"] = "name"
    limit: Annotated[int, Annotation(minimum=1, maximum=100)] = 20
    offset: Annotated[int, Annotation(minimum=0, maximum=10_000)] = 0


@dataclasses.dataclass
class Mug:
    name: str
    colour: Colour
    cents: int


class SearchMugs(Request):
    search = ParsedQuery(Search)
    db = Provided(DATABASE)


mugs = Routes("/mugs")


@mugs.get("")
@expect(SearchMugs)
@render_json(list[Mug])
async def search_mugs(search: Search, db: aiosqlite.Connection) -> list[Mug]:
    where: list[str] = ["1"]
    values: list[object] = []
    if search.text:
        where.append(r"name LIKE ? ESCAPE '\'")
        values.append("%" + search.text.translate({ord(sign): f"\\{sign}" for sign in r"\%_"}) + "%")
    if search.colour:
        where.append(f"colour IN ({', '.join('?' * len(search.colour))})")
        values += search.colour
    if search.max_cents is not None:
        where.append("cents <= ?")
        values.append(search.max_cents)
    found = f"SELECT name, colour, cents FROM mugs WHERE {' AND '.join(where)}"  # noqa: S608
    query = f"{found} ORDER BY {ORDERS[search.sort]} LIMIT ? OFFSET ?"
    return [Mug(*row) for row in await db.execute_fetchall(query, [*values, search.limit, search.offset])]


if __name__ == "__main__":
    startmeup(port=8080, routes=[mugs], providers=[database])
