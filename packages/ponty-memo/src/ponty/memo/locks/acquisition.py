"""An acquisition: the time in which one caller has a key, from taking it to releasing it.

The block of a lock runs in an acquisition, and so does each computation.

A lock has two parts. The *ticket* decides who holds the key in this process (see `ponty.memo.locks.fair_queue`). The
*sentinel* is what the other users of the store see. Only the caller that has the ticket asks the store about the key.
So no other caller can come between `exists` and `add`, and a store is safe even if its methods await.

From taking the ticket to releasing it, a caller is in one of these states:

- *asking*: `try_add` runs in a separate task. If the caller is cancelled, the task goes on: it removes the sentinel if
  it has added one, and releases the ticket.
- *pausing*: somebody else has the sentinel. `SentinelStore.wait` runs until it makes sense to ask again.
- *holding*: the caller has the sentinel, and the block runs. If the store has leases, the lease is extended meanwhile
  (see `ponty.memo.locks.lease`).
- *without store*: the store is `Unavailable`, and the caller is a computation that may go on without it. It has the
  ticket, so it is the only one in this process. It stores nothing.
- *releasing*: `release` runs in a separate task, which releases the ticket at the end, even if the caller is cancelled.

Rules:

1. Whether a state ends by success, failure, time-out or cancellation, the ticket is released exactly once.
2. If the store fails while it is asked for the key, the caller gets its error. It is unknown whether the sentinel was
   added: the key is *in doubt*.
3. If the store fails in `release`, the caller gets its error and the key is in doubt. If the block itself has failed,
   the error of the block is raised, with the store's error as a note. If the store is `Unavailable` and the lease of
   the sentinel is still held, nobody else was let in and the lease will end by itself, so this is only logged.
4. If the loop of a holder is closed, the holder has lost its ticket, and the key is in doubt.
5. The next caller that has the ticket of a key in doubt first removes the sentinel that may be left there. Nobody in
   this process can hold the key at that time.

What can never happen: two holders in one process; a lost ticket; a key that stays locked by a sentinel of this process
that nobody holds, without an error for the caller or in the log.
"""

import os
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, suppress
from itertools import count
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, cast

from ponty.memo.errors import LeaseLost, Unavailable
from ponty.memo.lazy_imports import asyncio
from ponty.memo.locks.lease import Lease, Renewal, lease_lost
from ponty.memo.logs import logger

if TYPE_CHECKING:
    from ponty.memo.locks.fair_queue import Ticket
    from ponty.memo.locks.shared_state import LockState

_owners = count(1)
_process = os.urandom(8).hex()


