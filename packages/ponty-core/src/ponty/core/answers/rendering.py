"""`render_json`: a handler's value as a JSON answer."""

import functools
import inspect
import time
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, ParamSpec

import msgspec
from aiohttp import web

from ponty.core.answers.encoding import encode_json
from ponty.core.answers.fast_response import PlainResponse, head

_P = ParamSpec("_P")


_HEAD = head(200, "application/json; charset=utf-8")


class _Envelope(msgspec.Struct, gc=False):
    data: object
    elapsed: int
    now: int


def render_json(handler: Callable[_P, Awaitable[object]]) -> Callable[_P, Coroutine[Any, Any, web.Response]]:
    """Answer with the decorated coroutine function's value, as JSON.

    ::

        @get("/today")
        @render_json
        async def today(request: web.Request) -> datetime.date:
            return datetime.date.today()

    The answer is `{"data": value, "elapsed": milliseconds, "now": milliseconds}`: how long the function took, and
    when it was done, since the epoch. Dataclasses, mappings, collections (sets too), datetimes, enums, UUIDs and
    Decimals encode; NaN and the infinities become null. A value that does not encode is an unhandled TypeError.

    Raises:
        TypeError: The function is not a coroutine function.
    """
    if not inspect.iscoroutinefunction(handler):
        raise TypeError(
            f"@render_json: {getattr(handler, '__qualname__', handler)!r} is not a coroutine function (async def)"
        )

    @functools.wraps(handler)
    async def respond(*args: _P.args, **kwargs: _P.kwargs) -> web.Response:
        start = time.perf_counter_ns()
        return _render(await handler(*args, **kwargs), start)

    # For who calls the handler itself, to spare a call. The function stands in it, since `functools.wraps` copies it.
    respond.__ponty_rendered__ = (respond, handler, _render)  # type: ignore[attr-defined]
    return respond


def _render(data: object, start: int) -> web.Response:
    """Answer with a handler's value.

    Args:
        data: The value.
        start: When the handler was called, by `time.perf_counter_ns`.
    """
    elapsed = (time.perf_counter_ns() - start) // 1_000_000
    return PlainResponse(_HEAD, encode_json(_Envelope(data, elapsed, time.time_ns() // 1_000_000)))
