"""The database: opened by a provider, read by all requests at once, and written by one transaction at a time.

SQLite allows many readers and one writer at once. So there are two connections. A read sees only committed data; a
request that writes has the other connection to itself, until its transaction is committed or rolled back.
"""

import asyncio
import contextlib
import dataclasses
import datetime
from collections.abc import AsyncIterator

import aiosqlite
from aiohttp import web

from guesthouse.model import Stay
from ponty import Provider
from ponty.memo import invalidate, localcache

SCHEMA = """
PRAGMA journal_mode = WAL;
CREATE TABLE IF NOT EXISTS accounts (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    token_hash TEXT NOT NULL UNIQUE
);
CREATE TABLE IF NOT EXISTS bookings (
    id INTEGER PRIMARY KEY,
    account INTEGER NOT NULL REFERENCES accounts,
    room INTEGER NOT NULL,
    arrival TEXT NOT NULL,
    departure TEXT NOT NULL,
    note TEXT
);
CREATE TABLE IF NOT EXISTS guests (
    booking INTEGER NOT NULL REFERENCES bookings ON DELETE CASCADE,
    place INTEGER NOT NULL,
    name TEXT NOT NULL,
    email TEXT NOT NULL,
    UNIQUE (booking, email)
);
"""
STAYS = "SELECT arrival, departure FROM bookings WHERE room = ? ORDER BY arrival"


@dataclasses.dataclass(frozen=True)
class Database:
    path: str
    reader: aiosqlite.Connection
    writer: aiosqlite.Connection
    writing: asyncio.Lock = dataclasses.field(default_factory=asyncio.Lock)


DATABASE = web.AppKey("DATABASE", Database)


def open_database(path: str) -> Provider:
    async def provide(app: web.Application) -> AsyncIterator[None]:
        # isolation_level=None: only this module begins and ends transactions.
        async with (
            aiosqlite.connect(path, isolation_level=None) as writer,
            aiosqlite.connect(path, isolation_level=None) as reader,
        ):
            await writer.executescript(SCHEMA)
            await writer.execute("PRAGMA foreign_keys = ON")
            app[DATABASE] = Database(path, reader, writer)
            yield
        calendar.cache_clear()

    return provide


async def database_answers(app: web.Application) -> None:
    """Raise an exception if the database cannot be read."""
    await app[DATABASE].reader.execute_fetchall("SELECT 1")


@dataclasses.dataclass(frozen=True)
class Transaction:
    """The writes of one request: all of them are committed, or none."""

    database: Database
    held: contextlib.AsyncExitStack

    @property
    def connection(self) -> aiosqlite.Connection:
        return self.database.writer

    async def forget_calendar(self, room: int) -> None:
        """Drop the cached calendar of a room; readers of it wait until this transaction has ended."""
        await self.held.enter_async_context(invalidate("calendar", self.database, room))


async def transaction(request: web.Request) -> AsyncIterator[Transaction]:
    """Open a transaction for a request; any exception rolls it back."""
    database = request.config_dict[DATABASE]
    async with database.writing, contextlib.AsyncExitStack() as held:
        try:
            await database.writer.execute("BEGIN IMMEDIATE")
            yield Transaction(database, held)
            await database.writer.commit()
        except BaseException:
            await database.writer.rollback()
            raise


@localcache(name="calendar", key=lambda database, room: (database.path, room))
async def calendar(database: Database, room: int) -> list[Stay]:
    rows = await database.reader.execute_fetchall(STAYS, [room])
    return [stay(arrival, departure) for arrival, departure in rows]


def stay(arrival: str, departure: str) -> Stay:
    return Stay(datetime.date.fromisoformat(arrival), datetime.date.fromisoformat(departure))
