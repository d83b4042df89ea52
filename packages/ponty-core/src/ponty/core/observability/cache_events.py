"""`cache_events`: what caches report, handed on to whatever measures and traces the application.

A cache of `ponty.memo` takes a hook, and knows nothing of this layer, nor does this layer know of it. Both know two
ways to call a hook: with a cache's name and an event; and, where it has the method `__ponty_computation__`, with the
computation as well, for what happens to one: it begins (`miss`), is joined (`join`), or fails (`failure`). That it
begins or fails is told by the task that computes, and that it is joined by whoever waits.

A cache is made when its module is imported, long before anybody knows where metrics go. So there is one hook for all,
with listeners that come later. Without any it costs a call.
"""

from typing import Protocol


class CacheListener(Protocol):
    """A listener to the events of caches."""

    def on_event(self, cache: str, event: str) -> None:
        """Note any event.

        Args:
            cache: The name of the cache.
            event: What has happened.
        """

    def on_computation(self, cache: str, event: str, computation: object) -> None:
        """Note an event of a computation, which `on_event` was called with, too.

        Args:
            cache: The name of the cache.
            event: What has happened.
            computation: An object that stands for it.
        """


class CacheEvents:
    """A hook that `localcache`, `cache` and `rediscache` take as `metrics`.

    ::

        @localcache(ttl_ms=60_000, metrics=cache_events)
        async def price(product: str) -> int:
            return len(product)  # asks the database

    Where `metrics` is listed, each event is counted; where `tracing` is, each computation is a span.
    """

    def __init__(self) -> None:
        self.listeners: list[CacheListener] = []
        """Those that are called with each event, in turn."""

    def __call__(self, cache: str, event: str, /) -> None:
        """Call the listeners with an event.

        Args:
            cache: The name of the cache.
            event: What has happened, as `"hit"`.
        """
        for listener in self.listeners:
            listener.on_event(cache, event)

    def __ponty_computation__(self, cache: str, event: str, computation: object, /) -> None:
        """Call the listeners with an event of a computation."""
        for listener in self.listeners:
            listener.on_event(cache, event)
            listener.on_computation(cache, event, computation)


cache_events: CacheEvents = CacheEvents()
"""The hook of all caches that are to be measured and traced."""