class Acquisition(AbstractAsyncContextManager[Lease]):
    """Holds a key of a lock while its block runs.

    Args:
        lock: The lock.
        key: The key. For `InProcess`, it may be any hashable object.
        limit: How long to wait, in seconds; None means without limit.
        on_lost: Called if the lease is lost. It marks the acquisition of a computation, which goes on with the ticket
            alone if the store is `Unavailable`.
        on_ask: Called with `begins=True` before the store is asked for the key, and with `begins=False` if somebody
            else has it.
    """

    __slots__ = (
        "_key",
        "_limit",
        "_lock",
        "_on_ask",
        "_on_lost",
        "_released",
        "_renewal",
        "_ticket",
        "fence",
        "owner",
        "refused",
        "without_store",
    )

    def __init__(
        self,
        lock: "LockState",
        key: Any,
        limit: float | None,
        on_lost: Callable[[], object] | None = None,
        on_ask: Callable[..., object] | None = None,
    ) -> None:
        self._lock = lock
        self._key = key
        self._limit = limit
        self._on_lost = on_lost
        self._on_ask = on_ask
        self.owner: str = ""
        self.fence: int = 0
        self.refused: bool = False
        self.without_store: bool = False
        self._released = False
        self._ticket: Ticket | None = None
        self._renewal: Renewal | None = None

    @property
    def lost(self) -> bool:
        """Whether this process knows that the lease has ended."""
        return self._renewal is not None and self._renewal.lost

    @property
    def exclusive(self) -> bool:
        """Whether, as far as this process knows, nobody else can have held the key since it was taken."""
        return not self.without_store and (self._renewal is None or self._renewal.held)

    async def probe(self) -> None:
        """Check that the store is available again, so that others could take keys in it.

        Raises:
            Unavailable: It is not.
        """
        await self._lock.sentinels.probe(self._key)

    async def __aenter__(self) -> Self:
        began = asyncio.get_running_loop().time() if self._limit else 0.0
        ticket = await self._lock.shared.queue.acquire(self._key, self._limit)
        if ticket is None:
            raise self._timed_out()
        self._ticket = ticket
        if self._lock.in_process:
            return self
        self.owner = ticket.owner = f"{_process}.{os.getpid()}.{next(_owners)}"
        deadline = None if self._limit is None else began + self._limit
        self._lock.pending_releases.add(self)
        try:
            while True:
                asked = ticket.loop.time()
                if await self._ask() or await self._pause(deadline):
                    break
        except BaseException:
            self._lock.pending_releases.discard(self)
            raise
        if self._lock.sentinels.lease_ms > 0 and not self.without_store:
            self._renewal = Renewal(self._lock.sentinels, self._key, self.owner, asked=asked, on_lost=self._on_lost)
        return self

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        ticket = cast("Ticket", self._ticket)
        if not self._lock.in_process:
            self._lock.pending_releases.discard(self)
        if self.without_store or self._lock.in_process:
            self._lock.shared.queue.release(ticket)
            return
        if ticket.loop.is_closed():  # only remains of the block are cleaned up; the key is in doubt already
            return
        told = self._renewal is not None and self._renewal.stop(exc)
        release = ticket.loop.create_task(self._release(), name="ponty.memo release")
        self._lock.pending_releases.track(release)
        if self.lost and self._on_lost is None:  # no need to wait for the release of a lost lease
            release.add_done_callback(self._report)
            if exc is None or told:
                raise lease_lost(self._key) from exc
            exc.add_note(f"the lease of {self._key!r} had ended before that")
            return
        try:
            error = await asyncio.shield(release)
        except asyncio.CancelledError:
            if release.cancelling() and not self._released:  # the event loop ends, and cancelled it before it began
                release = ticket.loop.create_task(self._release(), name="ponty.memo release")
                with suppress(asyncio.CancelledError):
                    await asyncio.shield(release)
            release.add_done_callback(self._report)
            raise
        if error is not None:
            if exc is None:
                raise error
            exc.add_note(f"the lock of {self._key!r} could not be released either: {error!r}")
            self._report(release)

    async def _ask(self) -> bool:
        """Ask the store for the key; if that fails, release the ticket, unless the caller goes on without the store."""
        ticket = cast("Ticket", self._ticket)
        if self._on_ask is not None:
            self._on_ask(begins=True)
        task = ticket.loop.create_task(self._try_add(), name="ponty.memo lock")
        self._lock.pending_releases.track(task)
        try:
            self.fence = await asyncio.shield(task)
        except BaseException as error:
            if self._goes_on_without(error):
                return True
            if task.done():
                self._withdraw(task)
            else:  # the caller is cancelled while the store is asked
                task.add_done_callback(self._withdraw)
            raise
        held = bool(self.fence)
        if self.fence is True:
            self.fence = 0
        return held

    async def _try_add(self) -> int:
        sentinels, doubts = self._lock.sentinels, self._lock.shared.doubts
        suspect = doubts.get(self._key)
        if suspect is not None:
            if await sentinels.exists(self._key):
                with suppress(LeaseLost):
                    await sentinels.release(self._key, suspect)
            doubts.pop(self._key, None)
        if self._lock.three_methods and await sentinels.exists(self._key):
            return False  # outside of the try below: if this fails, the key is not in doubt
        try:
            if self._lock.three_methods:
                await sentinels.add(self._key)
                return True
            return await sentinels.try_add(self._key, self.owner)
        except BaseException as error:
            if not isinstance(error, Unavailable) or error.in_doubt:
                doubts[self._key] = self.owner
            raise

    async def _pause(self, deadline: float | None) -> bool:
        """Wait until it makes sense to ask again; release the ticket if no time is left, or if the wait fails.

        Returns:
            Whether the caller goes on without the store, so that there is no need to ask.
        """
        pulse = self._lock.pulse
        if self._on_ask is not None:
            self._on_ask(begins=False)
        try:
            if deadline is not None:
                pulse = min(pulse, deadline - asyncio.get_running_loop().time())
            if self._limit == 0 or pulse <= 0:
                raise self._timed_out()  # noqa: TRY301 - both ways out release the ticket
            await self._lock.sentinels.wait(self._key, pulse * 1000)
        except BaseException as error:
            if not self._goes_on_without(error):
                self._release_ticket()
                raise
        return self.without_store

    def _goes_on_without(self, error: BaseException) -> bool:
        """Decide whether the caller goes on with the ticket alone: a computation does if the store is unavailable."""
        self.without_store = self._on_lost is not None and isinstance(error, Unavailable)
        return self.without_store

    async def _release(self) -> Exception | None:
        """Remove the sentinel and release the ticket; return the error for the caller, or None."""
        self._released = True
        try:
            await self._lock.sentinels.release(self._key, self.owner)
        except BaseException as error:
            if isinstance(error, LeaseLost):
                return error if self._on_lost is None else None
            self._lock.shared.doubts[self._key] = self.owner
            if not isinstance(error, Exception):
                raise
            held = self._renewal is not None and self._renewal.held
            if isinstance(error, Unavailable) and (self._on_lost is not None or held):
                message = "the lock of %r could not be released; it ends with its lease"
                logger().warning(message, self._key, exc_info=error)
                return None
            return error
        finally:
            self._release_ticket()
        return None

    def _timed_out(self) -> Exception:
        self.refused = True
        return self._lock.timed_out(self._key, self._limit or 0)

    def _release_ticket(self) -> None:
        self._lock.shared.queue.release(cast("Ticket", self._ticket))

    def _withdraw(self, asked: "asyncio.Task[int]") -> None:
        """End a request for the key whose caller has gone or failed: release whatever it got."""
        if asked.cancelled() or asked.exception() is not None or not asked.result():
            self._release_ticket()
            return
        try:
            release = cast("Ticket", self._ticket).loop.create_task(self._release(), name="ponty.memo release")
        except RuntimeError:  # the loop is closed, and with it the ticket
            return
        self._lock.pending_releases.track(release)
        release.add_done_callback(self._report)

    def _report(self, release: "asyncio.Task[Exception | None]") -> None:
        """Log an error that reaches no caller any more."""
        error = None if release.cancelled() else release.exception()
        if error is None and not release.cancelled():
            error = release.result()
        if error is not None and not isinstance(error, LeaseLost):
            logger().error("the lock of %r could not be released", self._key, exc_info=error)
