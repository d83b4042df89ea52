"""What a cache tells of itself: events, for a metrics hook, and counts, for `cache_info`."""

from collections.abc import Callable
from typing import Literal, NamedTuple, TypeAlias

Event: TypeAlias = Literal[
    "hit", "stale", "miss", "join", "store", "failure", "stampede", "evicted", "expired", "refused", "unavailable"
]
"""What a metrics hook is told."""

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
