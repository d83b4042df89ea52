"""The table of the flights of one cache, and those that are in it no longer but have not ended."""

from collections.abc import Hashable
from collections.abc import Set as AbstractSet
from itertools import chain
from typing import Generic, TypeVar

from ponty.memo.flights.flight import Flight
from ponty.memo.lazy_imports import asyncio

_T = TypeVar("_T")


class Flights(Generic[_T]):
    """The flights of one cache, by key."""

    __slots__ = ("_disowned", "_table")

    def __init__(self) -> None:
        self._table: dict[Hashable, Flight[_T]] = {}
        self._disowned: dict[Hashable, set[Flight[_T]]] = {}

    def get(self, key: Hashable) -> Flight[_T] | None:
        """Give the flight that a caller for `key` would join."""
        return self._table.get(key)

    def disowned(self, key: Hashable) -> AbstractSet[Flight[_T]]:
        """Give the flights for `key` that nobody joins, and that have not ended: they may hold the lock."""
        return self._disowned.get(key, frozenset())

    def begin(
        self, key: Hashable, name: str, loop: "asyncio.AbstractEventLoop", *, refresh: bool = False
    ) -> Flight[_T]:
        """Put a flight for `key` in the table; it flies once it is started."""
        flight = self._table[key] = Flight(self, key, name, loop, refresh=refresh)
        return flight

    def remove(self, flight: Flight[_T]) -> None:
        """Take this very flight out of the table, and leave a newer one where it is."""
        disowned = self._disowned.get(flight.key, set())
        disowned.discard(flight)
        if not disowned:
            self._disowned.pop(flight.key, None)
        if self._table.get(flight.key) is flight:
            del self._table[flight.key]

    def disown(self, *flights: Flight[_T]) -> None:
        """Let `flights`, or all there are, land for those who wait for them, store nothing, and be joined by nobody."""
        for flight in flights or [*self._table.values()]:
            self.remove(flight)
            flight.owned = False
            if flight.hold.live and not flight.loop.is_closed():
                self._disowned.setdefault(flight.key, set()).add(flight)

    def count(self) -> tuple[int, int]:
        """Count the flights, and those who wait for them."""
        flights = list(chain(self._table.values(), *self._disowned.values()))
        return len(flights), sum(len(flight.waiters) for flight in flights)
