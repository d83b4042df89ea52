"""What a cache reports: events, for a metrics hook, and counts, for `cache_info`."""

from collections.abc import Callable
from typing import Final, Literal, NamedTuple, TypeAlias

from ponty.memo.logs import logger

Event: TypeAlias = Literal[
    "hit", "stale", "miss", "join", "store", "failure", "stampede", "evicted", "expired", "refused", "unavailable"
]
"""What a metrics hook is called with."""

Metrics: TypeAlias = Callable[[str, Event], object]
"""A metrics hook: called with the cache's name and the event."""


class CacheInfo(NamedTuple):
    """What a cache has seen and has got."""

    hits: int
    """Calls that got a stored value, stale ones included."""
    misses: int
    """All other calls, those that began a computation and those that waited for one."""
    size: int | None
    """How many values are stored; None over a store that cannot tell."""
    flights: int
    """Computations under way."""
    waiters: int
    """Callers that wait for them."""
    stampedes: int
    """Calls that were refused because the wait was over."""


class Emitter:
    """Calls the metrics hook of one cache, if it has one.

    Args:
        name: The name of the cache.
        hook: The hook.
    """

    __slots__ = ("_hook", "name")

    def __init__(self, name: str, hook: Metrics | None) -> None:
        self.name: Final = name
        self._hook = hook

    @property
    def has_hook(self) -> bool:
        """Whether anybody is called."""
        return self._hook is not None

    def emit(self, event: Event) -> None:
        """Call the hook, and let nothing that it does disturb the call."""
        if self._hook is not None:
            try:
                self._hook(self.name, event)
            except Exception:  # noqa: BLE001 - whatever it is, the call is not to blame
                logger().exception("the metrics hook of the cache %r failed", self.name)
