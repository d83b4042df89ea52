"""What the items of a stream look like as bytes, and how such a stream ends."""

from typing import Any, Literal, Protocol

import msgspec
from aiohttp import hdrs

PROMPT: dict[str, str] = {hdrs.CACHE_CONTROL: "no-store, no-transform", "X-Accel-Buffering": "no"}
"""The headers of a stream that no proxy is to hold back: to wait for more of it, keep a copy, or compress it."""

WhenStopped = Literal["end", "break", "finish"]
"""What the stop of a server does to a stream: it ends well, or is broken off, or goes on to its own end."""


class Framing(Protocol):
    """Writes the items of one stream. It is new for each."""

    def begin(self) -> bytes:
        """Return what comes before the first item."""
        ...

    def item(self, value: Any) -> bytes:
        """Return an item, with what parts it from the one before.

        Raises:
            TypeError: It has no such form.
            ValueError: Likewise.
        """
        ...

    def end(self) -> bytes:
        """Return what comes after the last item."""
        ...


class StreamOptions(msgspec.Struct, frozen=True, kw_only=True):
    """How a kind of streams is sent.

    Args:
        content_type: The value of the header.
        headers: Further headers.
        is_prompt: Whether items are sent as they are made, and not by the batch.
        when_stopped: What becomes of it when the server stops.
        beat: What is sent when nothing else was for a while; nothing where it is empty.
        beat_seconds: How long nothing else was; None for never.
        last: What is sent when the server stops.
    """

    content_type: str
    headers: dict[str, str] = {}
    is_prompt: bool = False
    when_stopped: WhenStopped = "finish"
    beat: bytes = b""
    beat_seconds: float | None = None
    last: bytes = b""


class Streaming(msgspec.Struct, frozen=True):
    """What a handler streams: its attribute `__ponty_answer__`, for who describes it.

    Args:
        content_type: The media type of the answer.
        items: The type of each item; None where it was not given.
        status: The status of the answer.
    """

    content_type: str
    items: Any = None
    status: int = 200
