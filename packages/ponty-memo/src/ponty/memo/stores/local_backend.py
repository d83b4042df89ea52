"""The values of a local cache, as the memoizer sees them."""

import math
from collections.abc import Callable, Hashable
from typing import Any, TypeVar

from ponty.memo.event_loop import Home
from ponty.memo.stores.backend import Shelf, cachemiss
from ponty.memo.stores.lru import Entries

_T = TypeVar("_T")


class LocalShelf(Shelf[_T]):
    """The entries of a local cache, as the engine sees them."""

    def __init__(
        self, entries: Entries[_T], home: Home, lifetime: Callable[[_T], float], stale: float, on_error: float
    ) -> None:
        self._entries = entries
        self._home = home
        self._lifetime = lifetime
        self._stale = stale
        self._on_error = on_error

    async def get(self, key: Hashable) -> Any:
        """Look for a fresh value."""
        return self._within(key, 0)

    async def put(self, key: Hashable, value: _T, owner: str) -> bool:
        """Store `value` for its lifetime."""
        del owner
        self._entries.put(key, value, self._lifetime(value), max(self._stale, self._on_error))
        return True

    async def remove(self, key: Hashable) -> bool:
        """Drop the value."""
        return self._entries.drop(key)

    def stale(self, key: Hashable) -> Any:
        """Look for a value within `stale_ms` after its lifetime; this counts as a use of it."""
        if not self._stale:
            return cachemiss
        value = self._within(key, self._stale)
        if value is not cachemiss:
            self._entries.records.move_to_end(key)
        return value

    def fallback(self, key: Hashable) -> Any:
        """Look for a value within `stale_on_error_ms` after its lifetime."""
        return self._within(key, self._on_error) if self._on_error else cachemiss

    def size(self) -> int:
        """Count the values."""
        self._entries.tidy()
        return len(self._entries.records)

    def moved(self) -> None:
        """Drop what another loop's clock has timed."""
        self._entries.forget_times()

    def _within(self, key: Hashable, extra: float) -> Any:
        """Give the value that is not more than `extra` seconds past its lifetime, or cachemiss."""
        record = self._entries.records.get(key)
        if record is None or (record.fresh_until < math.inf and record.fresh_until + extra <= self._home.now()):
            return cachemiss
        return record.value
