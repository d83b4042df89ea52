"""The shelf: where a memoizer keeps its values, whatever they are kept in."""

from abc import ABC, abstractmethod
from typing import Any, ClassVar, Generic, TypeVar

_T = TypeVar("_T")


class cachemiss:  # noqa: N801 - the name is the contract's
    """What a `CacheStore` returns from `get` where it has nothing: this class itself, for None is a value."""


class Shelf(ABC, Generic[_T]):
    """Where a memoizer keeps its values."""

    portable: ClassVar[bool] = True
    """Whether keys are texts."""

    @abstractmethod
    async def get(self, key: Any) -> Any:
        """Give the value that is stored under `key`, or cachemiss."""

    @abstractmethod
    async def put(self, key: Any, value: _T, owner: str) -> bool:
        """Store `value`, and say whether it is stored now."""

    @abstractmethod
    async def remove(self, key: Any) -> bool:
        """Forget what is stored under `key`, and say whether there was anything."""

    def stale(self, key: Any) -> Any:
        """Give a value that may be served while another one is computed, or cachemiss."""
        del key
        return cachemiss

    def fallback(self, key: Any) -> Any:
        """Give a value that may be served because the computation failed, or cachemiss."""
        del key
        return cachemiss

    def size(self) -> int | None:
        """Count the values, if that can be told."""
        return None

    def moved(self) -> None:
        """Note that the cache lives in another event loop from now on."""
