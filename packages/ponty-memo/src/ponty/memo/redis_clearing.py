"""Clearing a cache in Redis while others compute: it ends when nobody can get a value from before it any more.

A computation under way holds its key's lock, which lies in Redis with the epoch in which it was taken. A clearing
begins a new epoch. The lock of a computation is then

- *current*: taken in the new epoch. What is computed under it is computed after the clearing had begun.
- *outdated*: taken before. Its process may not know yet, and still let callers join.
- *forgone*: its process knows. Nobody joins the computation any more, and it stores nothing. Such a lock has no epoch.

Rules:

1. Who clears begins an epoch, forgets the values, begins another epoch, and then looks for locks that are outdated. It
   tells their holders by a message for each, and looks again, until there are none.
2. A holder that is told, by such a message or in answer to the extension of its lease, first lets nobody join, and then
   says in Redis that it forgoes the lock's epoch. In between, callers may still be on their way in other tasks; after
   it, none is.
3. A lock that was released, or whose lease has ended, is not waited for. Its holder knows the end of its lease by its
   own clock, and lets nobody join from then on.

What can never happen: a call that begins after a clearing has ended, and joins a computation from before it; a clearing
that is waited for longer than a lease and what Redis takes, for whoever could extend a lease is told as it does so.

So a message that is lost costs time, and nothing else. Blocks of `invalidate` hold such locks, too, and forgo an epoch
that they have no use for.
"""

import re
import weakref
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Protocol

from ponty.memo.errors import Unavailable
from ponty.memo.lazy import asyncio
from ponty.memo.redis_names import Names
from ponty.memo.redis_scripts import EPOCH, FORGO, REMIND

if TYPE_CHECKING:
    from ponty.memo.redis_link import RedisLink

_FIRST_PAUSE: Final = 0.002
_LONGEST_PAUSE: Final = 0.1


class Watcher(Protocol):
    """A cache, as far as it is told here."""

    def disown(self, key: str) -> None:
        """Let nobody join what is being computed for `key` now, and do not store it."""


class _Held(NamedTuple):
    key: str
    owner: str


class Clearing:
    """The clearing of one cache, as this process does it and is told of it.

    Args:
        link: The link to Redis.
        names: The names of the cache.
    """

    __slots__ = ("__weakref__", "_held", "_link", "_loop", "_names", "_watchers")

    def __init__(self, link: "RedisLink", names: Names) -> None:
        self._link = link
        self._names = names
        self._watchers: weakref.WeakSet[Watcher] = weakref.WeakSet()
        self._held: dict[str, _Held] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        link.signals.subscribe(names.drop, self)

    def watch(self, watcher: Watcher) -> None:
        """Tell `watcher` of each key whose lock is outdated, for as long as it exists."""
        self._watchers.add(watcher)

    def listen(self) -> None:
        """See that messages come, for a lock will be held."""
        self._link.signals.listen(self._names.drop)

    def took(self, key: str, owner: str) -> None:
        """Note that `owner`, in this process, holds the lock of `key`."""
        loop = asyncio.get_running_loop()
        if loop is not self._loop:  # what was held in another one has nobody left to be joined by
            self._held.clear()
            self._loop = loop
        self._held[self._names.lock(key)] = _Held(key, owner)

    def gave_back(self, key: str, owner: str) -> None:
        """Note that it does so no longer."""
        lock = self._names.lock(key)
        if self._held.get(lock) == (key, owner):
            del self._held[lock]

    def told(self, text: str) -> None:
        """Take a message, or what is as good as one: the name of a lock that is outdated."""
        held = self._held.pop(text, None)
        if held is not None:
            for watcher in self._watchers:
                watcher.disown(held.key)
            forgoing = asyncio.get_running_loop().create_task(self._forgo(text, held), name="ponty.memo redis forgo")
            self._link.endings.note(forgoing)

    def reconnected(self) -> None:
        """Do nothing: whoever clears tells again what was lost."""

    def disconnected(self) -> None:
        """Do nothing, likewise."""

    async def clear(self, lease_ms: int) -> None:
        """Forget every value; return when no call that begins from then on can get one from before.

        Args:
            lease_ms: The lease of the cache's locks, which ends also what lies in place of one and has none.
        """
        names, link = self._names, self._link
        epoch = [names.epoch, names.drop, names.area]
        await link.run(EPOCH, [names.meta], epoch)
        async with aclosing(self._scan(names.area)) as values:
            async for found in values:
                await link.command("UNLINK", *found)
        current = await link.run(EPOCH, [names.meta], epoch)  # what was read meanwhile goes too
        async with aclosing(self._scan(names.locks)) as locks:
            outdated = [lock async for found in locks for lock in found]
        pause = _FIRST_PAUSE
        while outdated:
            outdated = await link.run(REMIND, outdated, [current, names.drop, lease_ms])
            for lock in outdated:
                self.told(lock.decode("ascii", "replace"))
            if outdated:
                await asyncio.sleep(pause)
                pause = min(pause * 2, _LONGEST_PAUSE)

    async def _scan(self, beginning: str) -> AsyncGenerator[list[Any]]:
        """Give the names in Redis that begin so, some at a time."""
        pattern = re.sub(r"([\[\]*?\\])", r"\\\1", beginning) + "*"
        cursor = 0
        while True:
            cursor, found = await self._link.command("SCAN", cursor, "MATCH", pattern, "COUNT", 1000)
            if found:
                yield found
            if not int(cursor):
                return

    async def _forgo(self, lock: str, held: _Held) -> None:
        try:
            self._link.check_open()
            await self._link.run(FORGO, [lock], [held.owner])
        except Unavailable:  # it is told again, by a message or as it extends its lease
            self._held.setdefault(lock, held)
