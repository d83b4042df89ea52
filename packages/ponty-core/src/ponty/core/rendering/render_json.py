"""`render_json`: a handler's value as a JSON answer."""

import functools
import inspect
import time
import types
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from typing import Any, Literal, ParamSpec, Protocol, TypeVar, overload

import msgspec
from aiohttp import web

from ponty.core.encoding.json_encoder import JSON, encode_json, encode_regular
from ponty.core.encoding.regular_types import ENCODED, Regular, regularity
from ponty.core.errors.answer_settings import AnswerSettings, Envelope, current_settings
from ponty.core.rendering.declared_rows import DeclaredRows
from ponty.core.rendering.handler_returns import check_returns
from ponty.core.rendering.reply import Reply, add_cookies, add_headers, empty
from ponty.core.responses.entity_tags import ETAG, entity_tag
from ponty.core.responses.fast_response import PlainResponse
from ponty.core.responses.heads import BODILESS_STATUSES, head
from ponty.core.responses.statuses import check_status
from ponty.core.returned.is_type import is_type
from ponty.core.returned.returned_type import ReturnedType, returned_type

_P = ParamSpec("_P")
_T = TypeVar("_T")

_Rendered = Callable[_P, Coroutine[Any, Any, web.Response]]
_Streamed = Callable[_P, Coroutine[Any, Any, web.StreamResponse]]
_Render = Callable[[object, int], web.Response]
"""Answers with a handler's value, which was called when `time.perf_counter_ns` was so much."""
_SeenTo = Callable[[object], Regular | None]
_DEFAULTS = AnswerSettings()
_HEAD = head(200, JSON)


class _AnyDecorator(Protocol):
    """What decorates a handler of any value, or of the elements of any array."""

    @overload
    def __call__(self, handler: Callable[_P, Awaitable[object]], /) -> _Rendered[_P]: ...
    @overload
    def __call__(self, handler: Callable[_P, AsyncIterator[object]], /) -> _Streamed[_P]: ...


class _ListDecorator(Protocol[_T]):
    """What decorates a handler of lists, or of their elements."""

    @overload
    def __call__(self, handler: Callable[_P, Awaitable[list[_T] | Reply[list[_T]]]], /) -> _Rendered[_P]: ...
    @overload
    def __call__(self, handler: Callable[_P, AsyncIterator[_T]], /) -> _Streamed[_P]: ...


class _Envelope(msgspec.Struct, gc=False):
    data: object
    elapsed: int
    now: int


class Rendering(msgspec.Struct, frozen=True):
    """How `render_json` answers with the values of a handler: its attribute `__ponty_answer__`, for who describes it.

    Args:
        returns: The type of the values; None where it was not given.
        status: The status of the answer.
        envelope: Whether the value stands in an envelope.
        etag: Whether the answer has an entity tag.
    """

    returns: Any = None
    status: int = 200
    envelope: bool = True
    etag: bool = False


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
    """Answer with the decorated coroutine function's value, as JSON.

    ::

        @get("/today")
        @render_json
        async def today(request: web.Request) -> datetime.date:
            return datetime.date.today()

    The answer is `{"data": value, "elapsed": milliseconds, "now": milliseconds}`: how long the function took, and
    when it was done, since the epoch. Dataclasses, mappings, collections (sets too), datetimes, enums, UUIDs and
    Decimals encode; NaN and the infinities become null. A value that does not encode is an unhandled TypeError.

    It is bare, as above, or called: `@render_json(Mug, status=201)`. A function that has more to say than its value
    returns a `Reply`.

    An async generator function answers with an array of what it yields, which is sent while it is made, so that no more
    than a few kilobytes are held of an answer of any length. `returns` is a `list[…]` then, and there is no `Reply`,
    `status` or `etag`. An error before the first kilobytes are sent is answered as any; later, the connection is cut.

    Args:
        returns: The type of the values. Type checkers hold the function to it. It is a limit: what it does not have is
            not sent, at any depth, whatever else an object of a subclass or of another class has.
        status: The HTTP status of the answer. With 204 and 205 there is no content, and the function returns None.
        envelope: Puts the value in the envelope; without it, the value itself is the answer.
        etag: Gives the answer an entity tag, made of the value alone, and answers 304 where a request says that it has
            the same already (RFC 9110 §13.1.2).

    Raises:
        TypeError: The function is not a coroutine function or an async generator function, or `returns` has no form in
            JSON, or no value that the function is annotated to return can be of it.
        ValueError: `status` is outside 200 to 599, or has no content, and `returns` says that there is some; or an
            async generator function is to have an entity tag, or another status than 200.
    """
    if returns is not None and not is_type(returns):
        return _decorated(returns, Rendering(), None)
    check_status(status)
    if status in BODILESS_STATUSES and returns not in {None, type(None)}:
        raise ValueError(f"@render_json: an answer with status {status} has no content; leave out `returns`")
    how = Rendering(returns, status, envelope, etag)
    if how == Rendering():
        return functools.partial(_decorated, how=how, limit=None)
    limit = None if returns is None else ReturnedType(returns)

    def decorate(handler: Callable[..., Awaitable[object]]) -> Any:
        if returns is not None:
            check_returns(handler, returns)
        return _decorated(handler, how, limit)

    return decorate


