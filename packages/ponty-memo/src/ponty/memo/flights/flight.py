"""Flights: one computation per key, whoever waits for it.

A flight is the work for one key, in a task of its own that belongs to none of the callers. Its states:

- *queueing*: the task waits for the key's lock. Every caller's wait has a limit. While the lock's store is only *asked*
  whether the key is free, nobody is known to hold it: that time does not count for the caller who has waited longest.
- *computing*: the task holds the lock, looks for a value once more, and runs the function. A local lock that is free is
  taken before the task begins, so such a flight never queues. The caller who has waited longest is the *leader*, for
  whom the work is done: its wait has no limit any more. When it leaves, the next one leads. (A flight that nobody asked
  for, a refresh of a stale value, has no leader.)
  The lock may be no protection: the flight has begun without the lock's store, which was `Unavailable`, or its lease is
  over and nobody has noticed yet. Then it is *suspect*: somebody else may have changed what it has read.
- *landed*: the value or the failure is known, and the lock is given back. Then all who wait are woken.
- *abandoned*: the last caller has left before that. The task is cancelled, and may take its time to end; it stores
  nothing, whatever it returns. Callers who come now wait for that end, and then begin anew. So do those who have joined
  a refresh that gave up before it held the lock.

Rules:

1. A key has at most one flight in the table. Who finds one waits for it, who finds none begins one; between looking and
   beginning nothing is awaited.
2. A caller who is cancelled, or whose limit is over, leaves, and nobody else notices. The number of those who wait is
   the count of references to the work: at zero the flight is abandoned.
3. A flight leaves the table at the instant it lands, and only if the table still holds this very flight. So the end of
   an old flight can never remove or land a newer one. Those who wait are woken after the lock was given back: a caller
   who ends the program with the value in hand leaves nothing locked.
4. A flight that was *detached* (the cache was cleared, the lease on its key was lost, or its event loop stands still)
   lands for those who wait for it, and stores nothing. Nobody joins it. The next flight for its key waits for its end.
5. Who would join a suspect flight asks the store first. If the store answers, the flight is detached. If it is still
   away, nobody can know that anything was invalidated, and the flight is joined. Who joins a flight that queues asks
   nothing: whatever it reads or computes, it does so later.
6. A failure goes to those who wait at that moment, to each its own copy, and nowhere else.

What can never happen: two functions running for one key (the table admits one flight, the lock one computation, also
of flights that were detached); a caller left waiting by a flight that has ended; a task running for nobody, refreshes
apart; a value stored that was computed before the cache was cleared; a call that begins after an invalidation has
ended, and gets a value from before it, while the lock's store can be asked.

The table holds flights, not values: what the store evicts, expires or drops cannot touch a flight.
"""

import math
from collections import OrderedDict
from collections.abc import Callable, Coroutine, Hashable
from contextvars import copy_context
from enum import Enum
from itertools import islice
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar, cast

from ponty.memo.flights.deadlocks import WaitNode, current, inside, waiting_for
from ponty.memo.flights.exception_copies import copy_of
from ponty.memo.lazy_imports import asyncio

if TYPE_CHECKING:
    from typing import TypeAlias

    from ponty.memo.locks.acquisition import Acquisition

    Waiter: TypeAlias = "asyncio.Future[bool]"

_T = TypeVar("_T")


class State(Enum):
    """Where a flight is on its way."""

    QUEUEING = "queueing"
    COMPUTING = "computing"
    LANDED = "landed"
    ABANDONED = "abandoned"


_QUEUEING, _COMPUTING, _LANDED, _ABANDONED = State

_OF_CALLER: Final = "__ponty_of_caller__"


