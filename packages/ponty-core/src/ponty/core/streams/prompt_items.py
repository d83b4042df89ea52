"""Prompt items: the common part of `render_events` and `render_lines`, which send each item at once, and heartbeats."""

from collections.abc import AsyncIterator, Callable
from typing import Any

from aiohttp import web

from ponty.core.returned.returned_type import ReturnedType
from ponty.core.streams.framing import Framing, Streaming, StreamOptions
from ponty.core.streams.limited_items import LimitedItems
from ponty.core.streams.stream import Stream
from ponty.core.streams.streamed import streamed


def prompt_items(
    what: str, returns: Any, options: StreamOptions, framing_of: Callable[[LimitedItems], Framing]
) -> Callable[[Any], Any]:
    """Make the decorator for a kind of streams whose framing has no state.

    Args:
        what: The name of the decorator.
        returns: The type of the items; None for any.
        options: The options for sending.
        framing_of: Makes the framing, which all streams of a handler share.

    Raises:
        ValueError: The heartbeat is not more than 0.
    """
    beat = options.beat_seconds
    if beat is not None and not beat > 0:
        raise ValueError(f"@{what}: heartbeat must be more than 0 seconds, or None, not {beat!r}")
    limit = None if returns is None else ReturnedType(returns)

    def decorate(handler: Any) -> Any:
        framing = framing_of(LimitedItems(limit, handler))

        async def send(request: web.Request, items: AsyncIterator[Any]) -> web.StreamResponse:
            return await Stream(request, items, framing, options).send()

        return streamed(what, handler, Streaming(options.content_type, returns), send)

    return decorate