def etag_of(value: object, returns: Any = None) -> str:
    """Return the entity tag that `render_json(etag=True)` sends with a value.

    A handler that changes something compares it with the `If-Match` of the request, so that nobody overwrites what they
    have not seen.

    ::

        assert etag_matches(etag_of({"stock": 3}), etag_of({"stock": 3}))
        assert not etag_matches(etag_of({"stock": 4}), etag_of({"stock": 3}))

    Args:
        value: The value.
        returns: The type that the handler which sends the value declares; None where it declares none.

    Raises:
        TypeError: The value does not encode, or `returns` has no form in JSON.
    """
    limited = value if returns is None else returned_type(returns).limited(value, "etag_of", 0)
    return entity_tag(encode_json(limited))


def encode_as(returns: Any, value: object) -> bytes:
    """Encode what a type has of a value as JSON, and no more, as `render_json(returns)` does.

    ::

        @dataclasses.dataclass
        class Mug:
            colour: str

        @dataclasses.dataclass
        class OwnMug(Mug):
            owner: str

        assert encode_as(Mug, OwnMug("red", "ann")) == b'{"colour":"red"}'

    Args:
        returns: The type.
        value: The value.

    Raises:
        TypeError: The type has no form in JSON, or the value is of another kind.
    """
    return encode_json(returned_type(returns).limited(value, "encode_as", 0))


def _decorated(handler: Any, how: Rendering, limit: ReturnedType | None) -> Any:
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
    render_any = _renderer(how, limit, handler.__qualname__, seen_to)
    render = render_any if how != Rendering() else _usual_renderer(render_any, seen_to)

    @functools.wraps(handler)
    async def respond(*args: Any, **kwargs: Any) -> web.Response:
        start = time.perf_counter_ns()
        return render(await handler(*args, **kwargs), start)

    # For who calls the handler itself, to spare a call. The function stands in it, since `functools.wraps` copies it.
    respond.__ponty_rendered__ = (respond, handler, render)  # type: ignore[attr-defined]
    respond.__ponty_answer__ = how  # type: ignore[attr-defined]
    return respond


def _streamed(handler: Any, how: Rendering) -> Any:
    from ponty.core.streams.arrays import streamed_array  # noqa: PLC0415 - most programs stream nothing

    if how.etag or how.status != 200:
        raise ValueError(
            f"@render_json: {getattr(handler, '__qualname__', handler)!r} is an async generator function, whose answer "
            "is sent as it is made: it has no entity tag, and the status 200"
        )
    return streamed_array(handler, how, how.returns, envelope=how.envelope)


def _usual_renderer(render_any: _Render, seen_to: _SeenTo) -> _Render:
    """Make what answers with the values of a handler where nothing is said of how.

    Args:
        render_any: Answers in an application that has settings of its own, and with a `Reply`.
        seen_to: Returns what is to be seen to where a value is encoded.
    """

    def render(data: object, start: int) -> web.Response:
        if type(data) is Reply or current_settings.get(None) is not None:
            return render_any(data, start)
        elapsed = (time.perf_counter_ns() - start) // 1_000_000
        document = _Envelope(data, elapsed, time.time_ns() // 1_000_000)
        return PlainResponse(_HEAD, encode_regular(document, seen_to(data)))

    return render


def _renderer(how: Rendering, limit: ReturnedType | None, name: str, seen_to: _SeenTo) -> _Render:
    """Make what answers with the values of a handler.

    Args:
        how: How it does.
        limit: What of a value is sent; None for all.
        name: The name of the handler.
        seen_to: Returns what is to be seen to where a value is encoded.
    """

    def render(data: object, start: int) -> web.Response:
        elapsed = (time.perf_counter_ns() - start) // 1_000_000
        reply: Reply[Any] | None = data if type(data) is Reply else None
        value: object = data if reply is None else reply.value
        status = how.status if reply is None or reply.status is None else reply.status
        if status in BODILESS_STATUSES:
            answer = empty(status, value)
        else:
            settings = current_settings.get(_DEFAULTS)
            if limit is not None:
                value = limit.limited(value, name, settings.check_returns)
            answer = _full(how, status, value, elapsed, envelope=settings.envelope, seen_to=seen_to)
        if reply is not None:
            if reply.headers:
                add_headers(answer, reply.headers)
            if reply.cookies:
                add_cookies(answer, reply.cookies)
        return answer

    return render


def _full(
    how: Rendering, status: int, value: object, elapsed: int, *, envelope: Envelope | None, seen_to: _SeenTo
) -> PlainResponse:
    """Make the answer of a value."""
    regular = seen_to(value)
    etag = None
    if how.etag:
        content = encode_regular(value, regular)
        etag = entity_tag(content)
        if envelope is None or not how.envelope:
            value = msgspec.Raw(content)
            regular = ENCODED
    if how.envelope:
        now = time.time_ns() // 1_000_000
        if envelope is None:
            value = _Envelope(value, elapsed, now)
        else:
            value = envelope(value, elapsed, now)
            regular = regularity(value)
    answer = PlainResponse(head(status, JSON), encode_regular(value, regular))
    if etag is not None:
        answer.headers[ETAG] = etag
        answer.is_conditional = True
    return answer