class Flight(WaitNode, Generic[_T]):
    """The work for one key, and those who wait for it.

    Args:
        name: The name of the cache.
        key: The key.
        loop: The event loop that it flies in.
        on_end: Called with the flight when it lands.
        refresh: Whether it renews a stale value, which nobody asked for.
    """

    __slots__ = (
        "__weakref__",  # for who keeps something beside it, such as a span
        "_asked_since",
        "_asking",
        "_error",
        "_on_end",
        "_raised",
        "_task",
        "_timer",
        "_traceback",
        "_value",
        "acquisition",
        "attached",
        "holds_key",
        "loop",
        "owner",
        "refresh",
        "state",
        "waiters",
    )

    def __init__(
        self,
        name: str,
        key: Hashable,
        loop: "asyncio.AbstractEventLoop",
        *,
        on_end: "Callable[[Flight[_T]], object]",
        refresh: bool,
    ) -> None:
        # A node of the graph of waits is made here, too: a call less for every miss.
        self.name = name
        self.key = key
        self.parent: WaitNode | None = None if refresh or inside.get() is None else current()
        self.live: bool = True
        self.waits_for: list[WaitNode] | tuple[()] = ()
        self._only_task = None
        self.loop: asyncio.AbstractEventLoop = loop
        self.owner: str = ""  # as that of a ticket
        self.acquisition: Acquisition | None = None
        self.state: State = _QUEUEING
        self.holds_key: bool = False
        self.attached: bool = True
        self.refresh: bool = refresh
        self.waiters: dict[Waiter, float] = {}
        self._on_end = on_end
        self._task: asyncio.Task[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._value: _T | None = None
        self._error: BaseException | None = None
        self._traceback: Any = None
        self._raised = False
        self._asked_since: float | None = None
        self._asking = 0.0

    @property
    def may_store(self) -> bool:
        """Whether the value that the work returns may be stored."""
        return self.attached and self.state is _COMPUTING

    @property
    def suspect(self) -> bool:
        """Whether somebody else may have changed what the work has read, and nobody has noticed so far."""
        return self.acquisition is not None and not self.acquisition.exclusive

    def start(self, work: "Coroutine[Any, Any, None]", name: str) -> None:
        """Begin the work, in a copy of this context, but for what is the caller's alone, as its deadline is."""
        context = copy_context()
        if context:
            of_caller = [variable for variable, value in context.items() if getattr(type(value), _OF_CALLER, False)]
            for variable in of_caller:
                context.run(variable.set, None)
        try:
            task = self.loop.create_task(work, name=name, context=context)
        except BaseException:
            work.close()
            if self.live:
                self._on_end(self)
            raise
        if self.live:  # or else the task was an eager one
            self._task = task
            task.add_done_callback(self._ended)

    def take_key(self) -> None:
        """Note that the flight is the ticket of its key, so that the work computes at once."""
        self.holds_key = True
        self.state = _COMPUTING

    def compute(self) -> None:
        """Note that the lock is held: nobody else is waited for from now on."""
        if self.state is _QUEUEING:
            self.state = _COMPUTING

    def abandon(self) -> None:
        """Let those who wait begin anew once the work has ended."""
        self.state = _ABANDONED

    def ask(self, *, begins: bool) -> None:
        """Note that the lock's store is asked for the key from now on, or that somebody else holds it."""
        if begins:
            self._asked_since = self.loop.time()
        elif self._asked_since is not None:
            self._asking += self.loop.time() - self._asked_since
            self._asked_since = None
            if self._timer is not None:
                self._timer.cancel()
            self._set_timer()

    def set_result(self, value: _T) -> None:
        """Have `value` for all who wait, once the work has ended."""
        self._value = value
        self._settle()

    def set_exception(self, error: BaseException) -> None:
        """Have a copy of `error` for each who waits, once the work has ended."""
        self._error = error
        self._traceback = error.__traceback__
        self._settle()

    def result(self) -> _T:
        """Return the value, or raise the failure, of a flight that has landed."""
        if self._error is None:
            return cast("_T", self._value)
        error = self._error
        if self._raised:
            error = copy_of(error)
        self._raised = True
        try:
            raise error.with_traceback(self._traceback)
        finally:
            del error, self  # whose traceback has this frame

    async def wait(self, deadline: float) -> bool:
        """Wait for the end, as one of the callers.

        Args:
            deadline: When the wait is over, in the loop's time; it does not bind the leader.

        Returns:
            False if the wait is over. True if the flight has landed, or was abandoned and has ended.
        """
        if not self.live:  # an eager task may have landed before its caller could wait
            return True
        waiter: Waiter = self.loop.create_future()
        if self.waiters and type(self.waiters) is dict:
            self.waiters = OrderedDict(self.waiters)  # the first of which is found at once, however many have left
        self.waiters[waiter] = deadline
        if self._timer is None and (self.state is not _COMPUTING or self.refresh or len(self.waiters) > 1):
            self._set_timer()
        try:
            if inside.get() is None:
                return await waiter
            with waiting_for([self]):
                return await waiter
        finally:
            if waiter in self.waiters:
                self.leave(waiter)

    def leave(self, waiter: "Waiter") -> None:
        """Note that the caller of `waiter` waits no longer; the last one to leave abandons the flight."""
        if self.waiters.pop(waiter, None) is None or self.waiters or self.refresh:
            return
        if self.state is _QUEUEING or self.state is _COMPUTING:
            self.state = _ABANDONED
            if self._task is not None and not self.loop.is_closed():
                self._task.cancel()

    def _settle(self) -> None:
        if self.live:
            self.live = False
            self.waits_for = ()
            self.acquisition = None
            if self.state is not _ABANDONED:
                self.state = _LANDED
            if self._timer is not None:
                self._timer.cancel()
            self._on_end(self)
            if self.holds_key:  # the lock is given back already
                self._wake()
                if self._error is None and self._task is not None:
                    self._task.remove_done_callback(self._ended)  # there is nothing left to be done
                    self._task = None

    def _wake(self) -> None:
        for waiter in self.waiters:
            # Where the loop is gone, as for what is thrown away with it, nobody waits any more.
            if not waiter.done() and not self.loop.is_closed():
                waiter.set_result(True)
        self.waiters.clear()

    def _ended(self, task: "asyncio.Task[None]") -> None:
        """Wake all who wait; the work may have been ended from outside, perhaps before its first step."""
        self._task = None
        error = None if task.cancelled() else task.exception()
        if self.live:
            if error is None:
                error = asyncio.CancelledError("the computation was cancelled from outside")
            self.set_exception(error)
        if self.waiters:
            self._wake()

    def _set_timer(self) -> None:
        first_two = islice(self.waiters, 2)  # the second one may be due before the first
        first = min((self._due(waiter) for waiter in first_two if not self._leads(waiter)), default=math.inf)
        self._timer = None if first == math.inf else self.loop.call_at(first, self._time_out)

    def _due(self, waiter: "Waiter") -> float:
        deadline = self.waiters[waiter]
        return deadline + self._asking if self._asking and waiter is next(iter(self.waiters)) else deadline

    def _leads(self, waiter: "Waiter") -> bool:
        free = self.state is _COMPUTING or self._asked_since is not None
        return free and not self.refresh and waiter is next(iter(self.waiters))

    def _time_out(self) -> None:
        now = self.loop.time()
        over: list[Waiter] = []
        for place, waiter in enumerate(self.waiters):
            if self._leads(waiter):
                continue
            if self._due(waiter) <= now:
                over.append(waiter)
            elif place:
                break
        for waiter in over:
            if not waiter.done():
                waiter.set_result(False)
            self.leave(waiter)
        self._timer = None
        if self.waiters:
            self._set_timer()
