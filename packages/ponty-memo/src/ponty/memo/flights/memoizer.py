"""The memoizer behind every cache: what happens when a call has no value in hand.

A miss joins the flight for its key, or begins one (see `ponty.memo.flights.flight`). The flight takes the key's lock,
looks again for a value that another holder of the lock may have stored, runs the function, stores what it returned,
lands, and gives the lock back. `invalidate` takes the same lock. So for one key, in this order of the lock, exactly one
of these is going on at a time: a computation up to the storing of its value, or an invalidate block.

Two steps are left out where they would do nothing. A local lock that is free is taken as the flight begins. The second
look is left out where the first one was made in the same step.

Where the lock is kept in a store that is `Unavailable`, a flight goes on without it: it is still the only one in this
process, and stores nothing. An invalidate block does not run then. Once the store is back, blocks of other processes
do, and the flight knows nothing of them: so who would join it asks the store first.
"""

import math
from collections.abc import Callable, Coroutine, Hashable
from contextlib import suppress
from functools import partial
from typing import Any, Final, Generic, TypeVar, cast

from ponty.memo.errors import Unavailable
from ponty.memo.event_loop import LoopOwner
from ponty.memo.events import Emitter
from ponty.memo.flights.deadlocks import inside, raise_if_deadlock
from ponty.memo.flights.flight import Flight, State
from ponty.memo.flights.invalidation import Invalidation
from ponty.memo.flights.table import FlightTable
from ponty.memo.lazy_imports import asyncio
from ponty.memo.locks.acquisition import Acquisition
from ponty.memo.locks.sentinel_store import Watched
from ponty.memo.locks.shared_state import LockState
from ponty.memo.logs import logger
from ponty.memo.stores.backend import Backend, cachemiss

_T = TypeVar("_T")


