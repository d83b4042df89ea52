"""`CacheStore`, the base class of stores of values, and the backend of a memoizer over such a store."""

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
    """The three methods that every store of values must have; `CacheStore` explains them."""

    async def get(self, key: str, /) -> Any:
        """Return the value, or cachemiss."""
        ...

    async def set(self, key: str, data: Any, /) -> object:
        """Store a value."""
        ...

    async def remove(self, key: str, /) -> object:
        """Remove a value."""
        ...


class CacheStore(ABC, Generic[_T]):
    """Base class for the stores of `cache`: values under keys that are strings.

    A subclass must have the methods `get`, `set` and `remove`. `cache` calls `set` and `remove` only while it holds the
    lock of the key, and `get` at any time. If a method raises `Unavailable`, the call goes on without the store; any
    other exception makes the call fail.
    """

    shared: ClassVar[bool] = False
    """Whether values outlive the process or are seen by other processes. Then a second function with the same name in
    this store is refused with a ValueError. In a store of one process, a number is added to its name instead."""

    @abstractmethod
    async def get(self, key: str) -> "_T | cachemiss | type[cachemiss]":
        """Return the value of `key`, or the class `cachemiss` if there is none; None can be a value."""

    @abstractmethod
    async def set(self, key: str, data: _T) -> object:
        """Store `data` under `key`; the result of this method is ignored."""

    @abstractmethod
    async def remove(self, key: str) -> bool:
        """Remove the value of `key`, and return whether there was one."""

    async def set_as(self, key: str, data: _T, owner: str) -> object:
        """Store `data` under `key` on behalf of a holder of the key's lock.

        The default calls `set`. Override it if the store can check the lock and store the value in one atomic step, so
        that a holder that has lost its lease stores nothing.

        Args:
            key: The key.
            data: The value.
            owner: The holder, as in `SentinelStore.try_add`; `""` if the lock is local.

        Raises:
            LeaseLost: The owner does not hold the key any more, and nothing was stored. The callers of the computation
                get the value nevertheless.
        """
        del owner
        return await self.set(key, data)

    async def clear(self) -> None:
        """Remove all values; `cache_clear()` calls it.

        Raises:
            NotImplementedError: The store does not implement this method, which is optional.
        """
        raise NotImplementedError(f"{type(self).__qualname__} has no method clear")


class StoreBackend(Backend[_T]):
    """The backend over a user's store; while the store is unavailable, values are computed and not stored."""

    def __init__(self, store: Store, emit: Callable[[Event], object]) -> None:
        self._store = store
        self._set_as = getattr(store, "set_as", None)
        self._emit = emit
        self._writes: dict[asyncio.Future[None], asyncio.Task[Any] | None] = {}

    async def get(self, key: str) -> Any:
        """Return the value in the store, or cachemiss."""
        try:
            value = await self._store.get(key)
        except Unavailable:
            self._emit("unavailable")
            return cachemiss
        return cachemiss if isinstance(value, cachemiss) else value

    async def put(self, key: str, value: _T, owner: str) -> bool:
        """Store a value in the store; return whether it was stored."""
        with self._writing():
            try:
                if self._set_as is None:
                    outcome = await self._store.set(key, value)
                else:
                    outcome = await self._set_as(key, value, owner)
            except Cleared:
                return False
            except LeaseLost as error:
                logger().warning("a value was not stored: its computation had lost the key's lock", exc_info=error)
                self._emit("refused")
                return False
            except Unavailable:
                self._emit("unavailable")
                return False
            return outcome is not cachemiss  # RedisStore returns it for a value that is not kept

    async def remove(self, key: str) -> bool:
        """Remove a value from the store; if that fails, the invalidation fails too."""
        with self._writing():
            return bool(await self._store.remove(key))

    async def written(self) -> None:
        """Wait for the writes in progress in this event loop, except those of the caller's own task."""
        loop = asyncio.get_running_loop()
        this = asyncio.current_task()
        while pending := [end for end, task in self._writes.items() if end.get_loop() is loop and task is not this]:
            await asyncio.wait(pending)

    @contextmanager
    def _writing(self) -> Generator[None]:
        """Count the block as a write in progress."""
        end: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._writes[end] = asyncio.current_task()
        try:
            yield
        finally:
            del self._writes[end]
            if not end.get_loop().is_closed():
                end.set_result(None)


_prefixes: "dict[int, tuple[Callable[[], object], set[str]]]" = {}
"""The names in use in each store, by the address of the store in memory."""


def prefix_in(store: object, name: str) -> str:
    """Return a prefix for the keys of one function that no other function in `store` has."""
    address = id(store)
    known = _prefixes.get(address)
    if known is None or known[0]() is not store:
        try:
            alive: Callable[[], object] = weakref.ref(store, lambda _: _prefixes.pop(address, None))
        except TypeError:
            alive = lambda: store  # noqa: E731 - this keeps the store alive, so its address is not used again
        known = _prefixes[address] = alive, set()
    taken = known[1]
    if name in taken:
        if getattr(store, "shared", False):
            raise ValueError(f"cache: {name!r} is taken in this store: give name= to tell the two functions apart")
        name = next(numbered for n in itertools.count(2) if (numbered := f"{name}#{n}") not in taken)
    taken.add(name)
    return name
