"""Stores of sentinels: what `Lock` asks of one, and the two that it brings along."""

from abc import ABC, abstractmethod
from typing import Protocol

from ponty.memo.lazy_imports import asyncio
from ponty.memo.locks.fair_queue import FairQueue


class Sentinels(Protocol):
    """The least that a store of sentinels has: three methods. `SentinelStore` builds the others upon them."""

    async def exists(self, key: str, /) -> bool:
        """Return whether `key` is taken."""
        ...

    async def add(self, key: str, /) -> object:
        """Take `key`."""
        ...

    async def remove(self, key: str, /) -> object:
        """Free `key`."""
        ...


class Watcher(Protocol):
    """A cache, as far as it has to know of its locks."""

    def detach(self, key: str, owner: str) -> None:
        """Let nobody join what is being computed for `key` by `owner`, and do not store it."""


class Watched(ABC):
    """The attribute `clearing` of a store of sentinels from which the cache over it learns which locks are outdated."""

    @abstractmethod
    def watch(self, watcher: Watcher) -> None:
        """Call `watcher` for each such lock, for as long as it exists."""


class SentinelStore(ABC):
    """Where locks leave a sentinel for each key that is held.

    Three methods make a store: `exists`, `add` and `remove`. Upon them, `Lock` is safe within one process, also if they
    await. A store that several processes share overrides the other ones, in which it can do better: `try_add` in one
    atomic step, `release` only what the owner holds, `extend` a lease, `wait` to be notified.
    """

    lease_ms: float = 0
    """How long a sentinel lives if nobody extends it, in milliseconds, or 0 for ever. `Lock` extends at a third."""

    @abstractmethod
    async def exists(self, key: str) -> bool:
        """Return whether there is a sentinel for `key`."""

    @abstractmethod
    async def add(self, key: str) -> object:
        """Add a sentinel for `key`; what is returned is ignored."""

    @abstractmethod
    async def remove(self, key: str) -> object:
        """Remove the sentinel of `key`; what is returned is ignored."""

    async def try_add(self, key: str, owner: str) -> int:
        """Add a sentinel for `key` if there is none.

        Override it where the store can do so in one step, for instance `SET key owner NX PX lease`.

        Args:
            key: What to lock.
            owner: Who will hold it: a text that is new for each holder, for `release` and `extend` to compare.

        Returns:
            Whether the key is now the owner's; where the store can tell, as a number that is greater than that of any
            earlier holder, which becomes the `fence` of the lease. True stands for no such number.
        """
        del owner
        if await self.exists(key):
            return False
        await self.add(key)
        return True

    async def release(self, key: str, owner: str) -> None:
        """Remove the sentinel of `key` if it is the owner's.

        Override it where the store remembers owners. The default removes whatever sentinel there is.

        Args:
            key: What to unlock.
            owner: Who has held it.

        Raises:
            LeaseLost: The sentinel is not the owner's any more; in a store that can tell.
        """
        del owner
        await self.remove(key)

    async def extend(self, key: str, owner: str) -> bool:
        """Let the owner's sentinel live for another `lease_ms`, and return whether the owner still had it.

        Called only where `lease_ms` is set.

        Args:
            key: What is locked.
            owner: Who holds it.
        """
        del key, owner
        return True

    async def probe(self, key: str) -> None:
        """Do nothing if keys can be taken, `key` apart, which somebody in this process computes without a sentinel.

        Override it where `exists`, which the default calls, does not say that.

        Args:
            key: What is computed.

        Raises:
            Unavailable: They cannot.
        """
        await self.exists(key)

    async def wait(self, key: str, timeout_ms: float) -> None:
        """Return when it is worth while to ask for `key` again, after `timeout_ms` at the latest.

        Override it where the store can notify. The default sleeps.

        Args:
            key: What somebody else holds.
            timeout_ms: The lock's `pulse_ms`, or what is left of its wait, in milliseconds.
        """
        del key
        await asyncio.sleep(timeout_ms / 1000)


class Adapted(SentinelStore):
    """A store of another class that has just the three methods."""

    def __init__(self, sentinels: Sentinels) -> None:
        self._sentinels = sentinels
        for name in ("try_add", "release", "extend", "probe", "wait", "lease_ms", "clearing"):
            if hasattr(sentinels, name):
                setattr(self, name, getattr(sentinels, name))

    async def exists(self, key: str) -> bool:
        """Ask the store."""
        return await self._sentinels.exists(key)

    async def add(self, key: str) -> object:
        """Pass it on to the store."""
        return await self._sentinels.add(key)

    async def remove(self, key: str) -> object:
        """Pass it on to the store."""
        return await self._sentinels.remove(key)


class InProcess(SentinelStore):
    """The sentinels of `locallock`: the tickets themselves."""

    def __init__(self, name: str = "this local lock") -> None:
        self.queue: FairQueue = FairQueue(name)

    async def exists(self, key: str) -> bool:
        """Return whether somebody has the ticket for `key`."""
        return key in self.queue

    async def add(self, key: str) -> None:
        """Do nothing: who has the ticket holds the key."""

    async def remove(self, key: str) -> None:
        """Do nothing: releasing the ticket frees the key."""
