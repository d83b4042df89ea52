"""`render_events` sends server-sent events, which `EventSource` reads (WHATWG HTML §9.2)."""

import re
import types
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any, Generic, ParamSpec, TypeVar, overload

from aiohttp import web

from ponty.core.encoding.json_encoder import encode_json
from ponty.core.returned.is_type import is_type
from ponty.core.streams.framing import PROMPT, StreamOptions
from ponty.core.streams.limited_items import LimitedItems
from ponty.core.streams.prompt_items import prompt_items

_P = ParamSpec("_P")
_T = TypeVar("_T")
_T_co = TypeVar("_T_co", covariant=True)

EVENT_STREAM = "text/event-stream"
"""The media type of server-sent events. The text is always UTF-8, and `EventSource` accepts no other media type."""

_LINE_BREAK = re.compile("\r\n|\r|\n")
_NOT_IN_A_FIELD = re.compile("[\r\n\0]")


class Event(Generic[_T_co]):
    """A server-sent event, which a handler with `render_events` can yield.

    ::

        Event({"room": 2, "free": True}, event="room", id="41")

    Args:
        data: The data. A str is sent as it is, line by line; anything else as JSON.
        event: The name of the event, for `addEventListener`; clients use `message` if it is None.
        id: The id of the event. A client that reconnects sends the last one as `Last-Event-ID`; an empty id resets it.
        retry_ms: The milliseconds that the client must wait before it reconnects, from now on; None for no change.

    Raises:
        ValueError: The name or the id has a line break or a NUL, or `retry_ms` is not a whole number of at least 0.
        TypeError: The name or the id is not a str.
    """

    __slots__ = ("data", "event", "id", "retry_ms")

    def __init__(
        self,
        data: _T_co,
        *,
        event: str | None = None,
        id: str | None = None,  # noqa: A002 - its name in the stream
        retry_ms: int | None = None,
    ) -> None:
        for name, value in (("event", event), ("id", id)):
            if value is None:
                continue
            if not isinstance(value, str):  # pyright: ignore[reportUnnecessaryIsInstance]
                raise TypeError(f"{name} of an event must be a str, not a {type(value).__qualname__!r}")
            if _NOT_IN_A_FIELD.search(value):
                raise ValueError(f"{name} of an event must not contain a line break or NUL")
        if retry_ms is not None and (type(retry_ms) is not int or retry_ms < 0):
            raise ValueError(f"retry_ms must be a whole number of milliseconds, at least 0, not {retry_ms!r}")
        self.data: _T_co = data
        self.event: str | None = event
        self.id: str | None = id
        self.retry_ms: int | None = retry_ms

    def __repr__(self) -> str:
        return f"Event({self.data!r}, event={self.event!r}, id={self.id!r}, retry_ms={self.retry_ms!r})"


_Streamed = Callable[_P, Coroutine[Any, Any, web.StreamResponse]]


@overload
def render_events(  # type: ignore[overload-overlap]  # a class is a function too, and not meant as one here
    returns: Callable[_P, AsyncIterator[object]], /
) -> _Streamed[_P]: ...
@overload
def render_events(
    returns: None = None, *, heartbeat: float | None = 15, last: Event[Any] | None = None
) -> Callable[[Callable[_P, AsyncIterator[object]]], _Streamed[_P]]: ...
@overload
def render_events(
    returns: type[_T], *, heartbeat: float | None = 15, last: Event[_T] | None = None
) -> Callable[[Callable[_P, AsyncIterator[_T | Event[_T]]]], _Streamed[_P]]: ...
@overload
def render_events(
    returns: types.UnionType | type[Any], *, heartbeat: float | None = 15, last: Event[Any] | None = None
) -> Callable[[Callable[_P, AsyncIterator[object]]], _Streamed[_P]]: ...
def render_events(returns: Any = None, *, heartbeat: float | None = 15, last: Event[Any] | None = None) -> Any:
    """Answer with server-sent events, one for each value that the decorated async generator function yields.

    ::

        @get("/countdown")
        @render_events
        async def countdown(request: web.Request) -> AsyncIterator[Event[int]]:
            for seconds in (3, 2, 1):
                yield Event(seconds, id=str(seconds))
                await asyncio.sleep(1)

    The function yields an `Event`, or only its data. When the client leaves or the server stops, `CancelledError` is
    raised where the generator waits, so that its `finally` runs. While a client does not read, the generator is not
    asked for more values. An error before the first `yield` is answered as usual, and `EventSource` gives up. A later
    error is logged, and the connection is cut; then `EventSource` reconnects, as it does after the end of the
    generator.

    Use the decorator bare, as above, or with arguments: `@render_events(Room, heartbeat=5)`. HEAD is answered with the
    head alone, and the generator does not run.

    Args:
        returns: The type of the data. Type checkers compare it with the function, and it is a limit, as in
            `render_json`.
        heartbeat: Seconds without an event after which a comment is sent, so that proxies do not close the connection;
            None for never.
        last: The event that is sent when the server stops; None for none.

    Raises:
        TypeError: The function is not an async generator function, or `returns` has no form in JSON.
        ValueError: `heartbeat` is not more than 0.
    """
    if returns is not None and not is_type(returns):
        return render_events()(returns)
    options = StreamOptions(
        content_type=EVENT_STREAM,
        headers=PROMPT,
        is_prompt=True,
        when_stopped="end",
        beat=b":\n\n",
        beat_seconds=heartbeat,
        last=b"" if last is None else encode_event(last),
    )
    return prompt_items("render_events", returns, options, _Events)


class _Events:
    """The framing of events. It has no state, so all streams of a handler share it."""

    def __init__(self, items: LimitedItems) -> None:
        self._items = items

    def begin(self) -> bytes:
        return b""

    def item(self, value: Any) -> bytes:
        event: Event[Any] = value if isinstance(value, Event) else Event(value)
        return encode_event(event, self._items.limited(event.data))

    def end(self) -> bytes:
        return b""


_SAME = object()


def encode_event(event: Event[Any], data: object = _SAME) -> bytes:
    """Encode an event.

    Args:
        event: The event.
        data: Replaces the data of the event, if given.

    Raises:
        TypeError: The data cannot be encoded.
        ValueError: A text has half a character, which UTF-8 cannot encode.
    """
    data = event.data if data is _SAME else data
    lines: list[str] = []
    if event.event is not None:
        lines.append(f"event: {event.event}")
    if event.id is not None:
        lines.append(f"id: {event.id}")
    if event.retry_ms is not None:
        lines.append(f"retry: {event.retry_ms}")
    text = data if type(data) is str else encode_json(data).decode()
    lines += [f"data: {line}" for line in _LINE_BREAK.split(text)]
    return "\n".join([*lines, "", ""]).encode()
