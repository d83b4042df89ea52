"""The memoizer behind every cache: what happens when there is no stored value for a call.

A miss joins the flight for its key, or begins one (see `ponty.memo.flights.flight`). The flight takes the lock of the
key, looks again for a value that another holder of the lock may have stored, runs the function, stores the value, lands
and releases the lock. `invalidate` takes the same lock. So for one key, only one of these runs at a time: a computation
until its value is stored, or an `invalidate` block.

Most misses are of a local cache and at a free key. These take a short way, which leaves out the steps that would have
no effect: the flight itself is the ticket of the key and holds it from the beginning, the value is not looked up a
second time, and it is stored without awaiting. The first caller leads from the beginning, so it needs no limit.

If the store of the lock is `Unavailable`, a flight goes on without it. It is still the only one in this process, and it
stores nothing. `invalidate` blocks do not run during that time. Once the store is available again, blocks of other
processes can run without the flight learning of them. So a caller that would join the flight asks the store first.
"""

import math
from collections.abc import Callable, Coroutine, Hashable
from contextlib import suppress
from functools import partial
from typing import Any, Final, Generic, TypeVar, cast

from ponty.memo.errors import Unavailable
from ponty.memo.event_loop import LoopOwner
from ponty.memo.events import Emitter
from ponty.memo.flights.deadlocks import inside, raise_if_deadlock, waiting_for
from ponty.memo.flights.flight import Flight, State
from ponty.memo.flights.invalidation import Invalidation
from ponty.memo.flights.table import FlightTable
from ponty.memo.lazy_imports import asyncio
from ponty.memo.locks.acquisition import Acquisition
from ponty.memo.locks.sentinel_store import Watched
from ponty.memo.locks.shared_state import LockState
from ponty.memo.logs import logger
from ponty.memo.stores.backend import AtHand, Backend, cachemiss

_T = TypeVar("_T")


