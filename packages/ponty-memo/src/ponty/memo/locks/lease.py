"""Leases: a sentinel that expires is extended while its holder works, and the holder gets an error if that fails.

A lease is in one of two states:

- *held*: the store has granted it, and by the clock of this process it has not ended. Its time is counted from before
  the request to the store, so it ends here no later than in the store.
- *lost*: the store says that the holder does not have the key any more, or the lease ended before an attempt to extend
  it succeeded. A lost lease is never held again.

Rules:

1. A lease is extended after a third of its length. A failed attempt is logged, and repeated after each ninth of the
   length.
2. A holder that loses its lease learns it at once: the task that entered the block is cancelled. When this cancellation
   leaves the block, it becomes `LeaseLost`. If the task was cancelled by somebody else too, it stays a cancellation.
3. If the block ends by itself after the lease was lost, `LeaseLost` is raised at its end. An error of the block itself
   takes precedence, and gets a note.
4. A computation of a memoizer is not cancelled: its callers get the value. The store compares the owner, and refuses to
   keep the value. Later callers do not join the computation, because they may know of a change that it has not seen.

What cannot be guaranteed: a process that stands still (stopped, swapped out, collecting garbage) learns that its lease
is lost only when it runs again, and may go on for a few steps. But its writes then have a smaller `fence` than those of
any later holder of the key.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from ponty.memo.errors import LeaseLost
from ponty.memo.lazy_imports import asyncio
from ponty.memo.logs import logger

if TYPE_CHECKING:
    from ponty.memo.locks.sentinel_store import SentinelStore


class Lease(Protocol):
    """The value of `async with lock.lock(key) as lease`: the state of the lock for its holder."""

    @property
    def fence(self) -> int:
        """The fencing token, a number greater than that of any earlier holder of the key; 0 if the store has none.

        Send it with each write of the block, and let the receiver refuse a number smaller than the greatest one that it
        has seen. This keeps out a holder that stood still while its lease ended.
        """
        ...

    @property
    def lost(self) -> bool:
        """Whether this process knows that the lease has ended while the block runs."""
        ...


class Renewal:
    """Extends the lease of one holder until `stop` is called.

    Args:
        sentinels: The store that granted the lease.
        key: The key.
        owner: The holder.
        asked: When the lease was requested, by the clock of the event loop.
        on_lost: Called when the lease is lost. Without it, the task that makes this object is cancelled then.
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
        """Whether, as far as this process knows, nobody else can hold the key yet."""
        return not self.lost and asyncio.get_running_loop().time() < self._until

    def stop(self, exc: BaseException | None) -> bool:
        """Stop extending; return whether `exc`, which ends the block, is only the cancellation for a lost lease."""
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
        logger().error("the lease of %r was lost while its block was running", self._key, exc_info=error)
        if self._on_lost is not None:
            self._on_lost()
        elif self._holder is not None:
            self._told = True
            self._holder.cancel()


def lease_lost(key: object) -> LeaseLost:
    """Return the `LeaseLost` for the holder of a key."""
    error = LeaseLost("the lease ended while the block was running")
    error.add_note(f"it was the lease of {key!r}")
    return error
