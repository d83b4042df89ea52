"""Framing: the encoding of the items of a stream, and the options for sending it."""

from typing import Any, Literal, Protocol

import msgspec
from aiohttp import hdrs

PROMPT: dict[str, str] = {hdrs.CACHE_CONTROL: "no-store, no-transform", "X-Accel-Buffering": "no"}
"""The headers of a prompt stream, which tell proxies not to buffer, cache or compress it."""

WhenStopped = Literal["end", "break", "finish"]
"""The effect of a server's stop on a stream: it ends properly, or its connection is cut, or it runs to its own end."""


class Framing(Protocol):
    """Encodes the items of a stream. A framing with state is made anew for each stream."""

    def begin(self) -> bytes:
        """Return the bytes before the first item."""
        ...

    def item(self, value: Any) -> bytes:
        """Return the bytes of an item, with the separator from the item before.

        Raises:
            TypeError: The item cannot be encoded.
            ValueError: The same.
        """
        ...

    def end(self) -> bytes:
        """Return the bytes after the last item."""
        ...


class StreamOptions(msgspec.Struct, frozen=True, kw_only=True):
    """The options for sending a kind of streams.

    Args:
        content_type: The value of `Content-Type`.
        headers: Further headers.
        is_prompt: Whether items are sent as soon as they are made, and not in batches.
        when_stopped: What happens to the stream when the server stops.
        beat: The bytes of a heartbeat, which is sent if nothing else was sent for a while; may be empty.
        beat_seconds: Seconds without other data before a heartbeat; None for no heartbeats.
        last: The bytes that are sent when the server stops.
    """

    content_type: str
    headers: dict[str, str] = {}
    is_prompt: bool = False
    when_stopped: WhenStopped = "finish"
    beat: bytes = b""
    beat_seconds: float | None = None
    last: bytes = b""


class Streaming(msgspec.Struct, frozen=True):
    """The streamed answer of a handler: its attribute `__ponty_answer__`, for descriptions of it.

    Args:
        content_type: The media type of the answer.
        items: The type of each item; None if it was not given.
        status: The status of the answer.
    """

    content_type: str
    items: Any = None
    status: int = 200
