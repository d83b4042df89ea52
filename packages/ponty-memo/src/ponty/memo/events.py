"""What a cache reports: events for a metrics hook, and counts for `cache_info`."""

from collections.abc import Callable
from typing import Final, Literal, NamedTuple, TypeAlias

from ponty.memo.logs import logger

Event: TypeAlias = Literal[
    "hit", "stale", "miss", "join", "store", "failure", "stampede", "evicted", "expired", "refused", "unavailable"
]
"""The events that a metrics hook is called with; `localcache` and `cache` explain them."""

Metrics: TypeAlias = Callable[[str, Event], object]
"""A metrics hook: called with the name of the cache and the event.

"miss" and "failure" are reported in the task and context of the computation; for a "failure", `sys.exception()` is the
error. "join" is reported in the task of the caller that waits. If the hook has a method `__ponty_computation__`, that
method is called for these three events instead, with the name of the cache, the event, and an object that identifies
the computation.
"""


class CacheInfo(NamedTuple):
    """The counts of a cache."""

    hits: int
    """Calls that got a stored value, including stale values."""
    misses: int
    """All other calls, which began a computation or waited for one."""
    size: int | None
    """The number of stored values; None if the store cannot count them."""
    flights: int
    """Computations in progress."""
    waiters: int
    """Callers that wait for these computations."""
    stampedes: int
    """Calls that got `Stampede` because their wait was over."""


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
        """Whether there is a hook."""
        return self._hook is not None

    def emit(self, event: Event, computation: object = None) -> None:
        """Call the hook; an exception that it raises is only logged.

        Args:
            event: The event.
            computation: The computation that has begun, has failed, or was joined; None for other events.
        """
        if self._hook is not None:
            try:
                if computation is not None and self._of_computation is not None:
                    self._of_computation(self.name, event, computation)
                else:
                    self._hook(self.name, event)
            except Exception:  # noqa: BLE001 - a fault of the hook must not fail the call
                logger().exception("the metrics hook of the cache %r failed", self.name)
