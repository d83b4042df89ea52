"""`render_lines` sends JSON lines: one value on each line."""

import types
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any, ParamSpec, TypeVar, overload

from aiohttp import web

from ponty.core.encoding.json_encoder import encode_json
from ponty.core.returned.is_type import is_type
from ponty.core.streams.framing import PROMPT, StreamOptions
from ponty.core.streams.limited_items import LimitedItems
from ponty.core.streams.prompt_items import prompt_items

_P = ParamSpec("_P")
_T = TypeVar("_T")

JSON_LINES = "application/jsonl"
"""The media type of JSON lines. None is registered; jsonlines.org and OpenAPI 3.2 use this one."""

_Streamed = Callable[_P, Coroutine[Any, Any, web.StreamResponse]]


@overload
def render_lines(  # type: ignore[overload-overlap]  # a class is a function too, and not meant as one here
    returns: Callable[_P, AsyncIterator[object]], /
) -> _Streamed[_P]: ...
@overload
def render_lines(
    returns: None = None, *, heartbeat: float | None = None
) -> Callable[[Callable[_P, AsyncIterator[object]]], _Streamed[_P]]: ...
@overload
def render_lines(
    returns: type[_T], *, heartbeat: float | None = None
) -> Callable[[Callable[_P, AsyncIterator[_T]]], _Streamed[_P]]: ...
@overload
def render_lines(
    returns: types.UnionType | type[Any], *, heartbeat: float | None = None
) -> Callable[[Callable[_P, AsyncIterator[object]]], _Streamed[_P]]: ...
def render_lines(returns: Any = None, *, heartbeat: float | None = None) -> Any:
    """Answer with JSON lines, one for each value that the decorated async generator function yields.

    ::

        @get("/bookings.jsonl")
        @render_lines
        async def bookings(request: web.Request) -> AsyncIterator[dict[str, int]]:
            for number in range(100_000):
                yield {"id": number}

    Each line is sent at once, and the stream ends in the same way as with `render_events`, with one difference: a
    client cannot see whether lines are missing. So if the stop of the server ends the stream, the connection is cut, as
    after an error. If the generator catches the `CancelledError` and returns, the stream counts as complete.

    Args:
        returns: The type of the values. Type checkers compare it with the function, and it is a limit, as in
            `render_json`.
        heartbeat: Seconds without a line after which an empty line is sent, which readers of JSON lines skip; None for
            never.

    Raises:
        TypeError: The function is not an async generator function, or `returns` has no form in JSON.
        ValueError: `heartbeat` is not more than 0.
    """
    if returns is not None and not is_type(returns):
        return render_lines()(returns)
    options = StreamOptions(
        content_type=JSON_LINES,
        headers=PROMPT,
        is_prompt=True,
        when_stopped="break",
        beat=b"\n",
        beat_seconds=heartbeat,
    )
    return prompt_items("render_lines", returns, options, _Lines)


class _Lines:
    """The framing of lines. It has no state, so all streams of a handler share it."""

    def __init__(self, items: LimitedItems) -> None:
        self._items = items

    def begin(self) -> bytes:
        return b""

    def item(self, value: Any) -> bytes:
        line = encode_json(self._items.limited(value))
        if b"\n" in line or b"\r" in line:  # JSON that a program has encoded itself may have several lines
            line = line.replace(b"\r", b" ").replace(b"\n", b" ")
        return line + b"\n"

    def end(self) -> bytes:
        return b""
