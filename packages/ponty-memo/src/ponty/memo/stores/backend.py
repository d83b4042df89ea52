"""The backend: the interface through which a memoizer keeps its values, whatever the store is."""

from abc import ABC, abstractmethod
from typing import Any, Generic, TypeVar

_T = TypeVar("_T")


class cachemiss:  # noqa: N801 - the name is the contract's
    """A `CacheStore` returns this class itself from `get` if there is no value, because None can be a value."""


class Backend(ABC, Generic[_T]):
    """The store of a memoizer's values."""

    serves_stale: bool = False
    """Whether `stale` can ever return a value."""

    @abstractmethod
    async def get(self, key: Any) -> Any:
        """Return the value that is stored under `key`, or cachemiss."""

    @abstractmethod
    async def put(self, key: Any, value: _T, owner: str) -> bool:
        """Store a value on behalf of a holder of the key's lock; return whether it was stored."""

    @abstractmethod
    async def remove(self, key: Any) -> bool:
        """Remove the value of `key`; return whether there was one."""

    def stale(self, key: Any) -> Any:
        """Return a value that may be served while a new one is computed, or cachemiss."""
        del key
        return cachemiss

    def fallback(self, key: Any) -> Any:
        """Return a value that may be served after the computation has failed, or cachemiss."""
        del key
        return cachemiss

    def size(self) -> int | None:
        """Return the number of values, or None if they cannot be counted."""
        return None


class AtHand(Backend[_T]):
    """A backend that needs no awaiting: when a miss begins, the caller has just looked at the values."""

    @abstractmethod
    def put_at_once(self, key: Any, value: _T) -> bool:
        """Store a value as `put` does, without awaiting."""
