"""The table of everything that keeps the keys of one cache busy: its flights and its `invalidate` blocks.

A *detached* flight has not ended, but new callers cannot join it any more. A *block* is the block of an `invalidate`.
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
        """The flight of each key that new callers join."""
        self.blocks: Final[dict[Hashable, WaitNode]] = {}
        """The `invalidate` block of each key."""
        self._detached: dict[Hashable, set[Flight[_T]]] = {}

    def ahead(self, key: Hashable) -> list[WaitNode]:
        """Return the nodes that keep `key` busy in this process: the next holder of its lock has to wait for them."""
        if key in self.joinable:
            return [self.joinable[key]]
        ahead: list[WaitNode] = [*self._detached.get(key, ())]
        if key in self.blocks:
            ahead.append(self.blocks[key])
        return ahead

    def remove(self, flight: Flight[_T]) -> None:
        """Remove this flight from the table; a newer flight of the same key stays."""
        if self._detached:
            detached = self._detached.get(flight.key, set())
            detached.discard(flight)
            if not detached:
                self._detached.pop(flight.key, None)
        if self.joinable.get(flight.key) is flight:
            del self.joinable[flight.key]

    def detach(self, *flights: Flight[_T]) -> None:
        """Detach flights, or all of them: they still answer their waiters, but store nothing and cannot be joined."""
        for flight in flights or [*self.joinable.values()]:
            self.remove(flight)
            flight.attached = False
            if flight.live and not flight.loop.is_closed():
                self._detached.setdefault(flight.key, set()).add(flight)

    def count(self) -> tuple[int, int]:
        """Return the number of flights, and of the callers that wait for them."""
        flights = list(chain(self.joinable.values(), *self._detached.values()))
        return len(flights), sum(len(flight.waiters) for flight in flights)