class Memoizer(Generic[_T]):
    """The state of one memoized function.

    Args:
        function: The function that computes the values.
        emitter: The name of the cache, and its metrics hook.
        loop_owner: The owner of the cache's event loop.
        lock: The lock that each computation holds.
        backend: The store of the values.
        accepts: Returns whether to store a value.
        copy: Copies a value for the store.
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
        self._joinable: Final = self.table.joinable
        self._queue: Final = lock.shared.queue
        self._at_hand: Final = backend if lock.in_process and isinstance(backend, AtHand) else None
        loop_owner.on_new_loop(self._on_new_loop)
        clearing: object = getattr(lock.sentinels, "clearing", None)
        if isinstance(clearing, Watched):
            clearing.watch(self)

    async def miss(self, key: Hashable, args: tuple[Any, ...], kwargs: dict[str, Any]) -> _T:
        """Answer a call for which there is no fresh value."""
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
        flight: Flight[_T]
        if (
            self._at_hand is not None
            and key not in self._joinable
            and self._queue.hold(flight := Flight(self.name, key, loop, on_end=self._landed, refresh=False))
        ):
            flight.take_key()
            self._joinable[key] = flight
            flight.start(self._compute_here(self._at_hand, flight, args, kwargs), self._task_name)
            if flight.live:  # an eager task may have ended already
                waiter = loop.create_future()
                flight.waiters[waiter] = math.inf  # no limit: the first caller leads
                try:
                    if inside.get() is None:
                        await waiter
                    else:
                        with waiting_for([flight]):
                            await waiter
                finally:
                    if waiter in flight.waiters:
                        flight.leave(waiter)
        else:
            flight = await self._join(key, loop, args, kwargs)
        try:
            return flight.result()
        finally:
            del flight  # breaks a reference cycle: the flight has the failure, and its traceback has this frame

    async def _join(
        self, key: Hashable, loop: "asyncio.AbstractEventLoop", args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> Flight[_T]:
        """Wait for the flight of `key`, or begin one and wait for it; return it once it has landed."""
        flight = self.table.joinable.get(key)
        if flight is not None and flight.suspect:
            await self._ask_before_joining(flight)
        # With maxwait_ms=0, only the caller that begins a flight waits, and its flight does not wait for the lock.
        deadline = loop.time() + self.lock.maxwait if self.lock.maxwait else math.inf
        while True:
            flight = self.table.joinable.get(key)
            if flight is None:
                flight = self._begin(key, loop, args, kwargs)
            else:
                raise_if_deadlock([flight])
                if self.lock.maxwait == 0:
                    raise self._stampede(key)
                self._emit("join", flight)
            if not await flight.wait(deadline):
                raise self._stampede(key)
            if flight.state is not State.ABANDONED:
                return flight

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
        """Detach all flights, so that they store nothing, and set the counts to zero."""
        self.loop_owner.check_not_elsewhere()
        self.table.detach()
        self.misses = self.stale_hits = self.stampedes = 0

    def detach(self, key: Hashable, owner: str) -> None:
        """Let nobody join the computation of `owner` for `key`, and do not store its value."""
        flight = self.table.joinable.get(key)
        if flight is not None and flight.acquisition is not None and flight.acquisition.owner == owner:
            self.table.detach(flight)

    async def _ask_before_joining(self, flight: Flight[_T]) -> None:
        """Detach a suspect flight if it may have missed a change that this call knows of.

        A flight that begins while the store is asked has seen every such change.
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
    ) -> Flight[_T]:
        """Put a flight for `key` into the table, and start it."""
        flight: Flight[_T] = Flight(self.name, key, loop, on_end=self._landed, refresh=refresh)
        if self.lock.in_process and self._queue.hold(flight):
            flight.take_key()
            ahead = []
        else:
            ahead = self.table.ahead(key)
        if not refresh and inside.get() is not None:  # nobody waits for a refresh
            raise_if_deadlock(ahead)
        self._joinable[key] = flight
        if ahead:
            flight.wait_for(ahead)
        work = self._compute(flight, args, kwargs) if flight.holds_key else self._run(flight, args, kwargs)
        flight.start(work, self._task_name)
        return flight

    def _landed(self, flight: Flight[_T]) -> None:
        if flight.attached:
            del self._joinable[flight.key]
        else:
            self.table.remove(flight)
        if flight.holds_key:
            self._queue.release(flight)

    def _stampede(self, key: Hashable) -> Exception:
        self.stampedes += 1
        self._emit("stampede")
        error = self.lock.timed_out(key, self.lock.maxwait)
        self._advise(error)
        return error

    def _advise(self, error: BaseException) -> None:
        """Add a note to the error that names the option to set."""
        error.add_note(
            f"the cache {self.name!r} lets a caller wait for somebody else's computation for "
            f"maxwait_ms={self.lock.maxwait * 1000:g}: choose more than a computation takes"
        )

    async def _run(self, flight: Flight[_T], args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        """Compute the value while the lock of the key is held."""
        inside.set(flight)
        # Each caller that waits has its own limit. Nobody waits for a refresh, and nobody may wait with maxwait_ms=0.
        limit = None if self.lock.maxwait and not flight.refresh else self.lock.maxwait
        acquisition = Acquisition(self.lock, flight.key, limit, partial(self._lose, flight), flight.ask)
        flight.acquisition = acquisition
        try:
            async with acquisition:
                await self._compute(flight, args, kwargs)
        except BaseException as error:
            if flight.live:
                if acquisition.refused and flight.refresh:  # callers that have joined it have their own limits
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
            del flight, acquisition  # breaks a reference cycle, as in `_compute`

    async def _compute_here(
        self, at_hand: AtHand[_T], flight: Flight[_T], args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> None:
        """Land `flight` with a value or a failure, the short way; `_compute` explains the steps."""
        inside.set(flight)
        try:
            if self._has_hook:
                self._emit("miss", flight)
            value = await self._function(*args, **kwargs)
            if (
                flight.may_store
                and (self._accepts is None or self._accepts(value))
                and at_hand.put_at_once(flight.key, value if self._copy is None else self._copy(value))
                and self._has_hook
            ):
                self._emit("store")
            flight.set_result(value)
        except BaseException as error:
            self._fail(flight, error, found_here=flight.attached)
            if not isinstance(error, (Exception, asyncio.CancelledError)):
                raise
        finally:
            del flight  # breaks a reference cycle: the flight has the error, and its traceback has this frame

    async def _compute(self, flight: Flight[_T], args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        """Land `flight` with a value or a failure; called while the lock is held."""
        inside.set(flight)
        key, acquisition = flight.key, flight.acquisition
        owner = "" if acquisition is None else acquisition.owner
        without_store = acquisition is not None and acquisition.without_store
        flight.compute()
        try:
            value: Any = cachemiss if without_store else await self.backend.get(key)
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
                    elif stored:  # the cache was cleared during the write
                        with suppress(Unavailable):  # an unavailable store must not fail the computation
                            await self.backend.remove(key)
            flight.set_result(value)
        except BaseException as error:
            # A flight that was detached or had no store may not fall back on a value that it found before.
            self._fail(flight, error, found_here=flight.attached and not without_store)
            if not isinstance(error, (Exception, asyncio.CancelledError)):
                raise
        finally:
            del flight, acquisition  # breaks a reference cycle: they have the error, and its traceback has this frame

    def _fail(self, flight: Flight[_T], error: BaseException, *, found_here: bool) -> None:
        """Land `flight` with a failure, or with a stale value instead of the failure."""
        value = self.backend.fallback(flight.key) if isinstance(error, Exception) and found_here else cachemiss
        if isinstance(error, Exception):
            self._emit("failure", flight)
        if value is not cachemiss:
            flight.set_result(cast("_T", value))
            return
        if flight.refresh and not flight.waiters:
            logger().warning("a stale value of the cache %r could not be refreshed", self.name, exc_info=error)
        flight.set_exception(error)

    def _lose(self, flight: Flight[_T]) -> None:
        """Detach a flight whose lock is lost: others may compute now, or change the data that it has read."""
        if flight.attached:
            self._emit("refused")
            self.table.detach(flight)

    def _on_new_loop(self) -> None:
        self.table.detach()
        self.table.blocks.clear()
