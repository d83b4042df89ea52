"""A guesthouse, step 6: a guard, which knows who asks."""

import dataclasses
from collections.abc import AsyncIterator

import aiosqlite
from aiohttp import web

from ponty import (
    BearerToken,
    Field,
    InvalidField,
    ParsedJsonBody,
    Provided,
    Request,
    Routes,
    expect,
    render_json,
    startmeup,
)

DATABASE = web.AppKey("DATABASE", aiosqlite.Connection)
SCHEMA = """
CREATE TABLE accounts (token TEXT PRIMARY KEY, name TEXT);
INSERT INTO accounts VALUES ('s3cret', 'ann');
CREATE TABLE wishes (name TEXT, wish TEXT);
"""


async def database(app: web.Application) -> AsyncIterator[None]:
    async with aiosqlite.connect(":memory:", isolation_level=None) as connection:
        await connection.executescript(SCHEMA)
        app[DATABASE] = connection
        yield


class CurrentUser(Field[str]):
    """The name of whoever the token belongs to."""

    guard = True

    async def extract(self, request: web.Request, *, token: str, store: aiosqlite.Connection) -> str:
        for (name,) in await store.execute_fetchall("SELECT name FROM accounts WHERE token = ?", [token]):
            return str(name)
        raise InvalidField("must be that of an account", status=401, headers={"WWW-Authenticate": "Bearer"})


class OfUser(Request):
    user = CurrentUser(token=BearerToken(), store=Provided(DATABASE))
    db = Provided(DATABASE)


@dataclasses.dataclass
class Wish:
    wish: str


class NewWish(OfUser):
    body = ParsedJsonBody(Wish)


wishes = Routes("/wishes", tags=["wishes"])


@wishes.post("")
@expect(NewWish, whole=True)
@render_json(status=204)
async def add_wish(r: NewWish) -> None:
    await r.db.execute("INSERT INTO wishes VALUES (?, ?)", [r.user, r.body.wish])


@wishes.get("")
@expect(OfUser, whole=True)
@render_json(list[Wish])
async def list_wishes(r: OfUser) -> list[Wish]:
    rows = await r.db.execute_fetchall("SELECT wish FROM wishes WHERE name = ?", [r.user])
    return [Wish(wish) for (wish,) in rows]


if __name__ == "__main__":
    startmeup(port=8080, routes=[wishes], providers=[database])
