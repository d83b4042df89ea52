"""`cache_events` passes the events of caches on to metrics and tracing.

A cache of `ponty.memo` takes a hook; neither layer imports the other. A hook is called with the name of a cache and an
event. If the hook has the method `__ponty_computation__`, this is called instead for events of a computation: it begins
(`miss`), is joined (`join`), or fails (`failure`). The task that computes reports its begin and its failure, and a task
that waits reports the join.

A cache is made when its module is imported, long before metrics are set up. So there is one hook for all caches, and
listeners are added to it later. Without listeners, an event costs only a call.
"""

from typing import Protocol


class CacheListener(Protocol):
    """A listener to the events of caches."""

    def on_event(self, cache: str, event: str) -> None:
        """Handle any event.

        Args:
            cache: The name of the cache.
            event: The name of the event.
        """

    def on_computation(self, cache: str, event: str, computation: object) -> None:
        """Handle an event of a computation; `on_event` was called with it before.

        Args:
            cache: The name of the cache.
            event: The name of the event.
            computation: An object that stands for the computation.
        """


class CacheEvents:
    """A hook for the argument `metrics` of `localcache`, `cache` and `rediscache`.

    ::

        @localcache(ttl_ms=60_000, metrics=cache_events)
        async def price(product: str) -> int:
            return len(product)  # asks the database

    If the application has `metrics`, each event is counted. If it has `tracing`, each computation is a span.
    """

    def __init__(self) -> None:
        self.listeners: list[CacheListener] = []
        """The listeners that are called with each event, in order."""

    def __call__(self, cache: str, event: str, /) -> None:
        """Call the listeners with an event.

        Args:
            cache: The name of the cache.
            event: The name of the event, such as `"hit"`.
        """
        for listener in self.listeners:
            listener.on_event(cache, event)

    def __ponty_computation__(self, cache: str, event: str, computation: object, /) -> None:
        """Call the listeners with an event of a computation."""
        for listener in self.listeners:
            listener.on_event(cache, event)
            listener.on_computation(cache, event, computation)


cache_events: CacheEvents = CacheEvents()
"""The hook for caches whose events `metrics` and `tracing` report.

Pass it to a cache of `ponty.memo` as `metrics=cache_events`."""
