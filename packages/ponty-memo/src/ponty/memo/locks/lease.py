"""Leases: a sentinel that expires is kept alive while its holder works, and the holder learns if that has failed.

A lease is either

- *held*: the store has granted it, and by this process's clock it has not ended. It is counted from before the store
  was asked, so it ends here no later than there.
- *lost*: the store says that the key is not the holder's any more, or the lease has ended before an attempt to extend
  it has succeeded. A lost lease is never held again.

Rules:

1. A lease is extended at a third of its length. An attempt that fails is logged, and made again each ninth of it.
2. Who has lost its lease learns at once: the task that entered the block is cancelled, and where the cancellation
   leaves the block it becomes `LeaseLost`. A cancellation from elsewhere that came too stays one.
3. A block that ends by itself after the lease was lost raises `LeaseLost` at its end. An error of the block's own takes
   precedence, and gets a note.
4. A computation of a memoizer is not cancelled: its callers get the value. The store refuses it, by the owner. Those
   who call from then on do not join it, for they may know of a change that it has not seen.

What cannot be had: a process that stands still (stopped, swapped out, collecting garbage) learns that its lease is lost
only when it runs again, and may go on for a few steps. What it writes then has a `fence` that is less
than that of whoever has held the key since.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from ponty.memo.errors import LeaseLost
from ponty.memo.lazy_imports import asyncio
from ponty.memo.logs import logger

if TYPE_CHECKING:
    from ponty.memo.locks.sentinel_store import SentinelStore


class Lease(Protocol):
    """What `async with lock.lock(key) as lease` gives: what its holder may want to know."""

    @property
    def fence(self) -> int:
        """A number greater than that of any earlier holder of the key; 0 where the store of sentinels gives none.

        Send it along with what the block writes, and let the receiver refuse a number less than the greatest that it
        has seen: that keeps out a holder that stood still while its lease ended.
        """
        ...

    @property
    def lost(self) -> bool:
        """Whether the lease is known to have ended while the block runs."""
        ...


class Renewal:
    """The lease of one holder, extended until `stop`.

    Args:
        sentinels: Who gave it.
        key: What is held.
        owner: Who holds it.
        asked: When it was asked for, in the loop's time.
        on_lost: Called when it is lost; without it, the task that this is made in is cancelled.
    """

    __slots__ = (
        "_cancelling",
        "_holder",
        "_key",
        "_on_lost",
        "_owner",
        "_sentinels",
        "_task",
        "_told",
        "_until",
        "lost",
    )

    def __init__(
        self,
        sentinels: "SentinelStore",
        key: str,
        owner: str,
        *,
        asked: float,
        on_lost: Callable[[], object] | None,
    ) -> None:
        self.lost: bool = False
        self._sentinels = sentinels
        self._key = key
        self._owner = owner
        self._until = asked + sentinels.lease_ms / 1000
        self._on_lost = on_lost
        self._holder = None if on_lost is not None else asyncio.current_task()
        self._cancelling = 0 if self._holder is None else self._holder.cancelling()
        self._told = False
        self._task = asyncio.get_running_loop().create_task(self._run(), name="ponty.memo lease")

    @property
    def held(self) -> bool:
        """Whether nobody else can hold the key yet, as far as this process can tell."""
        return not self.lost and asyncio.get_running_loop().time() < self._until

    def stop(self, exc: BaseException | None) -> bool:
        """Extend the lease no further; return whether `exc`, with which the block ends, is only this news."""
        self._task.cancel()
        if not self._told or self._holder is None:
            return False
        return self._holder.uncancel() <= self._cancelling and isinstance(exc, asyncio.CancelledError)

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        length = self._sentinels.lease_ms / 1000
        pause = length / 3
        while True:
            await asyncio.sleep(min(pause, self._until - loop.time()))
            asked = loop.time()
            try:
                async with asyncio.timeout_at(self._until):
                    held = await self._sentinels.extend(self._key, self._owner)
            except Exception as error:  # noqa: BLE001 - the next attempt may succeed while the lease lasts
                if loop.time() >= self._until:
                    return self._lose(error)
                logger().warning("the lease of %r could not be extended", self._key, exc_info=error)
                pause = length / 9
                continue
            if not held:
                return self._lose(None)
            self._until = asked + length
            pause = length / 3

    def _lose(self, error: Exception | None) -> None:
        self.lost = True
        logger().error("the lease of %r was lost while its block runs", self._key, exc_info=error)
        if self._on_lost is not None:
            self._on_lost()
        elif self._holder is not None:
            self._told = True
            self._holder.cancel()


def lease_lost(key: object) -> LeaseLost:
    """Return the error for the holder."""
    error = LeaseLost("the lease ended while the block ran")
    error.add_note(f"it was the lease of {key!r}")
    return error
