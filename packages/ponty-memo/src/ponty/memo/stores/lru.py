"""What a local cache has stored: least recently used first, each value with the times at which it ends.

Every operation takes the same time whatever the size:

- Recency is the order of an `OrderedDict`.
- Expired values are found through *buckets*: values that end at about the same time share one, and a heap holds the
  buckets' times. A bucket is 1/4096 of the lifetime wide, rounded to a power of two, so the heap does not grow with the
  number of values. Each write first drops the buckets that are over, so expired values never outnumber those written
  since the last one. What is read is always held against its exact time.

A value that is dropped, evicted or replaced leaves its bucket at once, so nothing piles up there either.

Most caches have no lifetimes. Theirs are `LastingEntries`, which hold the values as they are, with no record around
each: a million of those would take memory, and the garbage collector's time. Where nothing is ever evicted, they need
no order either, and lie in a plain dict.
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
        self.records[key] = _new_tuple(Record, (value, fresh_until, gone_at, bucket))
        if type(key) not in ATOMS:
            self._note_objects(key)
        if self._maxsize and len(self.records) > self._maxsize:
            self._discard(next(iter(self.records)), "evicted")

    def peek(self, key: Hashable, extra: float) -> Any:
        """Return the value, up to `extra` seconds past its lifetime, or cachemiss; this counts as no use of it."""
        record = self.records.get(key)
        if record is None or (record.fresh_until < math.inf and record.fresh_until + extra <= self._now()):
            return cachemiss
        return record.value

    def touch(self, key: Hashable) -> None:
        """Count a use of a value that is there."""
        self.records.move_to_end(key)

    def drop(self, key: Hashable) -> bool:
        """Forget what is stored under `key`, and return whether there was anything."""
        record = self.records.pop(key, None)
        if record is None:
            return False
        if record.bucket < math.inf:
            del self._buckets[record.bucket][key]
        if type(key) not in ATOMS:
            self._forget_objects(key)
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

    def _note_objects(self, key: Hashable) -> None:
        """Note for which objects the value under `key` is stored, so as to drop it when one of them has gone."""
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
    """The values of a local cache in which none has a lifetime; `records` are the values themselves.

    Args:
        maxsize: How many to keep; 0 keeps all.
        now: Returns the time in seconds.
        on_drop: Called with "evicted" for each value that goes by itself.
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
        """Store `value` for ever, as the one most recently used; `ttl` and `extra` say nothing here."""
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
        """Return the value, or cachemiss; this is no use of it."""
        del extra
        return self.records.get(key, cachemiss)

    def touch(self, key: Hashable) -> None:
        """Count a use of a value that is there."""
        if self._maxsize:
            self.records.move_to_end(key)

    def drop(self, key: Hashable) -> bool:
        """Forget what is stored under `key`, and return whether there was anything."""
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
