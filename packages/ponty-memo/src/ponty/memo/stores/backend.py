"""The backend: where a memoizer keeps its values, whatever they are kept in."""

from abc import ABC, abstractmethod
from typing import Any, Generic, TypeVar

_T = TypeVar("_T")


class cachemiss:  # noqa: N801 - the name is the contract's
    """What a `CacheStore` returns from `get` where it has nothing: this class itself, for None is a value."""


class Backend(ABC, Generic[_T]):
    """Where a memoizer keeps its values."""

    serves_stale: bool = False
    """Whether `stale` ever returns a value."""

    @abstractmethod
    async def get(self, key: Any) -> Any:
        """Return the value that is stored under `key`, or cachemiss."""

    @abstractmethod
    async def put(self, key: Any, value: _T, owner: str) -> bool:
        """Store `value`; return whether it is stored now."""

    @abstractmethod
    async def remove(self, key: Any) -> bool:
        """Forget what is stored under `key`; return whether there was anything."""

    def stale(self, key: Any) -> Any:
        """Return a value that may be served while another one is computed, or cachemiss."""
        del key
        return cachemiss

    def fallback(self, key: Any) -> Any:
        """Return a value that may be served because the computation failed, or cachemiss."""
        del key
        return cachemiss

    def size(self) -> int | None:
        """Count the values, if that is possible."""
        return None


class AtHand(Backend[_T]):
    """A backend for which nothing is awaited: a miss comes straight from a look at the values."""

    @abstractmethod
    def put_at_once(self, key: Any, value: _T) -> bool:
        """Do as `put` does, without awaiting."""
