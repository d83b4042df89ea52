"""`render_lines`: JSON lines, one value on each."""

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
"""The media type of JSON lines: none is registered, and this is the one of jsonlines.org and of OpenAPI 3.2."""

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
    """Answer with JSON lines: each value that the decorated async generator function yields, as it yields it.

    ::

        @get("/bookings.jsonl")
        @render_lines
        async def bookings(request: web.Request) -> AsyncIterator[dict[str, int]]:
            for number in range(100_000):
                yield {"id": number}

    It goes on and ends as `render_events` does, but for one thing: lines do not tell whether there should have been
    more. So where the stop of the server ends them, the connection is cut, as after an error, and a client knows. A
    generator that catches the `CancelledError` and returns has said all that it had to say.

    Args:
        returns: The type of the values. Type checkers hold the function to it, and it is a limit, as that of
            `render_json`.
        heartbeat: After how many seconds without a line an empty one is sent, which readers of JSON lines skip; None
            for never.

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
    """Lines need nothing around them, so all streams of a handler have one framing."""

    def __init__(self, items: LimitedItems) -> None:
        self._items = items

    def begin(self) -> bytes:
        return b""

    def item(self, value: Any) -> bytes:
        line = encode_json(self._items.limited(value))
        if b"\n" in line or b"\r" in line:  # what a program has encoded itself may be written in several
            line = line.replace(b"\r", b" ").replace(b"\n", b" ")
        return line + b"\n"

    def end(self) -> bytes:
        return b""
