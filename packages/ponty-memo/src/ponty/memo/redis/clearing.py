"""Clearing a cache in Redis while others compute: it ends when nobody can get a value from before it any more.

A computation holds the lock of its key. This lock is in Redis, together with the epoch in which it was taken. A
clearing begins a new epoch. Then the lock of a computation is in one of three states:

- *current*: it was taken in the new epoch, so its computation began after the beginning of the clearing.
- *outdated*: it was taken earlier. Its process may not know of the clearing yet, and may still let callers join.
- *acknowledged*: its process knows of the clearing. Nobody joins the computation any more, and it stores nothing. Such
  a lock has no epoch.

Rules:

1. A clearing begins an epoch, removes the values, begins another epoch, and then looks for outdated locks until there
   are none. Each epoch is published as a message. While there are outdated locks, the message is published again, each
   time after a pause twice as long.
2. A holder knows the epochs of its locks, so a late message has no effect on a current lock. A message that comes while
   a lock is being taken is remembered until the epoch of the lock is known.
3. A holder learns that its lock is outdated from a message, or from the answer when it extends its lease. First it
   stops callers from joining, then it acknowledges the epoch in Redis. Between these steps callers may still be on
   their way in other tasks; afterwards there are none. If there is no cache that can stop callers from joining, nothing
   is acknowledged.
4. The clearing does not wait for a lock that was released or whose lease has ended. The holder knows the end of its
   lease by its own clock, and lets nobody join from then on.
5. A process subscribes to the messages if it holds a lock for longer than a moment.

What can never happen, if the clocks of all processes run at the same speed as that of Redis: a call that begins after
the end of a clearing and joins a computation from before it; a clearing that waits for longer than a lease and the
time that Redis takes, because each holder that extends its lease learns of the clearing.

So a lost message costs time and nothing else. `invalidate` blocks hold such locks too, and acknowledge an epoch
although it does not matter to them.

If many locks are outdated, each look is at some of them; the others are looked at when these are not outdated any more.
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
    """The clearings of one cache: this process begins them, and handles those of other processes.

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
        self._heard = 0  # the number of epochs that this process has learned of
        self._loop: asyncio.AbstractEventLoop | None = None
        link.subscription.subscribe(names.drop, self)

    def watch(self, watcher: Watcher) -> None:
        """Call `watcher` for each outdated lock, for as long as `watcher` exists."""
        self._watchers.add(watcher)

    def generation(self) -> int:
        """Return a number that changes whenever this process learns of an epoch."""
        return self._heard

    def took(self, key: str, owner: str, epoch: int, generation: int) -> None:
        """Note that this process holds a lock.

        Args:
            key: The key of the lock.
            owner: Its owner.
            epoch: The epoch in which it was taken.
            generation: The `generation` from before Redis was asked for the lock.
        """
        loop = asyncio.get_running_loop()
        if loop is not self._loop:  # locks of a closed loop have nobody left to release them
            self._held = {owner: held for owner, held in self._held.items() if not held.loop.is_closed()}
            self._loop = loop
        held = self._held[owner] = _Held(key, epoch, loop.call_later(_MOMENT, self._listen), loop)
        if generation != self._heard and epoch < self._epoch:
            self._acknowledge(owner, held)

    def gave_back(self, owner: str) -> None:
        """Note that the owner's lock was released."""
        self._acknowledging.discard(owner)
        held = self._held.pop(owner, None)
        if held is not None:
            held.listening.cancel()

    def outdated(self, owner: str) -> None:
        """Handle an answer of Redis that the owner's lock is outdated."""
        held = self._held.get(owner)
        if held is not None:
            self._acknowledge(owner, held)

    def on_message(self, text: str) -> None:
        """Handle a message."""
        epoch = text.removeprefix(self._names.cleared)
        if epoch != text and epoch.isdecimal():
            self._begun(int(epoch))

    def on_connect(self) -> None:
        """Do nothing: the clearing process publishes lost messages again."""

    def on_disconnect(self) -> None:
        """Do nothing, as in `on_connect`."""

    async def clear(self, lease_ms: int) -> None:
        """Remove every value; return when no later call can get a value from before the clearing.

        Args:
            lease_ms: The lease of the cache's locks; a key without an expiry in the place of a lock gets it too.
        """
        names, link = self._names, self._link
        await self._begin()
        async with aclosing(self._scan(names.area)) as values:
            async for found in values:
                await link.command("UNLINK", *found)
        epoch = await self._begin()  # near caches also drop the values that they have read meanwhile
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
                with suppress(Unavailable):  # publishing may be forbidden; the locks are looked at in any case
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
        """Yield the names in Redis with a beginning, in batches."""
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
        """Write into Redis that nobody can join the computation of the owner any more."""
        with suppress(Unavailable):  # the process learns of the epoch again, by a message or when it extends its lease
            self._link.check_open()
            await self._link.run(ACKNOWLEDGE, [self._names.lock(key)], [owner])
            self.gave_back(owner)
