"""`render_json` answers with the value that a handler returns, as JSON."""

import functools
import inspect
import time
import types
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from typing import TYPE_CHECKING, Any, Literal, ParamSpec, Protocol, TypeVar, overload

from aiohttp import web

from ponty.core.encoding.regular_types import regularity
from ponty.core.rendering.declared_rows import DeclaredRows
from ponty.core.rendering.renderers import Rendering, renderer, usual_renderer
from ponty.core.rendering.reply import Reply
from ponty.core.responses.heads import BODILESS_STATUSES
from ponty.core.responses.statuses import check_status
from ponty.core.returned.is_type import is_type

if TYPE_CHECKING:
    from ponty.core.returned.returned_type import ReturnedType

_P = ParamSpec("_P")
_T = TypeVar("_T")

_Rendered = Callable[_P, Coroutine[Any, Any, web.Response]]
_Streamed = Callable[_P, Coroutine[Any, Any, web.StreamResponse]]


class _AnyDecorator(Protocol):
    """The decorator of a handler that returns any value, or yields the elements of any array."""

    @overload
    def __call__(self, handler: Callable[_P, Awaitable[object]], /) -> _Rendered[_P]: ...
    @overload
    def __call__(self, handler: Callable[_P, AsyncIterator[object]], /) -> _Streamed[_P]: ...


class _ListDecorator(Protocol[_T]):
    """The decorator of a handler that returns lists, or yields their elements."""

    @overload
    def __call__(self, handler: Callable[_P, Awaitable[list[_T] | Reply[list[_T]]]], /) -> _Rendered[_P]: ...
    @overload
    def __call__(self, handler: Callable[_P, AsyncIterator[_T]], /) -> _Streamed[_P]: ...


@overload
def render_json(  # type: ignore[overload-overlap]  # a class is a function too, and not meant as one here
    returns: Callable[_P, Awaitable[object]], /
) -> _Rendered[_P]: ...
@overload
def render_json(  # type: ignore[overload-overlap]  # likewise
    returns: Callable[_P, AsyncIterator[object]], /
) -> _Streamed[_P]: ...
@overload
def render_json(  # type: ignore[overload-overlap]  # these statuses have no content
    returns: None = None, *, status: Literal[204, 205], envelope: bool = True, etag: bool = False
) -> Callable[[Callable[_P, Awaitable[Reply[None] | None]]], _Rendered[_P]]: ...
@overload
def render_json(
    returns: None = None, *, status: int = 200, envelope: bool = True, etag: bool = False
) -> _AnyDecorator: ...
@overload
def render_json(  # type: ignore[overload-overlap]  # a list may come element by element
    returns: type[list[_T]], *, status: int = 200, envelope: bool = True, etag: bool = False
) -> _ListDecorator[_T]: ...
@overload
def render_json(
    returns: type[_T], *, status: int = 200, envelope: bool = True, etag: bool = False
) -> Callable[[Callable[_P, Awaitable[_T | Reply[_T]]]], _Rendered[_P]]: ...
@overload
def render_json(
    returns: types.UnionType | type[Any], *, status: int = 200, envelope: bool = True, etag: bool = False
) -> Callable[[Callable[_P, Awaitable[object]]], _Rendered[_P]]: ...
def render_json(returns: Any = None, *, status: int = 200, envelope: bool = True, etag: bool = False) -> Any:
    """Answer with the value that the decorated coroutine function returns, as JSON.

    ::

        @get("/today")
        @render_json
        async def today(request: web.Request) -> datetime.date:
            return datetime.date.today()

    The answer is the envelope `{"data": value, "elapsed": milliseconds, "now": milliseconds}`. `elapsed` is the time
    that the function took, and `now` the time when it was done, since the epoch. Dataclasses, mappings, collections
    (also sets), datetimes, enums, UUIDs and Decimals can be encoded; NaN and the infinities become null. A value that
    cannot be encoded is an unhandled TypeError.

    Use the decorator bare, as above, or with arguments: `@render_json(Mug, status=201)`. To set a header, a cookie or
    another status, return a `Reply`.

    An async generator function answers with an array of the values that it yields. The array is sent while it is made,
    so only a few kilobytes of it are in memory, whatever its length. Then `returns` is a `list[…]`, and `Reply`,
    `status` and `etag` cannot be used. An error before the first kilobytes are sent is answered as usual; after that,
    the connection is cut.

    Args:
        returns: The type of the values. Type checkers compare it with the function. It is also a limit: members that
            the type does not declare are not sent, at any depth, also if an object of another class has them.
        status: The HTTP status of the answer. With 204 and 205 there is no content, and the function returns None.
        envelope: Whether the value is put into the envelope; if False, the value itself is the answer.
        etag: Whether the answer has an entity tag, made from the value alone. A request with a matching
            `If-None-Match` is then answered with 304 (RFC 9110 §13.1.2).

    Raises:
        TypeError: The function is neither a coroutine function nor an async generator function, `returns` has no form
            in JSON, or the return annotation of the function cannot be of that type.
        ValueError: `status` is outside 200 to 599, or it has no content and `returns` is given; or an async generator
            function has `etag`, or a `status` other than 200.
    """
    if returns is not None and not is_type(returns):
        return _decorated(returns, Rendering(), None)
    check_status(status)
    if status in BODILESS_STATUSES and returns not in {None, type(None)}:
        raise ValueError(f"@render_json: an answer with status {status} has no content; leave out `returns`")
    how = Rendering(returns, status, envelope, etag)
    if returns is None:
        return functools.partial(_decorated, how=how, limit=None)
    # The compiler of types is only imported if a type is declared.
    from ponty.core.rendering.handler_returns import check_returns  # noqa: PLC0415
    from ponty.core.returned.returned_type import ReturnedType  # noqa: PLC0415

    limit = ReturnedType(returns)

    def decorate(handler: Callable[..., Awaitable[object]]) -> Any:
        check_returns(handler, returns)
        return _decorated(handler, how, limit)

    return decorate


