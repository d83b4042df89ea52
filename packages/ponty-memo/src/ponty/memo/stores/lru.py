"""The values of a local cache, from the least to the most recently used, each with the times at which it expires.

Every operation takes the same time whatever the size:

- The order of an `OrderedDict` is the order of use.
- Expired values are found through *buckets*: values that expire at about the same time share a bucket, and a heap has
  the times of the buckets. A bucket spans 1/4096 of the lifetime, rounded to a power of two, so the heap does not grow
  with the number of values. Each write first drops the expired buckets, so the expired values are never more than those
  that were written since the last such write. A read always checks the exact time of the value.

A value that is dropped, evicted or replaced leaves its bucket at once, so nothing piles up there either.

Most caches have no lifetimes. They use `LastingEntries`, which hold the values without a record around each: a million
records would take memory, and time of the garbage collector. If values are never evicted, no order is needed either,
and the values are in a plain dict.
"""

import heapq
import math
from collections import OrderedDict, deque
from collections.abc import Callable, Hashable
from typing import Any, Final, Generic, Literal, NamedTuple, TypeVar

from ponty.memo.keys.forms import ATOMS, identities_in
from ponty.memo.keys.identity import Identity
from ponty.memo.stores.backend import cachemiss

_T = TypeVar("_T")

_new_tuple: Final = tuple.__new__


class Record(NamedTuple, Generic[_T]):
    """A stored value."""

    value: _T
    fresh_until: float
    """The end of its lifetime, in seconds of the cache's clock."""
    gone_at: float
    """The time after which it is not used any more, not even as a stale value."""
    bucket: float
    """The time of its bucket."""


class Entries(Generic[_T]):
    """The values of one local cache.

    Args:
        maxsize: The largest number of values; 0 keeps all.
        now: Returns the time in seconds.
        on_drop: Called with "evicted" or "expired" for each value that the cache drops by itself.
    """

    __slots__ = ("_buckets", "_by_identity", "_graves", "_heap", "_latest", "_maxsize", "_now", "_on_drop", "records")

    def __init__(
        self,
        maxsize: int,
        now: Callable[[], float],
        on_drop: Callable[[Literal["evicted", "expired"]], object] | None = None,
    ) -> None:
        self.records: Any = OrderedDict[Hashable, Record[_T]]()
        self._maxsize = maxsize
        self._now = now
        self._on_drop = on_drop
        self._buckets: dict[float, dict[Hashable, None]] = {}
        self._heap: list[float] = []
        self._latest = -math.inf
        self._by_identity: dict[Identity, dict[Hashable, None]] = {}
        self._graves: deque[Identity] = deque()

    def put(self, key: Hashable, value: _T, ttl: float, extra: float) -> None:
        """Store `value` as the most recently used one.

        Args:
            key: The key.
            value: The value.
            ttl: How long it is fresh, in seconds.
            extra: How long after that it may be served as a stale value, in seconds.
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
        self.records[key] = _new_tuple(Record, (value, fresh_until, gone_at, bucket))
        if type(key) not in ATOMS:
            self._note_objects(key)
        if self._maxsize and len(self.records) > self._maxsize:
            self._discard(next(iter(self.records)), "evicted")

    def peek(self, key: Hashable, extra: float) -> Any:
        """Return a value up to `extra` seconds past its lifetime, or cachemiss; this does not count as a use of it."""
        record = self.records.get(key)
        if record is None or (record.fresh_until < math.inf and record.fresh_until + extra <= self._now()):
            return cachemiss
        return record.value

    def touch(self, key: Hashable) -> None:
        """Count a use of a stored value."""
        self.records.move_to_end(key)

    def drop(self, key: Hashable) -> bool:
        """Drop the value of `key`, and return whether there was one."""
        record = self.records.pop(key, None)
        if record is None:
            return False
        if record.bucket < math.inf:
            del self._buckets[record.bucket][key]
        if type(key) not in ATOMS:
            self._forget_objects(key)
        return True

    def clear(self) -> None:
        """Drop all values."""
        for identity in self._by_identity:
            identity.graves.pop(id(self), None)
        for part in (self.records, self._buckets, self._heap, self._by_identity, self._graves):
            part.clear()

    def tidy(self) -> None:
        """Drop the expired values, and the values whose key has an object that was garbage-collected."""
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
        """Drop all values that can expire if the clock went back: then the age of a value is not known any more."""
        if self._now() < self._latest:
            for key in [key for key, record in self.records.items() if record.gone_at < math.inf]:
                self.drop(key)
            self._latest = -math.inf

    def _note_objects(self, key: Hashable) -> None:
        """Note the objects in `key`, so that its value is dropped when one of them is garbage-collected."""
        for identity in identities_in(key):
            identity.graves[id(self)] = self._graves
            self._by_identity.setdefault(identity, {})[key] = None

    def _forget_objects(self, key: Hashable) -> None:
        for identity in identities_in(key):
            keys = self._by_identity.get(identity)
            if keys is not None:
                keys.pop(key, None)
                if not keys:
                    del self._by_identity[identity]
                    identity.graves.pop(id(self), None)

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


class LastingEntries(Entries[_T]):
    """The values of a local cache without lifetimes; `records` has the values themselves.

    Args:
        maxsize: The largest number of values; 0 keeps all.
        now: Returns the time in seconds.
        on_drop: Called with "evicted" for each value that the cache drops by itself.
    """

    __slots__ = ()

    def __init__(
        self,
        maxsize: int,
        now: Callable[[], float],
        on_drop: Callable[[Literal["evicted", "expired"]], object] | None = None,
    ) -> None:
        super().__init__(maxsize, now, on_drop)
        if not maxsize:
            self.records: Any = dict[Hashable, _T]()

    def put(self, key: Hashable, value: _T, ttl: float = math.inf, extra: float = 0) -> None:
        """Store `value` for ever, as the most recently used one; `ttl` and `extra` are ignored."""
        del ttl, extra
        records = self.records
        if self._graves:
            self.tidy()
        if key in records:
            self.drop(key)
        records[key] = value
        if type(key) not in ATOMS:
            self._note_objects(key)
        if self._maxsize and len(records) > self._maxsize:
            self._evict()

    def peek(self, key: Hashable, extra: float) -> Any:
        """Return the value, or cachemiss; this does not count as a use of it."""
        del extra
        return self.records.get(key, cachemiss)

    def touch(self, key: Hashable) -> None:
        """Count a use of a stored value."""
        if self._maxsize:
            self.records.move_to_end(key)

    def drop(self, key: Hashable) -> bool:
        """Drop the value of `key`, and return whether there was one."""
        if self.records.pop(key, cachemiss) is cachemiss:
            return False
        if type(key) not in ATOMS:
            self._forget_objects(key)
        return True

    def _evict(self) -> None:
        key, _ = self.records.popitem(last=False)
        if type(key) not in ATOMS:
            self._forget_objects(key)
        if self._on_drop is not None:
            self._on_drop("evicted")
