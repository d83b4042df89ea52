"""A custom store: a cache in a SQLite file, which outlives the process and is shared by several processes.

Run it twice, or twice at once: the value is computed once.

    python custom_store.py & python custom_store.py; wait
"""

import asyncio
import contextlib
import json
import os
import sqlite3
import time

from ponty.memo import CacheStore, Lock, SentinelStore, Stampede, cache, cachemiss

SCHEMA = """
CREATE TABLE IF NOT EXISTS items (key TEXT PRIMARY KEY, value TEXT NOT NULL, until REAL NOT NULL);
CREATE TABLE IF NOT EXISTS locks (key TEXT PRIMARY KEY, owner TEXT NOT NULL, until REAL NOT NULL);
"""


class File:
    """A SQLite file that is used in threads."""

    def __init__(self, path: str) -> None:
        self.path = path
        with contextlib.closing(self._connect()) as connection:
            connection.executescript(SCHEMA)

    async def ask(self, statement: str, *values: object) -> tuple[int, list[tuple[str, ...]]]:
        """Return the number of changed rows, and the rows that were found."""

        def run() -> tuple[int, list[tuple[str, ...]]]:
            with contextlib.closing(self._connect()) as connection, connection:
                cursor = connection.execute(statement, values)
                return cursor.rowcount, cursor.fetchall()

        return await asyncio.to_thread(run)

    def _connect(self) -> sqlite3.Connection:
        return sqlite3.connect(self.path, timeout=30)


class Values(CacheStore[object]):
    """Values as JSON, which are kept for an hour."""

    shared = True

    def __init__(self, file: File) -> None:
        self.file = file

    async def get(self, key: str) -> object | type[cachemiss]:
        _, rows = await self.file.ask("SELECT value FROM items WHERE key = ? AND until > ?", key, time.time())
        return json.loads(rows[0][0]) if rows else cachemiss

    async def set(self, key: str, data: object) -> None:
        await self.file.ask("REPLACE INTO items VALUES (?, ?, ?)", key, json.dumps(data), time.time() + 3600)

    async def remove(self, key: str) -> bool:
        removed, _ = await self.file.ask("DELETE FROM items WHERE key = ?", key)
        return removed > 0

    async def clear(self) -> None:
        await self.file.ask("DELETE FROM items")


class Sentinels(SentinelStore):
    """Locks that remember their owners, and that expire if a process dies."""

    lease_ms = 30_000

    def __init__(self, file: File) -> None:
        self.file = file

    async def exists(self, key: str) -> bool:
        _, rows = await self.file.ask("SELECT 1 FROM locks WHERE key = ? AND until > ?", key, time.time())
        return bool(rows)

    async def add(self, key: str) -> None:
        await self.try_add(key, "")

    async def remove(self, key: str) -> None:
        await self.file.ask("DELETE FROM locks WHERE key = ?", key)

    async def try_add(self, key: str, owner: str) -> bool:
        now = time.time()
        added, _ = await self.file.ask(
            "INSERT INTO locks VALUES (?, ?, ?) ON CONFLICT (key) DO UPDATE"
            " SET owner = excluded.owner, until = excluded.until WHERE until <= ?",
            *(key, owner, now + self.lease_ms / 1000, now),
        )
        return added > 0

    async def release(self, key: str, owner: str) -> None:
        await self.file.ask("DELETE FROM locks WHERE key = ? AND owner = ?", key, owner)

    async def extend(self, key: str, owner: str) -> bool:
        until = time.time() + self.lease_ms / 1000
        extended, _ = await self.file.ask("UPDATE locks SET until = ? WHERE key = ? AND owner = ?", until, key, owner)
        return extended > 0


file = File(os.environ.get("CACHE_FILE", "cache.db"))


@cache(Values(file), Lock(Sentinels(file), maxwait_ms=60_000, pulse_ms=100, timeout_error=Stampede), name="reports")
async def report(year: int) -> dict[str, int]:
    print("computing")
    await asyncio.sleep(0.5)  # an expensive computation
    return {"year": year, "days": 366 if year % 4 == 0 else 365}


if __name__ == "__main__":
    print(asyncio.run(report(2026)))
