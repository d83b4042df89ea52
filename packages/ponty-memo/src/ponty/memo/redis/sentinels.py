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
    """Where a `Lock` keeps its sentinels so that it holds in all processes that use one Redis.

    ::

        jobs = Lock(RedisSentinels("redis://localhost", namespace="shop"), maxwait_ms=500)

    Every method raises `Unavailable` where Redis cannot be asked, or refuses.

    Args:
        redis: A URL, a client of redis-py's, or a `RedisLink`.
        namespace: What the names in Redis begin with; locks of two namespaces have nothing to do with one another.
        lease_ms: After how long a sentinel goes if its process cannot extend it, in milliseconds.

    Raises:
        ValueError: `lease_ms` is less than 10, or the namespace has something else in it than letters, digits and
            `_.-/`.
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
                f"RedisSentinels: lease_ms is {_SHORTEST_LEASE_MS} to {_LONGEST_LEASE_MS}, a day, not {lease_ms!r}"
            )
        self.lease_ms: float = lease_ms
        self.clearing: Clearing | None = None
        self._lease: int = round(lease_ms)
        self._link = link_to(redis)
        self._names = Names(namespace)
        self.pending_releases: PendingReleases = self._link.pending_releases

    async def exists(self, key: str) -> bool:
        """Return whether somebody holds `key`, or has left it to its lease."""
        return bool(await self._link.run(ATTEND, [self._names.lock(key)], [self._lease]) != -1)

    async def add(self, key: str) -> None:
        """Raise NotImplementedError: a sentinel without an owner could be removed by anybody."""
        raise NotImplementedError(f"a sentinel in Redis has an owner: use try_add for {key!r}")

    async def remove(self, key: str) -> None:
        """Raise NotImplementedError: see `add`."""
        raise NotImplementedError(f"a sentinel in Redis has an owner: use release for {key!r}")

    async def try_add(self, key: str, owner: str) -> int:
        """Take `key` for `owner` if it is free, and return the fence; or 0."""
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
        """Free `key` if it is the owner's, and wake those who wait for it in other processes.

        Raises:
            LeaseLost: It is not the owner's any more.
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
            # An event loop that ends cancels the command, too. Giving back twice does no harm: the owner is compared.
            with suppress(Unavailable):
                await self._link.run(RELEASE, keys, operands)
            raise

    async def extend(self, key: str, owner: str) -> bool:
        """Begin the owner's lease anew, and return whether the owner still had it."""
        names = self._names
        held = await self._link.run(EXTEND, [names.lock(key), names.meta], [owner, self._lease, names.epoch])
        if held == _OUTDATED and self.clearing is not None:
            self.clearing.outdated(owner)
        return bool(held)

    async def probe(self, key: str) -> None:
        """Raise Unavailable where no key could be taken now, because Redis is full, say, or a replica."""
        del key
        await self._link.run(PROBE, [self._names.meta])

    async def wait(self, key: str, timeout_ms: float) -> None:
        """Return when `key` was released, or its lease is over, or after `timeout_ms`."""
        loop = asyncio.get_running_loop()
        end = loop.time() + timeout_ms / 1000
        lock = self._names.lock(key)
        with self._link.subscription.waiting(self._names.wake, lock) as heard:
            if not await self._link.subscription.ready(timeout_ms / 1000):
                return
            heard.clear()  # it is looked at now
            left = await self._link.run(ATTEND, [lock], [self._lease])
            if left < 0:
                return
            with suppress(TimeoutError):
                async with asyncio.timeout_at(min(end, loop.time() + (left + 1) / 1000)):
                    await heard.wait()


class CacheSentinels(RedisSentinels):
    """The sentinels of one cache's keys.

    Args:
        link: The link to Redis.
        namespace: What the names in Redis begin with.
        area: The cache.
        lease_ms: As for `RedisSentinels`.
        clearing: What makes the cache's locks outdated.
    """

    def __init__(self, link: RedisLink, namespace: str, area: str, lease_ms: float, clearing: Clearing) -> None:
        super().__init__(link, namespace=namespace, lease_ms=lease_ms)
        self._names = Names(namespace, area)
        self.clearing: Clearing | None = clearing
