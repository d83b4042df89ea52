"""The fair queue: who may hold a key within this process, first come first served.

States of a key:

- *free*: nobody holds it. The key takes no memory.
- *held*: one `Ticket` is out, and nobody waits.
- *contended*: one `Ticket` is out, and callers stand in a queue.

Rules:

1. `try_acquire` returns a ticket for a free key, at once and without awaiting. A key with a queue is never free.
2. `acquire` at a key that is not free joins the end of its queue.
3. `release` hands the key straight to the first in the queue who still waits; the key is never free in between, so
   nobody overtakes. It frees the key if nobody waits.
4. A key is handed over by completing the waiter's future, at which instant the waiter holds the key, though its task
   will only run later. If that task was cancelled meanwhile, it hands the key on instead of using it.
5. A waiter that is cancelled or whose time is over leaves the queue at once.
6. `release` looks at the identity of the ticket, not at its key: a ticket released twice, or released late by the
   remains of a loop that was closed, changes nothing.
7. Whoever has a key, a loop and an owner's name can be a ticket itself: a flight is, where it finds its key free.

What can never happen: two tickets out for one key; a free key with somebody in its queue; a ticket that nobody holds,
unless the loop of its holder was closed, and then the next loop that asks takes it away; anything left in memory for a
key that is free.
"""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import TYPE_CHECKING, Any, Protocol

from ponty.memo.event_loop import LoopOwner
from ponty.memo.lazy_imports import asyncio

if TYPE_CHECKING:
    from typing import TypeAlias

    _Queue: TypeAlias = "OrderedDict[asyncio.Future[Ticket | None], None]"


class Ticket(Protocol):
    """The right to hold a key, which one caller has at a time."""

    key: Any
    loop: "asyncio.AbstractEventLoop"
    owner: str


class _Ticket:
    __slots__ = ("key", "loop", "owner")

    def __init__(self, key: Hashable, loop: "asyncio.AbstractEventLoop") -> None:
        self.key: Any = key
        self.loop: asyncio.AbstractEventLoop = loop
        self.owner: str = ""


class FairQueue:
    """The tickets of any number of keys.

    Args:
        name: What the keys belong to, for messages.
        on_lost: Called with each ticket whose holder's loop was closed.
    """

    __slots__ = ("__weakref__", "_held", "_loop_owner", "_on_lost", "_queues")

    def __init__(self, name: str, on_lost: Callable[[Ticket], object] | None = None) -> None:
        self._on_lost = on_lost
        self._held: dict[Hashable, Ticket] = {}
        self._queues: dict[Hashable, _Queue] = {}
        self._loop_owner = LoopOwner(name)
        self._loop_owner.on_new_loop(self._release_closed_loops)

    def __contains__(self, key: Hashable) -> bool:
        return key in self._held

    def waiting(self, key: Hashable) -> int:
        """Count those who stand in the queue of `key`."""
        return len(self._queues.get(key, ()))

    def try_acquire(self, key: Hashable) -> Ticket | None:
        """Return a ticket for `key` if it is free."""
        loop = asyncio.get_running_loop()
        if loop is not self._loop_owner.loop:
            self._loop_owner.enter()
        if key in self._held:
            return None
        ticket = self._held[key] = _Ticket(key, loop)
        return ticket

    def hold(self, ticket: Ticket) -> bool:
        """Hold the key of `ticket` by it if the key is free; return whether it was."""
        if ticket.loop is not self._loop_owner.loop:
            self._loop_owner.enter()
        if ticket.key in self._held:
            return False
        self._held[ticket.key] = ticket
        return True

    async def acquire(self, key: Hashable, limit: float | None) -> Ticket | None:
        """Wait for a ticket for `key`, first come first served.

        Args:
            key: What to hold.
            limit: How long to wait, in seconds; None waits as long as it takes.

        Returns:
            The ticket, or None if the wait is over.
        """
        ticket = self.try_acquire(key)
        if ticket is not None or limit == 0:
            return ticket
        loop = self._loop_owner.enter()
        waiter: asyncio.Future[Ticket | None] = loop.create_future()
        queue = self._queues.setdefault(key, OrderedDict())
        queue[waiter] = None
        timer = None if limit is None else loop.call_later(limit, _end_wait, waiter)
        try:
            return await waiter
        except BaseException:
            if waiter.done() and not waiter.cancelled() and (ticket := waiter.result()) is not None:
                self.release(ticket)
            raise
        finally:
            if timer is not None:
                timer.cancel()
            queue.pop(waiter, None)
            if not queue and self._queues.get(key) is queue:
                del self._queues[key]

    def release(self, ticket: Ticket) -> None:
        """Hand the key of `ticket` to the first who waits for it, or free it."""
        key = ticket.key
        if self._held.get(key) is ticket:
            if self._queues and key in self._queues:
                self._hand_on(key)
            else:
                del self._held[key]

    def _hand_on(self, key: Hashable) -> None:
        queue = self._queues.get(key)
        while queue:
            waiter, _ = queue.popitem(last=False)
            loop = waiter.get_loop()
            if not waiter.done() and not loop.is_closed():
                ticket = self._held[key] = _Ticket(key, loop)
                waiter.set_result(ticket)
                return
        self._queues.pop(key, None)
        del self._held[key]

    def _release_closed_loops(self) -> None:
        for key, ticket in list(self._held.items()):
            if ticket.loop.is_closed():
                if self._on_lost is not None:
                    self._on_lost(ticket)
                self._hand_on(key)


def _end_wait(waiter: "asyncio.Future[Ticket | None]") -> None:
    if not waiter.done():
        waiter.set_result(None)
