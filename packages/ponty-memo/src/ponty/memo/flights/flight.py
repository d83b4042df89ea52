"""Flights: one computation per key, whoever waits for it.

A flight is the work for one key, in a task of its own that belongs to none of the callers. Its states:

- *queueing*: the task waits for the key's lock. Every caller's wait has a limit. While the lock's store is only *asked*
  whether the key is free, nobody is known to hold it: that time does not count for the caller who has waited longest.
- *computing*: the task holds the lock and runs the function. The caller who has waited longest is the *leader*, for
  whom the work is done: its wait has no limit any more. When it leaves, the next one leads. (A flight that nobody asked
  for, a refresh of a stale value, has no leader.)
  The lock may be no protection: the flight has begun without the lock's store, which was `Unavailable`, or its lease is
  over and it has not been told yet. Then it is *doubtful*: somebody else may have changed what it has read.
- *landed*: the value or the failure is known, and the lock is given back. Then all who wait are woken.
- *abandoned*: the last caller has left before that. The task is cancelled, and may take its time to end; it stores
  nothing, whatever it returns. Callers who come now wait for that end, and then begin anew.

Rules:

1. A key has at most one flight in the table. Who finds one waits for it, who finds none begins one; between looking and
   beginning nothing is awaited.
2. A caller who is cancelled, or whose limit is over, leaves, and nobody else notices. The number of those who wait is
   the count of references to the work: at zero the flight is abandoned.
3. A flight leaves the table at the instant it lands, and only if the table still holds this very flight. So the end of
   an old flight can never remove or land a newer one. Those who wait are woken after the lock was given back: a caller
   who ends the program with the value in hand leaves nothing locked.
4. A flight that was *disowned* (the cache was cleared, the lease on its key was lost, or its event loop stands still)
   lands for those who wait for it, and stores nothing. Nobody joins it. The next flight for its key waits for its end.
5. Who would join a doubtful flight asks the store first. If the store answers, the flight is disowned. If it is still
   away, nobody can have been told that anything was invalidated, and the flight is joined. Who joins a flight that
   queues asks nothing: whatever it reads or computes, it does so later.
6. A failure goes to those who wait at that moment, to each its own copy, and nowhere else.

What can never happen: two functions running for one key (the table admits one flight, the lock one computation, also
of flights that were disowned); a caller left waiting by a flight that has ended; a task running for nobody, refreshes
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
from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast

from ponty.memo.flights import deadlocks as holds
from ponty.memo.flights.exception_copies import copy_of
from ponty.memo.lazy_imports import asyncio

if TYPE_CHECKING:
    from typing import TypeAlias

    from ponty.memo.flights.table import Flights
    from ponty.memo.locks.acquisition import Holding

    Waiter: TypeAlias = "asyncio.Future[bool]"

_T = TypeVar("_T")


class State(Enum):
    """Where a flight is on its way."""

    QUEUEING = "queueing"
    COMPUTING = "computing"
    LANDED = "landed"
    ABANDONED = "abandoned"


class Flight(Generic[_T]):
    """The work for one key, and those who wait for it."""

    __slots__ = (
        "_asked_since",
        "_asking",
        "_error",
        "_flights",
        "_raised",
        "_task",
        "_timer",
        "_traceback",
        "_value",
        "hold",
        "holding",
        "key",
        "loop",
        "owned",
        "refresh",
        "state",
        "waiters",
    )

    def __init__(
        self, flights: "Flights[_T]", key: Hashable, name: str, loop: "asyncio.AbstractEventLoop", *, refresh: bool
    ) -> None:
        self.key: Hashable = key
        self.loop: asyncio.AbstractEventLoop = loop
        self.hold: holds.Hold = holds.Hold(name, key, None if refresh else holds.current())
        self.holding: Holding | None = None
        self.state: State = State.QUEUEING
        self.owned: bool = True
        self.refresh: bool = refresh
        self.waiters: OrderedDict[Waiter, float] = OrderedDict()
        self._flights = flights
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
        """Say whether what the work returns may be stored."""
        return self.owned and self.state is State.COMPUTING

    @property
    def doubtful(self) -> bool:
        """Say whether somebody else may have changed what the work has read, and nobody has noticed so far."""
        return self.holding is not None and not self.holding.sound

    def start(self, work: "Callable[[Flight[_T]], Coroutine[Any, Any, None]]", name: str) -> None:
        """Begin the work, in a copy of this context."""
        context = copy_context()
        context.run(holds.enter, self.hold)
        coroutine = work(self)
        try:
            self._task = self.loop.create_task(coroutine, name=name, context=context)
        except BaseException:
            coroutine.close()
            self._flights.remove(self)
            raise
        self._task.add_done_callback(self._ended)

    def compute(self) -> None:
        """Note that the lock is held, and that the function runs from now on."""
        if self.state is State.QUEUEING:
            self.state = State.COMPUTING

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

    def land(self, value: _T) -> None:
        """Have `value` for all who wait, once the work has ended."""
        self._value = value
        self._settle()

    def fail(self, error: BaseException) -> None:
        """Have a copy of `error` for each who waits, once the work has ended."""
        self._error = error
        self._traceback = error.__traceback__
        self._settle()

    def result(self) -> _T:
        """Give the value, or raise the failure, of a flight that has landed."""
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
        if not self.hold.live:  # an eager task may have landed before its caller could wait
            return True
        waiter: Waiter = self.loop.create_future()
        self.waiters[waiter] = deadline
        if self._timer is None:
            self._set_timer()
        try:
            with holds.waiting_for(self.hold):
                return await waiter
        finally:
            self._leave(waiter)

    def _leave(self, waiter: "Waiter") -> None:
        if self.waiters.pop(waiter, None) is None or self.waiters or self.refresh:
            return
        if self.state in {State.QUEUEING, State.COMPUTING}:
            self.state = State.ABANDONED
            if self._task is not None and not self.loop.is_closed():
                self._task.cancel()

    def _settle(self) -> None:
        if self.hold.live:
            self.hold.end()
            self.holding = None
            if self.state is not State.ABANDONED:
                self.state = State.LANDED
            if self._timer is not None:
                self._timer.cancel()
            self._flights.remove(self)

    def _ended(self, task: "asyncio.Task[None]") -> None:
        """Wake all who wait; the work may have been ended from outside, perhaps before its first step."""
        self._task = None
        error = None if task.cancelled() else task.exception()
        if self.hold.live:
            self.fail(error or asyncio.CancelledError("the computation was cancelled from outside"))
        for waiter in self.waiters:
            if not waiter.done():
                waiter.set_result(True)
        self.waiters.clear()

    def _set_timer(self) -> None:
        first_two = islice(self.waiters, 2)  # the second one may be due before the first
        first = min((self._due(waiter) for waiter in first_two if not self._leads(waiter)), default=math.inf)
        self._timer = None if first == math.inf else self.loop.call_at(first, self._time_out)

    def _due(self, waiter: "Waiter") -> float:
        deadline = self.waiters[waiter]
        return deadline + self._asking if self._asking and waiter is next(iter(self.waiters)) else deadline

    def _leads(self, waiter: "Waiter") -> bool:
        free = self.state is State.COMPUTING or self._asked_since is not None
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
            self._leave(waiter)
        self._timer = None
        if self.waiters:
            self._set_timer()
