"""What a local cache has stored: least recently used first, each value with the times at which it ends.

Every operation takes the same time whatever the size:

- Recency is the order of an `OrderedDict`.
- Expired values are found through *buckets*: values that end at about the same time share one, and a heap holds the
  buckets' times. A bucket is 1/4096 of the lifetime wide, rounded to a power of two, so the heap does not grow with the
  number of values. Each write first drops the buckets that are over, so expired values never outnumber those written
  since the last one. What is read is always held against its exact time.

A value that is dropped, evicted or replaced leaves its bucket at once, so nothing piles up there either.
"""

import heapq
import math
from collections import OrderedDict, deque
from collections.abc import Callable, Hashable
from typing import Final, Generic, Literal, NamedTuple, TypeVar

from ponty.memo.keys.forms import ATOMS, identities_in
from ponty.memo.keys.identity import Identity

_T = TypeVar("_T")


class Record(NamedTuple, Generic[_T]):
    """A stored value."""

    value: _T
    fresh_until: float
    """Until when it is a hit, in seconds of the cache's clock."""
    gone_at: float
    """When nobody can use it any more, not even as a stale value."""
    bucket: float
    """The time of the bucket that it is in."""


class Entries(Generic[_T]):
    """The values of one local cache.

    Args:
        maxsize: How many to keep; 0 keeps all.
        now: Returns the time in seconds.
        on_drop: Called with "evicted" or "expired" for each value that goes by itself.
    """

    __slots__ = ("_buckets", "_by_identity", "_graves", "_heap", "_latest", "_maxsize", "_now", "_on_drop", "records")

    def __init__(
        self,
        maxsize: int,
        now: Callable[[], float],
        on_drop: Callable[[Literal["evicted", "expired"]], object] | None = None,
    ) -> None:
        self.records: Final[OrderedDict[Hashable, Record[_T]]] = OrderedDict()
        self._maxsize = maxsize
        self._now = now
        self._on_drop = on_drop
        self._buckets: dict[float, dict[Hashable, None]] = {}
        self._heap: list[float] = []
        self._latest = -math.inf
        self._by_identity: dict[Identity, dict[Hashable, None]] = {}
        self._graves: deque[Identity] = deque()

    def put(self, key: Hashable, value: _T, ttl: float, extra: float) -> None:
        """Store `value` as the one most recently used.

        Args:
            key: Its key.
            value: What to store.
            ttl: For how long it is fresh, in seconds.
            extra: For how long it may be of use after that, in seconds.
        """
        if key in self.records:
            self.drop(key)
        if self._heap or self._graves:
            self.tidy()
        fresh_until = gone_at = bucket = math.inf
        if ttl < math.inf:
            now = self._latest = self._now()
            fresh_until = now + ttl
            gone_at = fresh_until + extra
            bucket = self._bucket_at(gone_at, ttl + extra)
            self._buckets[bucket][key] = None
        self.records[key] = Record(value, fresh_until, gone_at, bucket)
        if type(key) not in ATOMS:
            for identity in identities_in(key):
                identity.graves[id(self)] = self._graves
                self._by_identity.setdefault(identity, {})[key] = None
        if self._maxsize and len(self.records) > self._maxsize:
            self._discard(next(iter(self.records)), "evicted")

    def drop(self, key: Hashable) -> bool:
        """Forget what is stored under `key`, and return whether there was anything."""
        record = self.records.pop(key, None)
        if record is None:
            return False
        if record.bucket < math.inf:
            del self._buckets[record.bucket][key]
        for identity in () if type(key) in ATOMS else identities_in(key):
            keys = self._by_identity.get(identity)
            if keys is not None:
                keys.pop(key, None)
                if not keys:
                    del self._by_identity[identity]
                    identity.graves.pop(id(self), None)
        return True

    def clear(self) -> None:
        """Forget everything."""
        for identity in self._by_identity:
            identity.graves.pop(id(self), None)
        for part in (self.records, self._buckets, self._heap, self._by_identity, self._graves):
            part.clear()

    def tidy(self) -> None:
        """Forget what is expired, and what was stored for objects that are gone."""
        while self._graves:
            for key in list(self._by_identity.get(self._graves.popleft(), ())):
                self.drop(key)
        if self._heap:
            now = self._now()
            while self._heap and self._heap[0] <= now:
                for key in list(self._buckets[self._heap[0]]):
                    self._discard(key, "expired")
                del self._buckets[heapq.heappop(self._heap)]

    def forget_times(self) -> None:
        """Forget what would expire, if the clock shows an earlier time than it did: such a clock shows no ages."""
        if self._now() < self._latest:
            for key in [key for key, record in self.records.items() if record.gone_at < math.inf]:
                self.drop(key)
            self._latest = -math.inf

    def _discard(self, key: Hashable, why: Literal["evicted", "expired"]) -> None:
        if self.drop(key) and self._on_drop is not None:
            self._on_drop(why)

    def _bucket_at(self, gone_at: float, lifetime: float) -> float:
        width = 2.0 ** (math.frexp(lifetime)[1] - 13)
        time = math.ceil(gone_at / width) * width
        if time not in self._buckets:
            self._buckets[time] = {}
            heapq.heappush(self._heap, time)
        return time
