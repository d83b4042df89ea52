"""`RedisSentinels`: the sentinels of locks, kept in Redis."""

from contextlib import suppress
from typing import TYPE_CHECKING, Final

from ponty.memo.errors import LeaseLost, Unavailable
from ponty.memo.event_loop import seconds
from ponty.memo.lazy_imports import asyncio
from ponty.memo.locks.pending_releases import PendingReleases
from ponty.memo.locks.sentinel_store import SentinelStore
from ponty.memo.redis.clearing import Clearing
from ponty.memo.redis.connection.link import RedisLink
from ponty.memo.redis.connection.shared_links import link_to
from ponty.memo.redis.key_names import Names
from ponty.memo.redis.scripts import ATTEND, ENTER, EXTEND, PROBE, RELEASE

if TYPE_CHECKING:
    from redis.asyncio import Redis

_SHORTEST_LEASE_MS: Final = 10
_LONGEST_LEASE_MS: Final = 86_400_000
_OUTDATED: Final = 2


class RedisSentinels(SentinelStore):
    """The store of a `Lock` that is shared by all processes that use the same Redis.

    `redislock` makes such a lock in one step.

    ::

        jobs = Lock(RedisSentinels("redis://localhost", namespace="shop"), maxwait_ms=500)

    Every method raises `Unavailable` if Redis cannot be reached, or refuses.

    Args:
        redis: A URL, a client of redis-py, or a `RedisLink`.
        namespace: The beginning of the names in Redis. Locks in different namespaces are independent of each other.
        lease_ms: After how long a sentinel expires if its process cannot extend it, in milliseconds.

    Raises:
        ValueError: `lease_ms` is less than 10 or more than a day, or the namespace has other characters than letters,
            digits and `_.-/`.
        ImportError: The extra `ponty-memo[redis]` is not installed.
    """

    def __init__(
        self,
        redis: "str | Redis | RedisLink",
        *,
        namespace: str = "ponty",
        lease_ms: float = 10_000,
    ) -> None:
        if not _SHORTEST_LEASE_MS <= seconds("RedisSentinels", "lease_ms", lease_ms) * 1000 <= _LONGEST_LEASE_MS:
            raise ValueError(
                f"RedisSentinels: lease_ms must be {_SHORTEST_LEASE_MS} to {_LONGEST_LEASE_MS}, a day, not {lease_ms!r}"
            )
        self.lease_ms: float = lease_ms
        self.clearing: Clearing | None = None
        self._lease: int = round(lease_ms)
        self._link = link_to(redis)
        self._names = Names(namespace)
        self.pending_releases: PendingReleases = self._link.pending_releases

    async def exists(self, key: str) -> bool:
        """Return whether there is a sentinel for `key`, also one whose holder has died."""
        return bool(await self._link.run(ATTEND, [self._names.lock(key)], [self._lease]) != -1)

    async def add(self, key: str) -> None:
        """Raise NotImplementedError: anybody could remove a sentinel without an owner. Use `try_add`."""
        raise NotImplementedError(f"a sentinel in Redis has an owner: use try_add for {key!r}")

    async def remove(self, key: str) -> None:
        """Raise NotImplementedError, as `add` does. Use `release`."""
        raise NotImplementedError(f"a sentinel in Redis has an owner: use release for {key!r}")

    async def try_add(self, key: str, owner: str) -> int:
        """Take `key` for `owner` and return the fence; return 0 if somebody else holds the key."""
        names, clearing = self._names, self.clearing
        generation = 0 if clearing is None else clearing.generation()
        try:
            taken = await self._link.run(ENTER, [names.lock(key), names.meta], [owner, self._lease, names.epoch])
        except Unavailable as error:
            if error.in_doubt:
                keys, operands = [names.lock(key)], [owner, names.wake]
                orphans = self._link.orphaned_locks
                orphans.add(owner, lambda: self._link.run(RELEASE, keys, operands), self.lease_ms / 1000)
            raise
        if not taken:
            return 0
        fence, epoch = taken
        if clearing is not None:
            clearing.took(key, owner, int(epoch or 0), generation)
        return int(fence)

    async def release(self, key: str, owner: str) -> None:
        """Release `key` if `owner` holds it, and wake the waiters in other processes.

        Raises:
            LeaseLost: The owner does not hold it any more.
        """
        try:
            had = await self._give_back(key, owner)
        finally:
            if self.clearing is not None:
                self.clearing.gave_back(owner)
        if not had:
            error = LeaseLost("the lease had ended when the lock was released")
            error.add_note(f"it was the lease of {key!r}")
            raise error

    async def _give_back(self, key: str, owner: str) -> bool:
        keys, operands = [self._names.lock(key)], [owner, self._names.wake]
        self._link.check_open()
        try:
            return bool(await self._link.run(RELEASE, keys, operands))
        except asyncio.CancelledError:
            # An event loop that ends cancels the command too. A second release does no harm: it compares the owner.
            with suppress(Unavailable):
                await self._link.run(RELEASE, keys, operands)
            raise

    async def extend(self, key: str, owner: str) -> bool:
        """Extend the owner's lease to its full length, and return whether the owner still had it."""
        names = self._names
        held = await self._link.run(EXTEND, [names.lock(key), names.meta], [owner, self._lease, names.epoch])
        if held == _OUTDATED and self.clearing is not None:
            self.clearing.outdated(owner)
        return bool(held)

    async def probe(self, key: str) -> None:
        """Raise `Unavailable` if no key could be taken now, for instance because Redis is full or a replica."""
        del key
        await self._link.run(PROBE, [self._names.meta])

    async def wait(self, key: str, timeout_ms: float) -> None:
        """Wait until `key` is released or its lease is over, but not longer than `timeout_ms`."""
        loop = asyncio.get_running_loop()
        end = loop.time() + timeout_ms / 1000
        lock = self._names.lock(key)
        with self._link.subscription.waiting(self._names.wake, lock) as heard:
            if not await self._link.subscription.ready(timeout_ms / 1000):
                return
            heard.clear()  # the next command looks at the lock
            left = await self._link.run(ATTEND, [lock], [self._lease])
            if left < 0:
                return
            with suppress(TimeoutError):
                async with asyncio.timeout_at(min(end, loop.time() + (left + 1) / 1000)):
                    await heard.wait()


class CacheSentinels(RedisSentinels):
    """The sentinels for the keys of one cache.

    Args:
        link: The link to Redis.
        namespace: The beginning of the names in Redis.
        area: The name of the cache.
        lease_ms: After how long a sentinel expires, in milliseconds.
        clearing: The clearing of the cache, which makes its locks outdated.
    """

    def __init__(self, link: RedisLink, namespace: str, area: str, lease_ms: float, clearing: Clearing) -> None:
        super().__init__(link, namespace=namespace, lease_ms=lease_ms)
        self._names = Names(namespace, area)
        self.clearing: Clearing | None = clearing
