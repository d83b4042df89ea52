"""Stores of sentinels: the base class, and two implementations that `Lock` uses."""

from abc import ABC, abstractmethod
from typing import Protocol

from ponty.memo.lazy_imports import asyncio
from ponty.memo.locks.fair_queue import FairQueue


class Sentinels(Protocol):
    """The three methods that every store of sentinels must have; `SentinelStore` builds its other methods on them."""

    async def exists(self, key: str, /) -> bool:
        """Return whether there is a sentinel for `key`."""
        ...

    async def add(self, key: str, /) -> object:
        """Add a sentinel for `key`."""
        ...

    async def remove(self, key: str, /) -> object:
        """Remove the sentinel of `key`."""
        ...


class Watcher(Protocol):
    """The part of a cache that is notified of outdated locks."""

    def detach(self, key: str, owner: str) -> None:
        """Let nobody join the computation of `owner` for `key`, and do not store its value."""


class Watched(ABC):
    """The attribute `clearing` of a store of sentinels: it notifies the cache of outdated locks."""

    @abstractmethod
    def watch(self, watcher: Watcher) -> None:
        """Call `watcher` for each outdated lock, for as long as `watcher` exists."""


class SentinelStore(ABC):
    """Base class for the stores of `Lock`: it has a sentinel for each key that is held.

    A subclass must have the methods `exists`, `add` and `remove`. With these alone, `Lock` is safe within one process,
    even if they await. A store that several processes share should override the other methods too: `try_add` in one
    atomic step, `release` only for the owner, `extend` for leases, `wait` if it can notify.
    """

    lease_ms: float = 0
    """How long a sentinel lives if nobody extends it, in milliseconds; 0 means for ever. `Lock` extends it after a
    third of this time."""

    @abstractmethod
    async def exists(self, key: str) -> bool:
        """Return whether there is a sentinel for `key`."""

    @abstractmethod
    async def add(self, key: str) -> object:
        """Add a sentinel for `key`; the result of this method is ignored."""

    @abstractmethod
    async def remove(self, key: str) -> object:
        """Remove the sentinel of `key`; the result of this method is ignored."""

    async def try_add(self, key: str, owner: str) -> int:
        """Add a sentinel for `key` if there is none.

        The default calls `exists` and `add`. Override it if the store can do this in one atomic step, for instance with
        `SET key owner NX PX lease`.

        Args:
            key: The key to lock.
            owner: The new holder: a string that is different for each holder. `release` and `extend` can compare it.

        Returns:
            Zero or False if somebody else holds the key. Otherwise a number greater than that of any earlier holder,
            which becomes the `fence` of the lease; or True if the store has no such number.
        """
        del owner
        if await self.exists(key):
            return False
        await self.add(key)
        return True

    async def release(self, key: str, owner: str) -> None:
        """Remove the sentinel of `key` if it belongs to `owner`.

        The default removes the sentinel without comparing owners. Override it if the store remembers owners.

        Args:
            key: The key to unlock.
            owner: The holder.

        Raises:
            LeaseLost: The sentinel does not belong to `owner` any more, in a store that compares owners.
        """
        del owner
        await self.remove(key)

    async def extend(self, key: str, owner: str) -> bool:
        """Extend the lease of a sentinel to `lease_ms` from now; return whether `owner` still had it.

        It is called only if `lease_ms` is set.

        Args:
            key: The locked key.
            owner: The holder.
        """
        del key, owner
        return True

    async def probe(self, key: str) -> None:
        """Check that the store is available, so that keys can be taken.

        It is called while this process computes the value of `key` without a sentinel because the store was
        unavailable. The default calls `exists`. Override it if a working `exists` does not show that keys can be taken.

        Args:
            key: The key that is computed.

        Raises:
            Unavailable: Keys cannot be taken.
        """
        await self.exists(key)

    async def wait(self, key: str, timeout_ms: float) -> None:
        """Wait until it makes sense to ask for `key` again, but not longer than `timeout_ms`.

        The default sleeps for that time. Override it if the store can notify.

        Args:
            key: The key that somebody else holds.
            timeout_ms: The `pulse_ms` of the lock, or the rest of its wait if that is shorter, in milliseconds.
        """
        del key
        await asyncio.sleep(timeout_ms / 1000)


class Adapted(SentinelStore):
    """Makes a `SentinelStore` of an object of another class that has at least the three methods."""

    def __init__(self, sentinels: Sentinels) -> None:
        self._sentinels = sentinels
        for name in ("try_add", "release", "extend", "probe", "wait", "lease_ms", "clearing"):
            if hasattr(sentinels, name):
                setattr(self, name, getattr(sentinels, name))

    async def exists(self, key: str) -> bool:
        """Pass the call on to the store."""
        return await self._sentinels.exists(key)

    async def add(self, key: str) -> object:
        """Pass the call on to the store."""
        return await self._sentinels.add(key)

    async def remove(self, key: str) -> object:
        """Pass the call on to the store."""
        return await self._sentinels.remove(key)


class InProcess(SentinelStore):
    """The store of `locallock`: the tickets of its queue are the sentinels."""

    def __init__(self, name: str = "this local lock") -> None:
        self.queue: FairQueue = FairQueue(name)

    async def exists(self, key: str) -> bool:
        """Return whether there is a ticket for `key`."""
        return key in self.queue

    async def add(self, key: str) -> None:
        """Do nothing: the ticket itself holds the key."""

    async def remove(self, key: str) -> None:
        """Do nothing: releasing the ticket frees the key."""
