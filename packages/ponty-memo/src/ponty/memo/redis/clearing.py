"""Clearing a cache in Redis while others compute: it ends when nobody can get a value from before it any more.

A computation under way holds its key's lock, which lies in Redis with the epoch in which it was taken. A clearing
begins a new epoch. The lock of a computation is then

- *current*: taken in the new epoch. What is computed under it is computed after the clearing had begun.
- *outdated*: taken before. Its process may not know yet, and still let callers join.
- *acknowledged*: its process knows. Nobody joins the computation any more, and it stores nothing. Such a lock has no
  epoch.

Rules:

1. Who clears begins an epoch, forgets the values, begins another epoch, and then looks for locks that are outdated,
   until there are none. Each epoch is published in one message, which is published again while locks are
   outdated: each time after twice as long.
2. A holder knows the epochs of its locks, so a message that comes late does nothing to one that is current. One that
   comes while a lock is being taken is remembered until the lock's epoch is known.
3. A holder whose lock is outdated, as it learns from a message or in answer to the extension of its lease, first lets
   nobody join, and then acknowledges the epoch in Redis. In between, callers may still be on their way
   in other tasks; after it, none is. Where no cache is there that could let nobody join, nothing is acknowledged.
4. A lock that was released, or whose lease has ended, is not waited for. Its holder knows the end of its lease by its
   own clock, and lets nobody join from then on.
5. Messages are listened for where a lock is held for longer than a moment.

What can never happen, while the clock of each process runs as Redis's does: a call that begins after a clearing has
ended, and joins a computation from before it; a clearing that is waited for longer than a lease and what Redis takes,
for whoever could extend a lease learns of it as it does so.

So a message that is lost costs time, and nothing else. Blocks of `invalidate` hold such locks, too, and acknowledge an
epoch that they have no use for.

However many locks are outdated, one look is at some of them: the others are looked at when these are no longer.
"""

import re
import weakref
from collections.abc import AsyncGenerator
from contextlib import aclosing, suppress
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from ponty.memo.errors import Unavailable
from ponty.memo.lazy_imports import asyncio
from ponty.memo.locks.sentinel_store import Watched, Watcher
from ponty.memo.redis.key_names import Names
from ponty.memo.redis.scripts import ACKNOWLEDGE, EPOCH, OUTDATED

if TYPE_CHECKING:
    from ponty.memo.redis.connection.link import RedisLink

_MOMENT: Final = 0.02
_FIRST_PAUSE: Final = 0.002
_LONGEST_PAUSE: Final = 0.1
_FIRST_REPETITION: Final = 0.01
_AT_ONCE: Final = 100


class _Held(NamedTuple):
    key: str
    epoch: int
    listening: "asyncio.TimerHandle"
    loop: "asyncio.AbstractEventLoop"


