"""How many requests a shared client makes at once, also where leases and requests nest.

Two bounds of one size stand one behind the other:

- *places*: a lease takes one, and waits for it in turn. A lease of a task that has one of the same client takes no
  second: all places may be held by those who wait for a second. For the same reason, a task that was started within a
  lease waits `NESTED_WAIT` for a place of its own, and goes on without one then.
- *slots*: a request takes one for as long as its connection is in use. A request that is made while the same task, or
  the owner of a lease that it stands in, reads the answer of another takes no second slot.

So nobody waits for good for what they, or those who wait for them, hold themselves: no circle of waiters lasts. Every
other wait has a limit, too, and one that lasts is logged.
"""

import asyncio
import contextvars
import logging
from collections.abc import Iterator
from typing import TYPE_CHECKING

import aiohttp

from ponty.core.time_left import least_seconds

if TYPE_CHECKING:
    from aiohttp.client import ClientTimeout
    from aiohttp.client_reqrep import ClientRequest
    from aiohttp.connector import Connection
    from aiohttp.tracing import Trace

logger: logging.Logger = logging.getLogger("ponty.core")

TOLD_AFTER = 1.0
"""Seconds that a wait lasts before it is logged."""

NESTED_WAIT = 1.0
"""Seconds that a task started within a lease waits for a place of its own."""

TOLD_EVERY = 10.0
"""Seconds between two log lines about one client, at least."""

_innermost: contextvars.ContextVar["Lease"] = contextvars.ContextVar("ponty.core.innermost_lease")


class Places:
    """A number of places, waited for in turn.

    Args:
        what: What a place is for, as log lines and errors say it.
        total: How many there are.
        longest_wait: Seconds after which a wait is a TimeoutError; None for no limit.
    """

    def __init__(self, what: str, total: int, longest_wait: float | None) -> None:
        self.total = total
        self._what = what
        self._longest_wait = longest_wait
        self._free = asyncio.Semaphore(total)
        self._waiting = 0
        self._told_at = -TOLD_EVERY

    async def try_acquire(self) -> bool:
        """Wait for a place for `NESTED_WAIT`; return whether it was taken."""
        limit = asyncio.timeout(NESTED_WAIT)
        try:
            async with limit:
                return await self.acquire()
        except TimeoutError:
            if not limit.expired():
                raise
            self._tell()
            return False

    async def acquire(self) -> bool:
        """Wait for a place, and take it; return True.

        Raises:
            TimeoutError: There was none within the longest wait, or by the deadline.
        """
        if not self._free.locked():
            return await self._free.acquire()
        teller = asyncio.get_running_loop().call_later(TOLD_AFTER, self._tell)
        self._waiting += 1
        longest = least_seconds(self._longest_wait)
        limit = asyncio.timeout(longest)
        try:
            async with limit:
                return await self._free.acquire()
        except TimeoutError:
            if not limit.expired():
                raise
            message = f"{self._what}: none of {self.total} places came free within {longest} seconds"
            raise TimeoutError(message) from None
        finally:
            self._waiting -= 1
            teller.cancel()

    def release(self) -> None:
        """Return a place."""
        self._free.release()

    def _tell(self) -> None:
        now = asyncio.get_running_loop().time()
        if now - self._told_at >= TOLD_EVERY:
            self._told_at = now
            logger.warning(
                "%s: all %d places have been taken for %g s, %d wait", self._what, self.total, TOLD_AFTER, self._waiting
            )


class Lease:
    """One lease, from its beginning to its end; a context variable leads from it to those around it.

    Args:
        places: Those of the client.
    """

    def __init__(self, places: Places) -> None:
        self.owner: asyncio.Task[object] | None = asyncio.current_task()
        self.places: Places = places
        self.active: bool = False
        self._outer = _innermost.get(None)
        self._has_place = False
        self._token: contextvars.Token[Lease] | None = None

    async def __aenter__(self) -> None:
        around = [lease for lease in self.outwards() if lease.active and lease.places is self.places]
        if not any(lease.owner is self.owner for lease in around):
            self._has_place = await (self.places.try_acquire() if around else self.places.acquire())
        self.active = True
        self._token = _innermost.set(self)

    async def __aexit__(self, *_: object) -> None:
        self.active = False
        if self._has_place:
            self.places.release()
        assert self._token is not None  # noqa: S101 - it was entered
        try:
            _innermost.reset(self._token)
        except ValueError:
            # It is left in another context than it was entered in; what is not active is passed over there.
            return

    def outwards(self) -> Iterator["Lease"]:
        """Iterate over the leases around this one."""
        lease = self._outer
        while lease is not None:
            yield lease
            lease = lease._outer  # noqa: SLF001 - of its own class


class BoundedConnector(aiohttp.TCPConnector):
    """A connector that uses no more connections at once than it has slots, but for requests within requests.

    aiohttp's own limit knows no nesting: requests that all wait for a second connection wait for ever.
    """

    def __init__(self, slots: Places) -> None:
        super().__init__(limit=0)
        self._slots = slots
        self._reading: dict[asyncio.Task[object] | None, int] = {}

    @property
    def limit(self) -> int:
        """How many connections are in use at once."""
        return self._slots.total

    async def connect(self, req: "ClientRequest", traces: "list[Trace]", timeout: "ClientTimeout") -> "Connection":  # noqa: ASYNC109 - aiohttp's
        """Get a free connection, or make one, when there is a slot for it."""
        task = asyncio.current_task()
        takes_slot = not self._is_nested(task)
        if takes_slot:
            await self._slots.acquire()
        try:
            connection = await super().connect(req, traces, timeout)
        except BaseException:
            if takes_slot:
                self._slots.release()
            raise
        self._reading[task] = self._reading.get(task, 0) + 1

        def end() -> None:
            self._reading[task] -= 1
            if not self._reading[task]:
                del self._reading[task]
            if takes_slot:
                self._slots.release()

        connection.add_callback(end)
        return connection

    def _is_nested(self, task: asyncio.Task[object] | None) -> bool:
        if task in self._reading:
            return True
        lease = _innermost.get(None)
        if lease is None:
            return False
        return any(around.active and around.owner in self._reading for around in (lease, *lease.outwards()))