def _decorated(handler: Any, how: Rendering, limit: "ReturnedType | None") -> Any:
    if (routed := getattr(handler, "__ponty_routed__", None)) is not None:
        raise TypeError(
            f"@render_json stands above the decorator of the route {routed}, which does not see it: write it below, "
            "next to the function"
        )
    if inspect.isasyncgenfunction(handler):
        return _streamed(handler, how)
    if not inspect.iscoroutinefunction(handler):
        raise TypeError(
            f"@render_json: {getattr(handler, '__qualname__', handler)!r} is not a coroutine function (async def)"
        )
    rows = DeclaredRows(handler)
    seen_to = rows.regularity if limit is None and rows.are_declared() else regularity
    render_any = renderer(how, limit, handler.__qualname__, seen_to)
    render = render_any if how != Rendering() else usual_renderer(render_any, seen_to)

    @functools.wraps(handler)
    async def respond(*args: Any, **kwargs: Any) -> web.Response:
        start = time.perf_counter_ns()
        return render(await handler(*args, **kwargs), start)

    # Code that calls the handler itself can use this, to save a call. The tuple has the function too, since
    # `functools.wraps` copies the attribute to others.
    respond.__ponty_rendered__ = (respond, handler, render)  # type: ignore[attr-defined]
    respond.__ponty_answer__ = how  # type: ignore[attr-defined]
    return respond


def _streamed(handler: Any, how: Rendering) -> Any:
    from ponty.core.streams.arrays import streamed_array  # noqa: PLC0415 - most programs stream nothing

    if how.etag or how.status != 200:
        raise ValueError(
            f"@render_json: {getattr(handler, '__qualname__', handler)!r} is an async generator function, whose answer "
            "is streamed: leave out etag, and any status but 200"
        )
    return streamed_array(handler, how, how.returns, envelope=how.envelope)
