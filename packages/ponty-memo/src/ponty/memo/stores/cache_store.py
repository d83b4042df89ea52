"""`CacheStore`, which a store of values implements, and a store as the memoizer sees it."""

import itertools
import weakref
from abc import ABC, abstractmethod
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Any, ClassVar, Generic, Protocol, TypeVar

from ponty.memo.errors import Cleared, LeaseLost, Unavailable
from ponty.memo.events import Event
from ponty.memo.lazy_imports import asyncio
from ponty.memo.logs import logger
from ponty.memo.stores.backend import Backend, cachemiss

_T = TypeVar("_T")


class Store(Protocol):
    """The least that a store of values has: three methods. `CacheStore` says what each of them does."""

    async def get(self, key: str, /) -> Any:
        """Return the value, or cachemiss."""
        ...

    async def set(self, key: str, data: Any, /) -> object:
        """Store a value."""
        ...

    async def remove(self, key: str, /) -> object:
        """Forget a value."""
        ...


class CacheStore(ABC, Generic[_T]):
    """Where `cache` keeps values, under keys that are texts.

    Three methods make a store: `get`, `set` and `remove`. `cache` calls `set` and `remove` for one key only while it
    holds the key's lock, and `get` at any time. A method that raises fails the call that it was made for, unless it
    raises `Unavailable`: then the call goes on without the store.
    """

    shared: ClassVar[bool] = False
    """Whether values outlive the process or are seen by others. Then two functions cannot have one name in the store:
    the second one is refused with a ValueError, where a store of one process tells them apart by a number."""

    @abstractmethod
    async def get(self, key: str) -> "_T | cachemiss | type[cachemiss]":
        """Return the value stored under `key`, or the class `cachemiss` if there is none: None is a value."""

    @abstractmethod
    async def set(self, key: str, data: _T) -> object:
        """Store `data` under `key`; what is returned is ignored."""

    @abstractmethod
    async def remove(self, key: str) -> bool:
        """Forget what is stored under `key`, and return whether there was anything."""

    async def set_as(self, key: str, data: _T, owner: str) -> object:
        """Store `data` under `key` on behalf of a holder of the key's lock.

        Override it where store and lock can be compared in one step, so that a holder who has lost its lease stores
        nothing. The default calls `set`.

        Args:
            key: The key.
            data: What to store.
            owner: The holder, as in `SentinelStore.try_add`; "" where the lock is a local one.

        Raises:
            LeaseLost: The owner does not hold the key, and nothing was stored. The computation's callers get the value.
        """
        del owner
        return await self.set(key, data)

    async def clear(self) -> None:
        """Forget everything; what `cache_clear()` calls.

        Raises:
            NotImplementedError: The store cannot; that is the default.
        """
        raise NotImplementedError(f"{type(self).__qualname__} has no method clear")


class StoreBackend(Backend[_T]):
    """A store of the user's own, as the memoizer sees it: without it, values are computed, and not stored."""

    def __init__(self, store: Store, emit: Callable[[Event], object]) -> None:
        self._store = store
        self._set_as = getattr(store, "set_as", None)
        self._emit = emit
        self._writes: dict[asyncio.Future[None], asyncio.Task[Any] | None] = {}

    async def get(self, key: str) -> Any:
        """Look into the store."""
        try:
            value = await self._store.get(key)
        except Unavailable:
            self._emit("unavailable")
            return cachemiss
        return cachemiss if isinstance(value, cachemiss) else value

    async def put(self, key: str, value: _T, owner: str) -> bool:
        """Store in the store."""
        with self._writing():
            try:
                if self._set_as is None:
                    outcome = await self._store.set(key, value)
                else:
                    outcome = await self._set_as(key, value, owner)
            except Cleared:
                return False
            except LeaseLost as error:
                logger().warning("a value was not stored, for its computation had lost the key's lock", exc_info=error)
                self._emit("refused")
                return False
            except Unavailable:
                self._emit("unavailable")
                return False
            return outcome is not cachemiss  # which a store of ours returns for a value that is not kept

    async def remove(self, key: str) -> bool:
        """Remove from the store; an invalidation fails where it does."""
        with self._writing():
            return bool(await self._store.remove(key))

    async def written(self) -> None:
        """Wait for the writes under way in this event loop, apart from those that the caller is part of."""
        loop = asyncio.get_running_loop()
        this = asyncio.current_task()
        while pending := [end for end, task in self._writes.items() if end.get_loop() is loop and task is not this]:
            await asyncio.wait(pending)

    @contextmanager
    def _writing(self) -> Generator[None]:
        """Count what the block does as a write under way."""
        end: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._writes[end] = asyncio.current_task()
        try:
            yield
        finally:
            del self._writes[end]
            if not end.get_loop().is_closed():
                end.set_result(None)


_prefixes: "dict[int, tuple[Callable[[], object], set[str]]]" = {}
"""The names that are taken in each store, by the store's address."""


def prefix_in(store: object, name: str) -> str:
    """Return the prefix of the keys of one function in `store`, which no other function has."""
    address = id(store)
    known = _prefixes.get(address)
    if known is None or known[0]() is not store:
        try:
            alive: Callable[[], object] = weakref.ref(store, lambda _: _prefixes.pop(address, None))
        except TypeError:
            alive = lambda: store  # noqa: E731 - kept alive, then its address is not used again
        known = _prefixes[address] = alive, set()
    taken = known[1]
    if name in taken:
        if getattr(store, "shared", False):
            raise ValueError(f"cache: {name!r} is taken in this store: give name= to tell the two functions apart")
        name = next(numbered for n in itertools.count(2) if (numbered := f"{name}#{n}") not in taken)
    taken.add(name)
    return name
