"""The memoizer behind `cache` and `localcache`: what happens when a call has no value in hand.

A miss joins the flight for its key, or begins one (see `ponty.memo.flights.flight`). The flight takes the key's lock,
looks again for a value that another holder of the lock may have stored, runs the function, stores what it returned,
lands, and gives the lock back. `invalidate` takes the same lock. So for one key, in this order of the lock, exactly one of
these is going on at a time: a computation up to the storing of its value, or an invalidate block.

Where the lock is kept in a store that is `Unavailable`, a flight goes on without it: it is still the only one in this
process, and stores nothing. An invalidate block does not run then. Once the store is back, blocks of other processes
do, and the flight knows nothing of them: so who would join it asks the store first.
"""

import math
import weakref
from collections.abc import Callable, Coroutine, Hashable
from contextlib import suppress
from functools import partial
from typing import Any, Final, Generic, TypeVar, cast

from ponty.memo.errors import Unavailable
from ponty.memo.event_loop import Home
from ponty.memo.events import Event, Metrics
from ponty.memo.flights import deadlocks as holds
from ponty.memo.flights.flight import Flight, State
from ponty.memo.flights.invalidation import Invalidation
from ponty.memo.flights.table import Flights
from ponty.memo.lazy_imports import asyncio
from ponty.memo.locks.acquisition import Holding
from ponty.memo.locks.lock import Lock
from ponty.memo.locks.sentinel_store import Watched
from ponty.memo.logs import logger
from ponty.memo.stores.backend import Shelf, cachemiss

_T = TypeVar("_T")