class Clearing(Watched):
    """The clearing of one cache, as this process does it and hears of it.

    Args:
        link: The link to Redis.
        names: The names of the cache.
    """

    def __init__(self, link: "RedisLink", names: Names) -> None:
        self._link = link
        self._names = names
        self._watchers: weakref.WeakSet[Watcher] = weakref.WeakSet()
        self._held: dict[str, _Held] = {}
        self._acknowledging: set[str] = set()
        self._epoch = 0
        self._heard = 0  # how many times
        self._loop: asyncio.AbstractEventLoop | None = None
        link.subscription.subscribe(names.drop, self)

    def watch(self, watcher: Watcher) -> None:
        """Call `watcher` with each key whose lock is outdated, for as long as it exists."""
        self._watchers.add(watcher)

    def generation(self) -> int:
        """Return a number that changes whenever an epoch is heard of."""
        return self._heard

    def took(self, key: str, owner: str, epoch: int, generation: int) -> None:
        """Note that a lock is held in this process.

        Args:
            key: Its key.
            owner: Its owner.
            epoch: The epoch in which it was taken.
            generation: The `generation` before Redis was asked for it.
        """
        loop = asyncio.get_running_loop()
        if loop is not self._loop:  # whatever was held in a loop that is closed has nobody left to give it back
            self._held = {owner: held for owner, held in self._held.items() if not held.loop.is_closed()}
            self._loop = loop
        held = self._held[owner] = _Held(key, epoch, loop.call_later(_MOMENT, self._listen), loop)
        if generation != self._heard and epoch < self._epoch:
            self._acknowledge(owner, held)

    def gave_back(self, owner: str) -> None:
        """Note that it is held no longer."""
        self._acknowledging.discard(owner)
        held = self._held.pop(owner, None)
        if held is not None:
            held.listening.cancel()

    def outdated(self, owner: str) -> None:
        """Take an answer that says that the owner's lock is outdated."""
        held = self._held.get(owner)
        if held is not None:
            self._acknowledge(owner, held)

    def on_message(self, text: str) -> None:
        """Take a message."""
        epoch = text.removeprefix(self._names.cleared)
        if epoch != text and epoch.isdecimal():
            self._begun(int(epoch))

    def on_connect(self) -> None:
        """Do nothing: whoever clears publishes again what was lost."""

    def on_disconnect(self) -> None:
        """Do nothing, likewise."""

    async def clear(self, lease_ms: int) -> None:
        """Forget every value; return when no call that begins from then on can get one from before.

        Args:
            lease_ms: The lease of the cache's locks, which ends also what lies in place of one and has none.
        """
        names, link = self._names, self._link
        await self._begin()
        async with aclosing(self._scan(names.area)) as values:
            async for found in values:
                await link.command("UNLINK", *found)
        epoch = await self._begin()  # what was read meanwhile goes too
        outdated: list[Any] = []
        async with aclosing(self._scan(names.locks)) as locks:
            async for found in locks:
                outdated += await link.run(OUTDATED, found, [epoch, lease_ms])
        waited, pause, repetition = 0.0, _FIRST_PAUSE, _FIRST_REPETITION
        while outdated:
            await asyncio.sleep(pause)
            waited += pause
            pause = min(pause * 2, _LONGEST_PAUSE)
            left = await link.run(OUTDATED, outdated[:_AT_ONCE], [epoch, lease_ms])
            while not left and (outdated := outdated[_AT_ONCE:]):
                left = await link.run(OUTDATED, outdated[:_AT_ONCE], [epoch, lease_ms])
            outdated[:_AT_ONCE] = left
            if outdated and waited >= repetition:
                repetition = waited * 2
                with suppress(Unavailable):  # it may not be allowed; the locks are looked at in any case
                    await link.command("PUBLISH", names.drop, f"{names.cleared}{epoch}")

    async def _begin(self) -> int:
        """Begin a new epoch."""
        names = self._names
        epoch = int(await self._link.run(EPOCH, [names.meta], [names.epoch, names.drop, names.cleared]))
        self._begun(epoch)  # without waiting for the message
        return epoch

    def _begun(self, epoch: int) -> None:
        self._epoch = epoch
        self._heard += 1
        for owner, held in [*self._held.items()]:
            if held.epoch < epoch:
                self._acknowledge(owner, held)

    async def _scan(self, beginning: str) -> AsyncGenerator[list[Any]]:
        """Yield the names in Redis that begin so, some at a time."""
        pattern = re.sub(r"([\[\]*?\\])", r"\\\1", beginning) + "*"
        cursor = 0
        while True:
            cursor, found = await self._link.command("SCAN", cursor, "MATCH", pattern, "COUNT", 1000)
            if found:
                yield found
            if not int(cursor):
                return

    def _listen(self) -> None:
        with suppress(Unavailable):
            self._link.check_open()
            self._link.subscription.listen(self._names.drop)

    def _acknowledge(self, owner: str, held: _Held) -> None:
        if not self._watchers or owner in self._acknowledging:
            return
        for watcher in self._watchers:
            watcher.detach(held.key, owner)
        self._acknowledging.add(owner)
        telling = self._acknowledge_in_redis(owner, held.key)
        task = asyncio.get_running_loop().create_task(telling, name="ponty.memo redis acknowledge")
        task.add_done_callback(lambda _: self._acknowledging.discard(owner))
        self._link.pending_releases.track(task)

    async def _acknowledge_in_redis(self, owner: str, key: str) -> None:
        """Write into Redis that nobody joins the computation under the owner's lock."""
        with suppress(Unavailable):  # it hears of it again, by a message or as it extends its lease
            self._link.check_open()
            await self._link.run(ACKNOWLEDGE, [self._names.lock(key)], [owner])
            self.gave_back(owner)
