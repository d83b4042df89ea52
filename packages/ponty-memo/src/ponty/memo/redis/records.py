"""`RedisRecords`: records that are shared by all processes over one Redis.

The same script that stores the value of a cache writes a record. In one atomic step, it checks that the writer holds
the lock of the key, and writes. So a process that stood still while its lease ended, and that wakes up after another
process has done the work, overwrites nothing.
"""

from collections.abc import AsyncGenerator, Awaitable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import TYPE_CHECKING, Final

from ponty.memo.event_loop import seconds
from ponty.memo.lazy_imports import asyncio
from ponty.memo.locks.acquisition import Acquisition
from ponty.memo.locks.lock import Lock
from ponty.memo.logs import logger
from ponty.memo.records.held_record import HeldRecord, lifetime
from ponty.memo.redis.connection.link import RedisLink
from ponty.memo.redis.connection.shared_links import link_to
from ponty.memo.redis.key_names import Names
from ponty.memo.redis.scripts import COMMIT, FORGET, READ
from ponty.memo.redis.sentinels import RedisSentinels

if TYPE_CHECKING:
    from redis.asyncio import Redis

_MARK: Final = b"\x01r"
"""The first bytes of each record, so that nothing else is mistaken for one."""
_PULSE_MS: Final = 500


class RedisRecords:
    """Records of what was done under a key, for all processes that use the same Redis or Valkey.

    ::

        records = RedisRecords("redis://localhost", namespace="shop")

        async def handle(event: str) -> None:
            async with records.hold(event, maxwait_ms=1000) as held:
                if held.data is None:
                    await held.keep(b"done", ttl_ms=86_400_000)

    If Redis cannot be reached, `Unavailable` is raised before the block runs. If the lease ends while the block runs,
    because the process stood still or could not reach Redis, the block is cancelled where it awaits, and `LeaseLost` is
    raised.

    Redis must not lose records: set `maxmemory-policy` to `noeviction`, and `appendonly yes` if records must survive a
    restart of Redis.

    Args:
        redis: A URL, a client of redis-py, or a `RedisLink`. Caches and locks with the same one share a link.
        namespace: The beginning of the names in Redis: letters, digits and `_.-/`.
        lease_ms: After how long somebody else may hold a key if this process stands still or dies, in milliseconds. The
            lease is extended after a third of this time, while the block runs.

    Raises:
        ValueError: `lease_ms` is less than 10 or more than a day, or the namespace has other characters.
        ImportError: The extra `ponty-memo[redis]` is not installed.
    """

    def __init__(self, redis: "str | Redis | RedisLink", *, namespace: str = "ponty", lease_ms: float = 10_000) -> None:
        self._link: Final = link_to(redis)
        self._names: Final = Names(namespace, "records")
        sentinels = _RecordSentinels(self._link, namespace=namespace, lease_ms=lease_ms)
        sentinels.name_as(self._names)
        self._lock: Final = Lock(sentinels, 0, _PULSE_MS)

    async def get(self, key: str) -> bytes | None:
        """Return the data recorded under `key`, whoever holds the key; None if there is no record.

        Raises:
            Unavailable: Redis cannot be reached.
        """
        name = self._names.value(key)
        data = await self._link.run(READ, [name], [1])
        if data is None or data[:2] == _MARK:
            return None if data is None else bytes(data[2:])
        logger().warning("the key %r in Redis does not hold a record", name)
        return None

    def hold(self, key: str, *, maxwait_ms: float = 0) -> AbstractAsyncContextManager[HeldRecord]:
        """Hold `key` in all processes while the block of `async with` runs.

        Args:
            key: The key.
            maxwait_ms: How long to wait for the key, in milliseconds; 0 gives up at once.

        Returns:
            A context manager whose value is the `HeldRecord`.

        Raises:
            Locked: The wait is over.
            Unavailable: Redis cannot be reached.
            LeaseLost: The lease ended while the block ran.
            ValueError: `maxwait_ms` is negative or not a number.
        """
        return self._hold(key, seconds("RedisRecords.hold", "maxwait_ms", maxwait_ms))

    @asynccontextmanager
    async def _hold(self, key: str, limit: float) -> AsyncGenerator[HeldRecord]:
        async with Acquisition(self._lock, key, limit) as stay:
            held = _Held(self._link, self._names, key, stay, await self.get(key))
            try:
                yield held
            finally:
                await held.settle()


class _RecordSentinels(RedisSentinels):
    """The sentinels of records, which are separate from those of locks."""

    def name_as(self, names: Names) -> None:
        """Use the names of the records for the sentinels too."""
        self._names = names


class _Held:
    """The record of a key that is held."""

    __slots__ = ("_key", "_link", "_names", "_stay", "_under_way", "data")

    def __init__(self, link: RedisLink, names: Names, key: str, stay: Acquisition, data: bytes | None) -> None:
        self.data: bytes | None = data
        self._link = link
        self._names = names
        self._key = key
        self._stay = stay
        self._under_way: set[asyncio.Task[bool]] = set()

    @property
    def fence(self) -> int:
        """The fence of the lease."""
        return self._stay.fence

    async def keep(self, data: bytes, ttl_ms: float) -> bool:
        """Record `data` if the key is still held, in one step."""
        left = max(1, round(lifetime("RedisRecords", ttl_ms) * 1000))
        names = self._names
        keys = [names.value(self._key), names.lock(self._key), names.meta]
        written = self._link.run(COMMIT, keys, [self._stay.owner, _MARK + data, left, names.epoch])
        kept = await self._to_its_end(written)
        if kept:
            self.data = data
        return kept

    async def forget(self) -> bool:
        """Drop the record if the key is still held, in one step."""
        keys = [self._names.value(self._key), self._names.lock(self._key)]
        forgotten = await self._to_its_end(self._link.run(FORGET, keys, [self._stay.owner]))
        if forgotten:
            self.data = None
        return forgotten

    async def settle(self) -> None:
        """Wait for the writes in progress, even if the task is cancelled meanwhile, before the lock is released."""
        cancelled: asyncio.CancelledError | None = None
        while self._under_way:
            try:
                await asyncio.wait(self._under_way)
            except asyncio.CancelledError as error:
                cancelled = error
        if cancelled is not None:
            raise cancelled

    async def _to_its_end(self, step: Awaitable[int]) -> bool:
        async def run() -> bool:
            return await step > 0

        task = asyncio.get_running_loop().create_task(run(), name="ponty.memo record")
        self._under_way.add(task)
        task.add_done_callback(self._done)
        return await asyncio.shield(task)

    def _done(self, task: "asyncio.Task[bool]") -> None:
        self._under_way.discard(task)
        if not task.cancelled():
            task.exception()  # retrieve it, because its caller may have gone
