"""The limit of requests of a shared client, also for leases and requests inside of others.

There are two limits of the same size, one after the other:

- *Places*: a lease takes a place, and waits for it in turn. If a task has a lease of the same client already, it takes
  no second place, since tasks that wait for their second place could hold all places. For the same reason, a task that
  was started within a lease waits `NESTED_WAIT` for its own place, and then goes on without one.
- *Slots*: a request takes a slot while its connection is in use. A request takes no second slot if the same task, or
  the owner of a lease around it, is reading the answer of another request.

So no task waits for ever for something that it holds itself, or that is held by a task which waits for it. All other
waits have limits too, and long waits are logged.
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
"""Seconds of a wait after which it is logged."""

NESTED_WAIT = 1.0
"""Seconds for which a task that was started within a lease waits for its own place."""

TOLD_EVERY = 10.0
"""The fewest seconds between two log lines about one client."""

_innermost: contextvars.ContextVar["Lease"] = contextvars.ContextVar("ponty.core.innermost_lease")


class Places:
    """A number of places; tasks wait for them in turn.

    Args:
        what: The purpose of the places, for log lines and errors.
        total: The number of places.
        longest_wait: Seconds after which a wait raises a TimeoutError; None for no limit.
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
            TimeoutError: No place became free within the longest wait, or by the deadline.
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
        """Give a place back."""
        self._free.release()

    def _tell(self) -> None:
        now = asyncio.get_running_loop().time()
        if now - self._told_at >= TOLD_EVERY:
            self._told_at = now
            logger.warning(
                "%s: all %d places have been taken for %g s, %d wait", self._what, self.total, TOLD_AFTER, self._waiting
            )


class Lease:
    """A lease, from its beginning to its end; it knows the leases around it by a context variable.

    Args:
        places: The places of the client.
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
            # The lease was entered in another context, where it is ignored now, since it is not active.
            return

    def outwards(self) -> Iterator["Lease"]:
        """Iterate over the leases around this one."""
        lease = self._outer
        while lease is not None:
            yield lease
            lease = lease._outer  # noqa: SLF001 - of its own class


class BoundedConnector(aiohttp.TCPConnector):
    """A connector that uses at most one connection for each slot, except for requests within requests.

    With aiohttp's own limit, requests that each wait for a second connection would wait for ever.
    """

    def __init__(self, slots: Places) -> None:
        super().__init__(limit=0)
        self._slots = slots
        self._reading: dict[asyncio.Task[object] | None, int] = {}

    @property
    def limit(self) -> int:
        """The most connections that are in use at once."""
        return self._slots.total

    async def connect(self, req: "ClientRequest", traces: "list[Trace]", timeout: "ClientTimeout") -> "Connection":  # noqa: ASYNC109 - aiohttp's
        """Wait for a slot, and return a free connection or a new one."""
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