class Memo(Generic[_T]):
    """The state of one decorated function.

    Args:
        function: What computes the values.
        name: The name of the cache.
        lock: What keeps computations of one key apart.
        accepts: Says which values to store.
        metrics: Told what happens.
        clock: Tells the time in seconds, in place of the event loop.
    """

    def __init__(
        self,
        function: Callable[..., Coroutine[Any, Any, _T]],
        name: str,
        lock: Lock,
        *,
        accepts: Callable[[_T], object] | None,
        metrics: Metrics | None,
        clock: Callable[[], float] | None = None,
    ) -> None:
        self.name: Final = name
        self.lock: Final = lock
        self.home: Final = Home(f"the cache {name!r}", self._moved, clock)
        self.flights: Final[Flights[_T]] = Flights()
        self.blocks: dict[Hashable, holds.Hold] = {}
        self.misses: int = 0
        self.stale_hits: int = 0
        self.stampedes: int = 0
        self.key_of: Callable[..., Hashable]  # both set by who makes the memoizer, since they need it
        self.shelf: Shelf[_T]
        self._function = function
        self._accepts = accepts
        self._metrics = metrics
        clearing: object = getattr(lock.sentinels, "clearing", None)
        if isinstance(clearing, Watched):
            clearing.watch(self)

    def emit(self, event: Event) -> None:
        """Tell the metrics hook, and let nothing that it does disturb the call."""
        if self._metrics is not None:
            try:
                self._metrics(self.name, event)
            except Exception:  # noqa: BLE001 - whatever it is, the call is not to blame
                logger().exception("the metrics hook of the cache %r failed", self.name)

    async def miss(self, key: Hashable, args: tuple[Any, ...], kwargs: dict[str, Any]) -> _T:
        """Answer a call for which no fresh value is in hand."""
        loop = self.home.enter()
        value = self.shelf.stale(key)
        if value is not cachemiss:
            self.stale_hits += 1
            self.emit("stale")
            if self.flights.get(key) is None:
                self._begin(key, loop, args, kwargs, refresh=True)
            return cast("_T", value)
        self.misses += 1
        flight = self.flights.get(key)
        if flight is not None and flight.doubtful:
            await self._ask_before_joining(flight)
        # Where waiting is refused, only who begins waits, for a flight that may not wait for the lock either.
        deadline = loop.time() + self.lock.maxwait if self.lock.maxwait else math.inf
        while True:
            flight = self.flights.get(key)
            if flight is None:
                flight = self._begin(key, loop, args, kwargs)
            else:
                holds.refuse_circle(flight.hold)
                if self.lock.maxwait == 0:
                    raise self._stampede(key)
                self.emit("join")
            if not await flight.wait(deadline):
                raise self._stampede(key)
            if flight.state is not State.ABANDONED:
                try:
                    return flight.result()
                finally:
                    del flight  # which has the failure, whose traceback has this frame

    def invalidation(self, key: Hashable) -> Invalidation:
        """Make the context manager that holds `key` and drops its value."""
        return Invalidation(self, key)

    def ahead(self, key: Hashable) -> list[holds.Hold]:
        """Give what keeps `key` busy in this process: what takes its lock next waits for that."""
        flight = self.flights.get(key)
        if flight is not None:
            return [flight.hold]
        ahead = [flight.hold for flight in self.flights.disowned(key)]
        if key in self.blocks:
            ahead.append(self.blocks[key])
        return ahead

    def clear(self) -> None:
        """Let nothing that is being computed now be stored."""
        self.home.visit()
        self.flights.disown()
        self.misses = self.stale_hits = self.stampedes = 0

    def disown(self, key: Hashable, owner: str) -> None:
        """Let nobody join what is being computed for `key` by `owner`, and do not store it."""
        flight = self.flights.get(key)
        if flight is not None and flight.holding is not None and flight.holding.owner == owner:
            self.flights.disown(flight)

    async def _ask_before_joining(self, flight: Flight[_T]) -> None:
        """Let nobody join a flight that may have seen less than this call knows of.

        What begins to compute while the store is asked has seen all that.
        """
        holds.refuse_circle(flight.hold)
        if flight.holding is None or self.lock.maxwait == 0:
            return
        if not flight.holding.adrift:
            self._lose(flight)
            return
        try:
            await flight.holding.probe()
        except Unavailable:
            self.emit("unavailable")
        else:
            self.flights.disown(flight)

    def _begin(
        self,
        key: Hashable,
        loop: "asyncio.AbstractEventLoop",
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        *,
        refresh: bool = False,
    ) -> Flight[_T]:
        ahead = self.ahead(key)
        if not refresh:  # which nobody waits for
            holds.refuse_circle(*ahead)
        flight = self.flights.begin(key, self.name, loop, refresh=refresh)
        flight.hold.waits_for += ahead
        flight.start(partial(self._fly, args=args, kwargs=kwargs), f"ponty.memo {self.name}")
        return flight

    def _stampede(self, key: Hashable) -> Exception:
        self.stampedes += 1
        self.emit("stampede")
        return self.lock.over(key, self.lock.maxwait)

    async def _fly(self, flight: Flight[_T], args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        # Whoever waits for the flight has a limit of its own; nobody waits for a refresh, nor where waiting is refused.
        limit = None if self.lock.maxwait and not flight.refresh else self.lock.maxwait
        holding = Holding(self.lock, flight.key, limit, partial(self._lose, flight), flight.ask)
        flight.holding = holding
        try:
            async with holding:
                await self._land(flight, holding, args, kwargs)
        except BaseException as error:
            if flight.hold.live:
                if holding.refused:
                    self.stampedes += 1
                    self.emit("stampede")
                flight.fail(error)
            elif isinstance(error, Exception):
                logger().error("the lock of the cache %r could not be released", self.name, exc_info=error)
            if not isinstance(error, (Exception, asyncio.CancelledError)):
                raise
        finally:
            del flight, holding  # as in `_land`, which was called from this frame

    async def _land(self, flight: Flight[_T], holding: Holding, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        """Land `flight` with a value or a failure; called with the lock held."""
        key = flight.key
        try:
            value: Any = cachemiss if holding.adrift else await self.shelf.get(key)
            if value is cachemiss:
                flight.compute()
                self.emit("miss")
                value = await self._function(*args, **kwargs)
                if flight.may_store and not holding.adrift and (self._accepts is None or self._accepts(value)):
                    stored = await self.shelf.put(key, value, holding.owner)
                    if stored and flight.owned:
                        self.emit("store")
                    elif stored:  # cleared while the store was busy
                        with suppress(Unavailable):  # then it cannot have been stored anew since
                            await self.shelf.remove(key)
            flight.land(value)
        except BaseException as error:
            looked = flight.owned and not holding.adrift  # else there is nothing that this flight has found
            value = self.shelf.fallback(key) if isinstance(error, Exception) and looked else cachemiss
            if isinstance(error, Exception):
                self.emit("failure")
            if value is not cachemiss:
                flight.land(cast("_T", value))
                return
            if flight.refresh and not flight.waiters:
                logger().warning("a stale value of the cache %r could not be refreshed", self.name, exc_info=error)
            flight.fail(error)
            if not isinstance(error, (Exception, asyncio.CancelledError)):
                raise
        finally:
            del flight, holding  # which have the error, whose traceback has this frame

    def _lose(self, flight: Flight[_T]) -> None:
        """Let `flight` store nothing, and be joined by nobody: others may compute, or change what it has read."""
        if flight.owned:
            self.emit("refused")
            self.flights.disown(flight)

    def _moved(self) -> None:
        self.flights.disown()
        self.blocks.clear()
        self.shelf.moved()


registry: "weakref.WeakValueDictionary[str, Memo[Any]]" = weakref.WeakValueDictionary()
"""The caches by name, for `invalidate`. A cache whose function is gone has no name any more."""
