"""Import and export of a table as JSON lines, row by row: a million rows take no more memory than one."""

import dataclasses
import os
from collections.abc import AsyncIterator
from typing import Annotated

import aiosqlite
import msgspec
from aiohttp import web

from ponty import (
    BodyStream,
    Fault,
    Request,
    Routes,
    Scoped,
    ValidationError,
    expect,
    render_json,
    render_lines,
    startmeup,
)

DATABASE = os.environ.get("DATABASE", "mugs.db")
LONGEST_LINE = 10_000


@dataclasses.dataclass
class Mug:
    colour: Annotated[str, msgspec.Meta(min_length=1, max_length=40)]
    stock: Annotated[int, msgspec.Meta(ge=0, le=1_000_000)]


async def database(app: web.Application) -> AsyncIterator[None]:
    async with aiosqlite.connect(DATABASE) as connection:
        await connection.execute("CREATE TABLE IF NOT EXISTS mugs (colour TEXT PRIMARY KEY, stock INTEGER)")
    yield


async def transaction(request: web.Request) -> AsyncIterator[aiosqlite.Connection]:
    async with aiosqlite.connect(DATABASE) as connection:
        yield connection
        await connection.commit()  # not after an exception


async def lines_of(content: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    rest = b""
    async for chunk in content:
        *whole, rest = (rest + chunk).split(b"\n")
        for line in whole:
            yield line
        if len(rest) > LONGEST_LINE:
            raise ValidationError(faults=[Fault("body", "", "must have shorter lines", code="maxLength")])
    if rest:
        yield rest


class Import(Request):
    content = BodyStream(max_size=1_000_000_000)
    db = Scoped(transaction)


class Export(Request):
    db = Scoped(transaction)


mugs = Routes("/mugs.jsonl")


@mugs.put("")
@expect(Import, mimetype="application/jsonl")
@render_json(int)
async def take(content: AsyncIterator[bytes], db: aiosqlite.Connection) -> int:
    number = 0
    async for line in lines_of(content):
        number += 1
        try:
            mug = msgspec.json.decode(line, type=Mug)
        except (msgspec.DecodeError, UnicodeDecodeError):
            fault = Fault("body", f"line {number}", "must be a mug in JSON", code="type")
            raise ValidationError(faults=[fault]) from None
        await db.execute("INSERT OR REPLACE INTO mugs VALUES (?, ?)", [mug.colour, mug.stock])
    return number


@mugs.get("")
@expect(Export)
@render_lines(Mug)
async def give(db: aiosqlite.Connection) -> AsyncIterator[Mug]:
    async with db.execute("SELECT colour, stock FROM mugs ORDER BY colour") as rows:
        async for row in rows:
            yield Mug(*row)


if __name__ == "__main__":
    startmeup(port=8080, routes=[mugs], providers=[database])
