"""The table of the flights of one cache, and whatever else keeps its keys busy.

A flight that is *detached* is not in the table any more, and has not ended. A *block* is the block of an `invalidate`.
"""

from collections.abc import Hashable
from itertools import chain
from typing import Final, Generic, TypeVar

from ponty.memo.flights.deadlocks import WaitNode
from ponty.memo.flights.flight import Flight

_T = TypeVar("_T")


class FlightTable(Generic[_T]):
    """The flights of one cache, by key."""

    __slots__ = ("_detached", "blocks", "joinable")

    def __init__(self) -> None:
        self.joinable: Final[dict[Hashable, Flight[_T]]] = {}
        """The flight that a caller for a key would join."""
        self.blocks: Final[dict[Hashable, WaitNode]] = {}
        """The `invalidate` block of a key."""
        self._detached: dict[Hashable, set[Flight[_T]]] = {}

    def ahead(self, key: Hashable) -> list[WaitNode]:
        """Return what keeps `key` busy in this process: whoever takes its lock next waits for that."""
        if key in self.joinable:
            return [self.joinable[key]]
        ahead: list[WaitNode] = [*self._detached.get(key, ())]
        if key in self.blocks:
            ahead.append(self.blocks[key])
        return ahead

    def remove(self, flight: Flight[_T]) -> None:
        """Take this very flight out of the table, and leave a newer one where it is."""
        if self._detached:
            detached = self._detached.get(flight.key, set())
            detached.discard(flight)
            if not detached:
                self._detached.pop(flight.key, None)
        if self.joinable.get(flight.key) is flight:
            del self.joinable[flight.key]

    def detach(self, *flights: Flight[_T]) -> None:
        """Let `flights`, or all there are, land for those who wait for them, store nothing, and be joined by nobody."""
        for flight in flights or [*self.joinable.values()]:
            self.remove(flight)
            flight.attached = False
            if flight.live and not flight.loop.is_closed():
                self._detached.setdefault(flight.key, set()).add(flight)

    def count(self) -> tuple[int, int]:
        """Count the flights, and those who wait for them."""
        flights = list(chain(self.joinable.values(), *self._detached.values()))
        return len(flights), sum(len(flight.waiters) for flight in flights)
