"""The fair queue: it decides who holds a key within this process; first come, first served.

States of a key:

- *free*: nobody holds it. The key takes no memory.
- *held*: there is one `Ticket` for it, and nobody waits.
- *contended*: there is one `Ticket` for it, and callers wait in a queue.

Rules:

1. `try_acquire` returns a ticket for a free key, at once and without awaiting. A key with a queue is never free.
2. `acquire` of a key that is not free joins the end of the key's queue.
3. `release` hands the key directly to the first caller in the queue that still waits. The key is never free in between,
   so nobody can overtake. If nobody waits, the key becomes free.
4. A key is handed over by completing the future of the waiter. From that moment the waiter holds the key, although its
   task runs only later. If the task was cancelled meanwhile, it hands the key on instead of using it.
5. A waiter that is cancelled, or whose time is over, leaves the queue at once.
6. `release` compares the identity of the ticket, not its key. So it has no effect to release a ticket twice, or late,
   as the remains of a closed loop may do.
7. Any object with a key, a loop and an owner can be a ticket. A flight is its own ticket if it finds its key free.

What can never happen: two tickets for one key; a free key with callers in its queue; a ticket that nobody holds, unless
the loop of its holder was closed, in which case the next loop that asks takes it away; anything left in memory for a
free key.
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
    """The right to hold a key; one caller has it at a time."""

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
        name: The name of the lock or cache that the keys belong to, for messages.
        on_lost: Called with each ticket whose event loop was closed.
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
        """Return the number of callers in the queue of `key`."""
        return len(self._queues.get(key, ()))

    def try_acquire(self, key: Hashable) -> Ticket | None:
        """Return a ticket for `key` if it is free, or else None."""
        loop = asyncio.get_running_loop()
        if loop is not self._loop_owner.loop:
            self._loop_owner.enter()
        if key in self._held:
            return None
        ticket = self._held[key] = _Ticket(key, loop)
        return ticket

    def hold(self, ticket: Ticket) -> bool:
        """Make `ticket` the ticket of its key if the key is free; return whether it was free."""
        if ticket.loop is not self._loop_owner.loop:
            self._loop_owner.enter()
        if ticket.key in self._held:
            return False
        self._held[ticket.key] = ticket
        return True

    async def acquire(self, key: Hashable, limit: float | None) -> Ticket | None:
        """Wait for a ticket for `key`; first come, first served.

        Args:
            key: The key.
            limit: How long to wait, in seconds; None means without limit.

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
        """Hand the key of `ticket` to the first caller that waits for it, or free the key."""
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
