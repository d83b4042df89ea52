"""What a cache reports: events, for a metrics hook, and counts, for `cache_info`."""

from collections.abc import Callable
from typing import Final, Literal, NamedTuple, TypeAlias

from ponty.memo.logs import logger

Event: TypeAlias = Literal[
    "hit", "stale", "miss", "join", "store", "failure", "stampede", "evicted", "expired", "refused", "unavailable"
]
"""What a metrics hook is called with."""

Metrics: TypeAlias = Callable[[str, Event], object]
"""A metrics hook: called with the cache's name and the event.

"miss" and "failure" are reported by the task that computes, within its context; in a "failure", the error is
`sys.exception()`. "join" is reported by whoever waits. A hook that has a method `__ponty_computation__` is called by
that for these three, with the cache's name, the event, and an object that is the same for all of one computation.
"""


class CacheInfo(NamedTuple):
    """The counts of a cache."""

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

    __slots__ = ("_hook", "_of_computation", "name")

    def __init__(self, name: str, hook: Metrics | None) -> None:
        self.name: Final = name
        self._hook = hook
        self._of_computation: Callable[[str, Event, object], object] | None
        self._of_computation = getattr(hook, "__ponty_computation__", None)

    @property
    def has_hook(self) -> bool:
        """Whether anybody is called."""
        return self._hook is not None

    def emit(self, event: Event, computation: object = None) -> None:
        """Call the hook, and let nothing that it does disturb the call.

        Args:
            event: What has happened.
            computation: To which computation, where it is one that has begun, failed, or was joined.
        """
        if self._hook is not None:
            try:
                if computation is not None and self._of_computation is not None:
                    self._of_computation(self.name, event, computation)
                else:
                    self._hook(self.name, event)
            except Exception:  # noqa: BLE001 - whatever it is, the call is not to blame
                logger().exception("the metrics hook of the cache %r failed", self.name)
