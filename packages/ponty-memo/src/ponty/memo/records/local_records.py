"""`LocalRecords`: records in the memory of this process.

The records take a limited number of bytes. If there is no room for a new record, the oldest ones are dropped before the
end of their lifetime, with a warning in the log, because what they recorded may then be done again.

A heap has the ends of the lifetimes. When a record is replaced or dropped, its end stays in the heap. When the heap has
more than twice as many ends as there are records, it is rebuilt, so a step costs the same on average however many
records there are.
"""

import heapq
from collections import OrderedDict
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from itertools import count
from typing import NamedTuple

from ponty.memo.event_loop import LoopOwner, seconds
from ponty.memo.locks.acquisition import Acquisition
from ponty.memo.locks.lock import Lock
from ponty.memo.locks.sentinel_store import InProcess
from ponty.memo.logs import logger
from ponty.memo.records.held_record import HeldRecord, lifetime

_OVERHEAD = 400
"""About how many bytes a record takes in addition to its key and data."""


class _Record(NamedTuple):
    data: bytes
    gone_at: float


class LocalRecords:
    """Records of what was done under a key, in the memory of this process.

    ::

        records = LocalRecords()

        async def handle(event: str) -> None:
            async with records.hold(event, maxwait_ms=1000) as held:
                if held.data is None:
                    await held.keep(b"done", ttl_ms=86_400_000)

    They are lost when the process ends. For several processes, use `RedisRecords`.

    Args:
        max_bytes: The largest number of bytes that the records may take, including their keys and the overhead. If
            there is no room for a new record, the oldest ones are dropped early, with a warning in the log.
        clock: Returns the time in seconds. Default: the clock of the event loop.

    Raises:
        ValueError: `max_bytes` is less than 1000.
    """

    def __init__(self, *, max_bytes: int = 64 * 1024**2, clock: Callable[[], float] | None = None) -> None:
        if not isinstance(max_bytes, int) or max_bytes < 1000:  # pyright: ignore[reportUnnecessaryIsInstance]
            raise ValueError(f"LocalRecords: max_bytes must be a whole number of at least 1000, not {max_bytes!r}")
        self._max_bytes = max_bytes
        self._bytes = 0
        self._records: OrderedDict[str, _Record] = OrderedDict()
        self._ends: list[tuple[float, str]] = []
        self._latest = 0.0
        self._fences = count(1)
        self._dropped = 0
        self._lock = Lock(InProcess("these records"))
        self._loop_owner = LoopOwner("these records", clock)
        self._loop_owner.on_new_loop(self._forget_times)

    async def get(self, key: str) -> bytes | None:
        """Return the data recorded under `key`, whoever holds the key; None if there is no record."""
        self._loop_owner.enter()
        return self._look(key)

    def hold(self, key: str, *, maxwait_ms: float = 0) -> AbstractAsyncContextManager[HeldRecord]:
        """Hold `key` while the block of `async with` runs; first come, first served.

        Args:
            key: The key.
            maxwait_ms: How long to wait for the key, in milliseconds; 0 gives up at once.

        Returns:
            A context manager whose value is the `HeldRecord`.

        Raises:
            Locked: The wait is over.
            ValueError: `maxwait_ms` is negative or not a number.
        """
        return self._hold(key, seconds("LocalRecords.hold", "maxwait_ms", maxwait_ms))

    def __len__(self) -> int:
        self._tidy()
        return len(self._records)

    @asynccontextmanager
    async def _hold(self, key: str, limit: float) -> AsyncGenerator[HeldRecord]:
        self._loop_owner.enter()
        async with Acquisition(self._lock, key, limit):
            held = _Held(self, key, next(self._fences))
            try:
                yield held
            finally:
                held.is_over = True

    def _look(self, key: str) -> bytes | None:
        record = self._records.get(key)
        return None if record is None or record.gone_at <= self._loop_owner.now() else record.data

    def _put(self, key: str, data: bytes, lasting: float) -> None:
        self._drop(key)
        self._tidy()
        now = self._latest = self._loop_owner.now()
        gone_at = now + lasting
        self._records[key] = _Record(data, gone_at)
        self._bytes += _size(key, data)
        heapq.heappush(self._ends, (gone_at, key))
        while self._bytes > self._max_bytes:
            self._drop(next(iter(self._records)))
            self._tell_dropped()

    def _drop(self, key: str) -> None:
        record = self._records.pop(key, None)
        if record is not None:
            self._bytes -= _size(key, record.data)

    def _tidy(self) -> None:
        """Drop expired records, and rebuild the heap if most of its ends belong to no record."""
        now = self._loop_owner.now()
        while self._ends and self._ends[0][0] <= now:
            _, key = heapq.heappop(self._ends)
            record = self._records.get(key)
            if record is not None and record.gone_at <= now:
                self._drop(key)
        if len(self._ends) > 2 * len(self._records) + 16:
            self._ends = [(record.gone_at, key) for key, record in self._records.items()]
            heapq.heapify(self._ends)

    def _tell_dropped(self) -> None:
        self._dropped += 1
        if self._dropped & (self._dropped - 1) == 0:  # the first, the second, the fourth ...
            logger().warning(
                "%d records were dropped early to stay below max_bytes=%d: their operations may be carried out again",
                self._dropped,
                self._max_bytes,
            )

    def _forget_times(self) -> None:
        """Drop all records if the clock went back: then the age of a record is not known any more."""
        if self._loop_owner.now() < self._latest:
            self._records.clear()
            self._ends.clear()
            self._bytes = 0
            self._latest = 0.0


class _Held:
    """The record of a key that is held."""

    __slots__ = ("_key", "_records", "fence", "is_over")

    def __init__(self, records: LocalRecords, key: str, fence: int) -> None:
        self._records = records
        self._key = key
        self.fence: int = fence
        self.is_over: bool = False

    @property
    def data(self) -> bytes | None:
        """The recorded data."""
        return self._records._look(self._key)  # noqa: SLF001  # pyright: ignore[reportPrivateUsage] # one thing in two classes

    async def keep(self, data: bytes, ttl_ms: float) -> bool:
        """Record `data`, unless the block has ended."""
        lasting = lifetime("LocalRecords", ttl_ms)
        if not self.is_over:
            self._records._put(self._key, data, lasting)  # noqa: SLF001  # pyright: ignore[reportPrivateUsage] # likewise
        return not self.is_over

    async def forget(self) -> bool:
        """Drop the record, unless the block has ended."""
        if not self.is_over:
            self._records._drop(self._key)  # noqa: SLF001  # pyright: ignore[reportPrivateUsage] # likewise
        return not self.is_over


def _size(key: str, data: bytes) -> int:
    return len(key) + len(data) + _OVERHEAD
