"""Turns: who may hold a key within this process.

States of a key:

- *free*: nobody holds it. The key takes no memory.
- *held*: one `Turn` is out, and nobody waits.
- *contended*: one `Turn` is out, and callers stand in a queue.

Rules:

1. `try_take` gives a turn at a free key, at once and without awaiting. A key with a queue is never free.
2. `take` at a key that is not free joins the end of its queue.
3. `give` hands the turn straight to the first in the queue who still waits; the key is never free in between, so nobody
   overtakes. It frees the key if nobody waits.
4. A turn is handed over by completing the waiter's future, at which instant the waiter holds the key, though its task
   will only run later. If that task was cancelled meanwhile, it gives the turn on instead of using it.
5. A waiter that is cancelled or whose time is over leaves the queue at once.
6. `give` looks at the identity of the turn, not at its key: a turn given twice, or given late by the remains of a loop
   that was closed, changes nothing.

What can never happen: two turns out at one key; a free key with somebody in its queue; a turn that nobody holds, unless
the loop of its holder was closed, and then the next loop that asks takes it away; anything left in memory for a key
that is free.
"""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import TYPE_CHECKING, Final

from ponty.memo.event_loop import Home
from ponty.memo.lazy_imports import asyncio

if TYPE_CHECKING:
    from typing import TypeAlias

    _Queue: TypeAlias = "OrderedDict[asyncio.Future[Turn | None], None]"


class Turn:
    """The right to hold a key, given to one at a time."""

    __slots__ = ("key", "loop", "owner")

    def __init__(self, key: Hashable, loop: "asyncio.AbstractEventLoop") -> None:
        self.key: Final = key
        self.loop: Final = loop
        self.owner: str = ""


class Turns:
    """The turns at any number of keys.

    Args:
        name: What the turns are for, for messages.
        on_lost: Told of each turn whose holder's loop was closed.
    """

    __slots__ = ("__weakref__", "_held", "_home", "_on_lost", "_queues")

    def __init__(self, name: str, on_lost: Callable[[Turn], object] | None = None) -> None:
        self._on_lost = on_lost
        self._held: dict[Hashable, Turn] = {}
        self._queues: dict[Hashable, _Queue] = {}
        self._home = Home(name, self._forget_closed_loops)

    def __contains__(self, key: Hashable) -> bool:
        return key in self._held

    def __len__(self) -> int:
        """Count the keys that are held."""
        return len(self._held)

    def waiting(self, key: Hashable) -> int:
        """Count those who stand in the queue of `key`."""
        return len(self._queues.get(key, ()))

    def try_take(self, key: Hashable) -> Turn | None:
        """Take the turn at `key` if it is free."""
        loop = self._home.enter()
        if key in self._held:
            return None
        turn = self._held[key] = Turn(key, loop)
        return turn

    async def take(self, key: Hashable, limit: float | None) -> Turn | None:
        """Take the turn at `key`, first come first served.

        Args:
            key: Whose turn to take.
            limit: How long to wait, in seconds; None waits as long as it takes.

        Returns:
            The turn, or None if the wait is over.
        """
        turn = self.try_take(key)
        if turn is not None or limit == 0:
            return turn
        loop = self._home.enter()
        waiter: asyncio.Future[Turn | None] = loop.create_future()
        queue = self._queues.setdefault(key, OrderedDict())
        queue[waiter] = None
        timer = None if limit is None else loop.call_later(limit, _end_wait, waiter)
        try:
            return await waiter
        except BaseException:
            if waiter.done() and not waiter.cancelled() and (turn := waiter.result()) is not None:
                self.give(turn)
            raise
        finally:
            if timer is not None:
                timer.cancel()
            queue.pop(waiter, None)
            if not queue and self._queues.get(key) is queue:
                del self._queues[key]

    def give(self, turn: Turn) -> None:
        """Hand `turn` to the first who waits for it, or free its key."""
        if self._held.get(turn.key) is turn:
            self._hand_on(turn.key)

    def _hand_on(self, key: Hashable) -> None:
        queue = self._queues.get(key)
        while queue:
            waiter, _ = queue.popitem(last=False)
            loop = waiter.get_loop()
            if not waiter.done() and not loop.is_closed():
                turn = self._held[key] = Turn(key, loop)
                waiter.set_result(turn)
                return
        self._queues.pop(key, None)
        del self._held[key]

    def _forget_closed_loops(self) -> None:
        for key, turn in list(self._held.items()):
            if turn.loop.is_closed():
                if self._on_lost is not None:
                    self._on_lost(turn)
                self._hand_on(key)


def _end_wait(waiter: "asyncio.Future[Turn | None]") -> None:
    if not waiter.done():
        waiter.set_result(None)
