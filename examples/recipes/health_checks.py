"""Health checks: the process is alive; it is ready if the database answers and the server is not stopping."""

import os
from collections.abc import AsyncIterator

import aiosqlite
from aiohttp import web

from ponty import Provided, Request, Routes, expect, health, render_json, startmeup

DATABASE = web.AppKey("DATABASE", aiosqlite.Connection)


async def database(app: web.Application) -> AsyncIterator[None]:
    async with aiosqlite.connect(os.environ.get("DATABASE", ":memory:")) as connection:
        app[DATABASE] = connection
        yield


async def database_answers(app: web.Application) -> None:
    """Raise an exception if the database does not answer."""
    await app[DATABASE].execute_fetchall("SELECT 1")


class Ask(Request):
    db = Provided(DATABASE)


answers = Routes()


@answers.get("/answer")
@expect(Ask)
@render_json(int)
async def answer(db: aiosqlite.Connection) -> int:
    [(number,)] = await db.execute_fetchall("SELECT 42")
    return int(number)


if __name__ == "__main__":
    startmeup(port=8080, routes=[answers, health(database_answers)], providers=[database])