class Memoizer(Generic[_T]):
    """The state of one decorated function.

    Args:
        function: What computes the values.
        emitter: The name of the cache, and its metrics hook.
        loop_owner: The event loop that the cache lives in.
        lock: What keeps computations of one key apart.
        backend: Where the values are kept.
        accepts: Returns whether to store a value.
        copy: Makes of a value what is stored.
    """

    def __init__(
        self,
        function: Callable[..., Coroutine[Any, Any, _T]],
        emitter: Emitter,
        loop_owner: LoopOwner,
        lock: LockState,
        backend: Backend[_T],
        *,
        accepts: Callable[[_T], object] | None,
        copy: Callable[[_T], _T] | None,
    ) -> None:
        self.name: Final = emitter.name
        self.lock: Final = lock
        self.loop_owner: Final = loop_owner
        self.backend: Final[Backend[_T]] = backend
        self.table: Final[FlightTable[_T]] = FlightTable()
        self.misses: int = 0
        self.stale_hits: int = 0
        self.stampedes: int = 0
        self._emit: Final = emitter.emit
        self._has_hook: Final = emitter.has_hook
        self._function: Final = function
        self._accepts: Final = accepts
        self._copy: Final = copy
        self._task_name: Final = f"ponty.memo {self.name}"
        loop_owner.on_new_loop(self._on_new_loop)
        clearing: object = getattr(lock.sentinels, "clearing", None)
        if isinstance(clearing, Watched):
            clearing.watch(self)

    async def miss(  # noqa: C901 - one step after the other, each of which may be the last
        self, key: Hashable, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> _T:
        """Answer a call for which no fresh value is in hand."""
        loop = asyncio.get_running_loop()
        if loop is not self.loop_owner.loop:
            self.loop_owner.enter()
        if self.backend.serves_stale:
            value = self.backend.stale(key)
            if value is not cachemiss:
                self.stale_hits += 1
                self._emit("stale")
                if key not in self.table.joinable:
                    self._begin(key, loop, args, kwargs, refresh=True)
                return cast("_T", value)
        self.misses += 1
        flight = self.table.joinable.get(key)
        if flight is not None and flight.suspect:
            await self._ask_before_joining(flight)
        # Where waiting is refused, only who begins waits, for a flight that may not wait for the lock either.
        deadline = loop.time() + self.lock.maxwait if self.lock.maxwait else math.inf
        looked = self.backend.looked_at_first
        while True:
            flight = self.table.joinable.get(key)
            if flight is None:
                flight = self._begin(key, loop, args, kwargs, looked=looked)
            else:
                raise_if_deadlock([flight])
                if self.lock.maxwait == 0:
                    raise self._stampede(key)
                self._emit("join", flight)
            if not await flight.wait(deadline):
                raise self._stampede(key)
            if flight.state is not State.ABANDONED:
                try:
                    return flight.result()
                finally:
                    del flight  # which has the failure, whose traceback has this frame
            looked = False

    def invalidation(self, key: Hashable) -> Invalidation:
        """Return the context manager that holds `key` and drops its value."""
        return Invalidation(
            key,
            name=self.name,
            loop_owner=self.loop_owner,
            lock=self.lock,
            table=self.table,
            backend=self.backend,
        )

    def clear(self) -> None:
        """Let nothing that is being computed now be stored."""
        self.loop_owner.check_not_elsewhere()
        self.table.detach()
        self.misses = self.stale_hits = self.stampedes = 0

    def detach(self, key: Hashable, owner: str) -> None:
        """Let nobody join what is being computed for `key` by `owner`, and do not store it."""
        flight = self.table.joinable.get(key)
        if flight is not None and flight.acquisition is not None and flight.acquisition.owner == owner:
            self.table.detach(flight)

    async def _ask_before_joining(self, flight: Flight[_T]) -> None:
        """Let nobody join a flight that may have seen less than this call knows of.

        What begins to compute while the store is asked has seen all that.
        """
        raise_if_deadlock([flight])
        if flight.acquisition is None or self.lock.maxwait == 0:
            return
        if not flight.acquisition.without_store:
            self._lose(flight)
            return
        try:
            await flight.acquisition.probe()
        except Unavailable:
            self._emit("unavailable")
        else:
            self.table.detach(flight)

    def _begin(
        self,
        key: Hashable,
        loop: "asyncio.AbstractEventLoop",
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        *,
        refresh: bool = False,
        looked: bool = False,
    ) -> Flight[_T]:
        """Put a flight for `key` in the table, and start it."""
        ticket = self.lock.shared.queue.try_acquire(key) if self.lock.in_process else None
        ahead = self.table.ahead(key) if ticket is None else []
        if not refresh and inside.get() is not None:  # nobody waits for a refresh
            raise_if_deadlock(ahead)
        flight: Flight[_T] = Flight(self.name, key, loop, on_end=self._landed, refresh=refresh, ticket=ticket)
        self.table.joinable[key] = flight
        if ahead:
            flight.waits_for += ahead
        work = self._run(flight, args, kwargs) if ticket is None else self._compute(flight, args, kwargs, looked=looked)
        flight.start(work, self._task_name)
        return flight

    def _landed(self, flight: Flight[_T]) -> None:
        if flight.attached:
            del self.table.joinable[flight.key]
        else:
            self.table.remove(flight)
        if flight.ticket is not None:
            self.lock.shared.queue.release(flight.ticket)

    def _stampede(self, key: Hashable) -> Exception:
        self.stampedes += 1
        self._emit("stampede")
        error = self.lock.timed_out(key, self.lock.maxwait)
        self._advise(error)
        return error

    def _advise(self, error: BaseException) -> None:
        """Say in the traceback what could be set."""
        error.add_note(
            f"the cache {self.name!r} lets a caller wait for somebody else's computation for "
            f"maxwait_ms={self.lock.maxwait * 1000:g}: give it more than a computation takes"
        )

    async def _run(self, flight: Flight[_T], args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        """Compute while the key's lock is held."""
        # Whoever waits for the flight has a limit of its own; nobody waits for a refresh, nor where waiting is refused.
        limit = None if self.lock.maxwait and not flight.refresh else self.lock.maxwait
        acquisition = Acquisition(self.lock, flight.key, limit, partial(self._lose, flight), flight.ask)
        flight.acquisition = acquisition
        try:
            async with acquisition:
                await self._compute(flight, args, kwargs)
        except BaseException as error:
            if flight.live:
                if acquisition.refused and flight.refresh:  # those who have joined it have a limit of their own
                    flight.abandon()
                elif acquisition.refused:
                    self._advise(error)
                    self.stampedes += 1
                    self._emit("stampede")
                flight.set_exception(error)
            elif isinstance(error, Exception):
                logger().error("the lock of the cache %r could not be released", self.name, exc_info=error)
            if not isinstance(error, (Exception, asyncio.CancelledError)):
                raise
        finally:
            del flight, acquisition  # as in `_compute`, which was called from this frame

    async def _compute(  # noqa: C901 - likewise
        self, flight: Flight[_T], args: tuple[Any, ...], kwargs: dict[str, Any], *, looked: bool = False
    ) -> None:
        """Land `flight` with a value or a failure; called with the lock held."""
        key, acquisition = flight.key, flight.acquisition
        owner = "" if acquisition is None else acquisition.owner
        without_store = acquisition is not None and acquisition.without_store
        flight.compute()
        try:
            value: Any = cachemiss if looked or without_store else await self.backend.get(key)
            if value is cachemiss:
                if self._has_hook:
                    self._emit("miss", flight)
                value = await self._function(*args, **kwargs)
                if flight.may_store and not without_store and (self._accepts is None or self._accepts(value)):
                    kept = value if self._copy is None else self._copy(value)
                    stored = await self.backend.put(key, kept, owner)
                    if stored and flight.attached:
                        if self._has_hook:
                            self._emit("store")
                    elif stored:  # cleared while the store was busy
                        with suppress(Unavailable):  # then it cannot have been stored anew since
                            await self.backend.remove(key)
            flight.set_result(value)
        except BaseException as error:
            found_here = flight.attached and not without_store  # else there is nothing that this flight has found
            value = self.backend.fallback(key) if isinstance(error, Exception) and found_here else cachemiss
            if isinstance(error, Exception):
                self._emit("failure", flight)
            if value is not cachemiss:
                flight.set_result(cast("_T", value))
                return
            if flight.refresh and not flight.waiters:
                logger().warning("a stale value of the cache %r could not be refreshed", self.name, exc_info=error)
            flight.set_exception(error)
            if not isinstance(error, (Exception, asyncio.CancelledError)):
                raise
        finally:
            del flight, acquisition  # which have the error, whose traceback has this frame

    def _lose(self, flight: Flight[_T]) -> None:
        """Let `flight` store nothing, and be joined by nobody: others may compute, or change what it has read."""
        if flight.attached:
            self._emit("refused")
            self.table.detach(flight)

    def _on_new_loop(self) -> None:
        self.table.detach()
        self.table.blocks.clear()
