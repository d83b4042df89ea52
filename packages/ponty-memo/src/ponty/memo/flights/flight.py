"""Flights: one computation per key, which all callers share.

A flight is the work for one key. It runs in a separate task, which belongs to none of the callers. Its states:

- *queueing*: the task waits for the lock of the key. The wait of every caller has a limit. While the store of the lock
  is only *asked* for the key, it is not known whether somebody holds it, so this time does not count for the caller
  that has waited longest.
- *computing*: the task holds the lock, looks for a value once more, and runs the function. A free local lock is taken
  before the task begins, so such a flight never queues. The caller that has waited longest is the *leader*: the work is
  done for it, and its wait has no limit any more. When it leaves, the next caller leads. (A refresh of a stale value
  was requested by nobody, and has no leader.)
  The lock may not protect the computation: because the flight has begun without the store of the lock, which was
  `Unavailable`, or because its lease is over and nobody has noticed yet. Then the flight is *suspect*: somebody else
  may have changed the data that it has read.
- *landed*: the value or the failure is known, and the lock is released. Then all waiting callers are woken.
- *abandoned*: the last caller has left before the flight landed. The task is cancelled, and may take some time to end;
  it stores nothing, whatever it returns. Callers that come now wait for its end, and then begin anew. So do callers
  that have joined a refresh which gave up before it held the lock.

Rules:

1. A key has at most one flight in the table. A caller that finds a flight waits for it; a caller that finds none begins
   one. Nothing is awaited between looking and beginning.
2. A caller that is cancelled, or whose limit is over, leaves without any effect on the others. The number of waiting
   callers is a reference count of the work: at zero, the flight is abandoned.
3. A flight leaves the table in the moment in which it lands, and only if the table still has this same flight. So the
   end of an old flight can never remove or land a newer one. The waiting callers are woken after the lock was released.
   So if a caller gets the value and ends the program, nothing stays locked.
4. A *detached* flight (the cache was cleared, the lease of its key was lost, or its event loop stands still) lands for
   the callers that wait for it, and stores nothing. Nobody joins it. The next flight for its key waits for its end.
5. A caller that would join a suspect flight asks the store first. If the store answers, the flight is detached. If the
   store is still unavailable, nobody can know of an invalidation, and the caller joins. A caller that joins a queueing
   flight need not ask: this flight reads and computes later.
6. A failure goes to the callers that wait at that moment, to each as a separate copy, and nowhere else.

What can never happen: two functions that run for one key (the table admits one flight, and the lock one computation,
detached flights included); a caller that waits for a flight that has ended; a task that runs for nobody, apart from
refreshes; a stored value that was computed before the cache was cleared; a call that begins after the end of an
invalidation and gets a value from before it, while the store of the lock is available.

The table holds flights, not values: whatever the store evicts, expires or drops, flights are not affected.
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
    """The state of a flight."""

    QUEUEING = "queueing"
    COMPUTING = "computing"
    LANDED = "landed"
    ABANDONED = "abandoned"


_QUEUEING, _COMPUTING, _LANDED, _ABANDONED = State

_OF_CALLER: Final = "__ponty_of_caller__"


class Flight(WaitNode, Generic[_T]):
    """The work for one key, and the callers that wait for it.

    Args:
        name: The name of the cache.
        key: The key.
        loop: The event loop of the flight.
        on_end: Called with the flight when it lands.
        refresh: Whether it renews a stale value, so that no caller waits for it.
    """

    __slots__ = (
        "__weakref__",  # so that a metrics hook can keep something for it, such as a span
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
        # The attributes of WaitNode are set here and not by its __init__, which saves a call at every miss.
        self.name = name
        self.key = key
        self.parent: WaitNode | None = None if refresh or inside.get() is None else current()
        self.live: bool = True
        self.waits_for: list[WaitNode] | tuple[()] = ()
        self._only_task = None
        self.loop: asyncio.AbstractEventLoop = loop
        self.owner: str = ""  # a ticket must have one
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
        """Whether the value of the computation may be stored."""
        return self.attached and self.state is _COMPUTING

    @property
    def suspect(self) -> bool:
        """Whether somebody else may have changed the data that the computation has read, without being noticed."""
        return self.acquisition is not None and not self.acquisition.exclusive

    def start(self, work: "Coroutine[Any, Any, None]", name: str) -> None:
        """Begin the work in a copy of this context, without the variables of the caller alone, such as its deadline."""
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
        if self.live:  # an eager task may have ended already
            self._task = task
            task.add_done_callback(self._ended)

    def take_key(self) -> None:
        """Note that the flight itself is the ticket of its key, so it computes at once."""
        self.holds_key = True
        self.state = _COMPUTING

    def compute(self) -> None:
        """Note that the lock is held, and that the computation begins."""
        if self.state is _QUEUEING:
            self.state = _COMPUTING

    def abandon(self) -> None:
        """Let the waiting callers begin anew once the work has ended."""
        self.state = _ABANDONED

    def ask(self, *, begins: bool) -> None:
        """Note that the store of the lock is asked for the key from now on, or has said that somebody else holds it."""
        if begins:
            self._asked_since = self.loop.time()
        elif self._asked_since is not None:
            self._asking += self.loop.time() - self._asked_since
            self._asked_since = None
            if self._timer is not None:
                self._timer.cancel()
            self._set_timer()

    def set_result(self, value: _T) -> None:
        """Land with a value for all waiting callers."""
        self._value = value
        self._settle()

    def set_exception(self, error: BaseException) -> None:
        """Land with a failure, of which each waiting caller gets a copy."""
        self._error = error
        self._traceback = error.__traceback__
        self._settle()

    def result(self) -> _T:
        """Return the value or raise the failure of this flight, which has landed."""
        if self._error is None:
            return cast("_T", self._value)
        error = self._error
        if self._raised:
            error = copy_of(error)
        self._raised = True
        try:
            raise error.with_traceback(self._traceback)
        finally:
            del error, self  # breaks a reference cycle: the traceback of the error has this frame

    async def wait(self, deadline: float) -> bool:
        """Wait for the end of the flight, as one of its callers.

        Args:
            deadline: When the wait is over, by the clock of the loop; it does not apply to the leader.

        Returns:
            False if the wait is over. True if the flight has landed, or was abandoned and has ended.
        """
        if not self.live:  # an eager task may have landed before its caller could wait
            return True
        waiter: Waiter = self.loop.create_future()
        if self.waiters and type(self.waiters) is dict:
            self.waiters = OrderedDict(self.waiters)  # finds its first item at once, however many were removed
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
        """Note that the caller of `waiter` has stopped waiting; when the last one leaves, the flight is abandoned."""
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
            if self.holds_key:  # on_end has released the lock
                self._wake()
                if self._error is None and self._task is not None:
                    self._task.remove_done_callback(self._ended)  # it has nothing left to do
                    self._task = None

    def _wake(self) -> None:
        for waiter in self.waiters:
            # If the loop is closed, this is the cleanup of its remains, and nobody waits any more.
            if not waiter.done() and not self.loop.is_closed():
                waiter.set_result(True)
        self.waiters.clear()

    def _ended(self, task: "asyncio.Task[None]") -> None:
        """Wake the waiting callers; the task may have been cancelled from outside, even before its first step."""
        self._task = None
        error = None if task.cancelled() else task.exception()
        if self.live:
            if error is None:
                error = asyncio.CancelledError("the computation was cancelled from outside")
            self.set_exception(error)
        if self.waiters:
            self._wake()

    def _set_timer(self) -> None:
        first_two = islice(self.waiters, 2)  # the second may be due before the first, whose limit can be extended
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
