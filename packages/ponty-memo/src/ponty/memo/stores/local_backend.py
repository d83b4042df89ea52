"""The backend of a local cache."""

import math
from collections.abc import Callable, Hashable
from typing import Any, TypeVar

from ponty.memo.event_loop import LoopOwner
from ponty.memo.stores.backend import AtHand, cachemiss
from ponty.memo.stores.lru import Entries

_T = TypeVar("_T")


class LocalBackend(AtHand[_T]):
    """The backend over the entries of a local cache.

    Args:
        entries: The values.
        loop_owner: The owner of the cache, which may get another event loop.
        lifetime: Returns how long a value is fresh, in seconds; None means that all values are fresh for ever.
        stale: How long after its lifetime a value is served while a new one is computed, in seconds.
        on_error: How long after its lifetime a value is served if computing a new one fails, in seconds.
    """

    def __init__(
        self,
        entries: Entries[_T],
        loop_owner: LoopOwner,
        lifetime: Callable[[_T], float] | None,
        stale: float,
        on_error: float,
    ) -> None:
        self.serves_stale: bool = stale > 0
        self._entries = entries
        self._lifetime = lifetime
        self._stale = stale
        self._on_error = on_error
        loop_owner.on_new_loop(entries.forget_times)

    async def get(self, key: Hashable) -> Any:
        """Return a fresh value, or cachemiss."""
        return self._entries.peek(key, 0)

    async def put(self, key: Hashable, value: _T, owner: str) -> bool:
        """Store `value` if its lifetime is above zero; drop the previous value in any case."""
        del owner
        return self.put_at_once(key, value)

    def put_at_once(self, key: Hashable, value: _T) -> bool:
        """Store a value as `put` does, without awaiting."""
        if self._lifetime is None:
            self._entries.put(key, value, math.inf, 0)
            return True
        lasting = self._lifetime(value)
        if lasting <= 0:
            self._entries.drop(key)
            return False
        self._entries.put(key, value, lasting, max(self._stale, self._on_error))
        return True

    async def remove(self, key: Hashable) -> bool:
        """Drop the value."""
        return self._entries.drop(key)

    def stale(self, key: Hashable) -> Any:
        """Return a value within `stale_ms` after its lifetime, or cachemiss; this counts as a use of the value."""
        value = self._entries.peek(key, self._stale)
        if value is not cachemiss:
            self._entries.touch(key)
        return value

    def fallback(self, key: Hashable) -> Any:
        """Return a value within `stale_on_error_ms` after its lifetime, or cachemiss."""
        return self._entries.peek(key, self._on_error) if self._on_error else cachemiss

    def size(self) -> int:
        """Return the number of values."""
        self._entries.tidy()
        return len(self._entries.records)
