"""Renderers: functions that make the answers of a handler from its values, by the options of its decorator."""

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal

import msgspec
from aiohttp import web

from ponty.core.encoding.json_encoder import JSON, encode_regular
from ponty.core.encoding.regular_types import ENCODED, Regular, regularity
from ponty.core.errors.answer_settings import AnswerSettings, Envelope, current_settings
from ponty.core.rendering.reply import Reply, add_cookies, add_headers, empty
from ponty.core.responses.entity_tags import ETAG, entity_tag
from ponty.core.responses.heads import BODILESS_STATUSES, head
from ponty.core.responses.plain_response import PlainResponse

if TYPE_CHECKING:
    from ponty.core.returned.returned_type import ReturnedType

_Render = Callable[[object, int], web.Response]
"""Make the answer for a handler's value; the second argument is `time.perf_counter_ns()` at its call."""
_SeenTo = Callable[[object], Regular | None]
_DEFAULTS = AnswerSettings()
_HEAD = head(200, JSON)


class _Envelope(msgspec.Struct, gc=False):
    data: object
    elapsed: int
    now: int


class Rendering(msgspec.Struct, frozen=True):
    """The options of `render_json`: the attribute `__ponty_answer__` of a handler, for descriptions of it.

    Args:
        returns: The type of the values; None if it was not given.
        status: The status of the answer.
        envelope: Whether the value is put into an envelope.
        etag: Whether the answer has an entity tag.
    """

    returns: Any = None
    status: int = 200
    envelope: bool = True
    etag: bool = False


def usual_renderer(render_any: _Render, seen_to: _SeenTo) -> _Render:
    """Make the usual renderer, for a handler whose decorator has no options.

    Args:
        render_any: The renderer for a `Reply`, and for applications with their own settings.
        seen_to: Returns what must be checked when a value is encoded.
    """

    def render(data: object, start: int) -> web.Response:
        if type(data) is Reply or current_settings.get(None) is not None:
            return render_any(data, start)
        elapsed = (time.perf_counter_ns() - start) // 1_000_000
        document = _Envelope(data, elapsed, time.time_ns() // 1_000_000)
        return PlainResponse(_HEAD, encode_regular(document, seen_to(data)))

    return render


def renderer(how: Rendering, limit: "ReturnedType | None", name: str, seen_to: _SeenTo) -> _Render:
    """Make the renderer of a handler.

    Args:
        how: The options of its decorator.
        limit: The type that limits what is sent of a value; None to send all.
        name: The name of the handler.
        seen_to: Returns what must be checked when a value is encoded.
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
    how: Rendering,
    status: int,
    value: object,
    elapsed: int,
    *,
    envelope: Envelope | Literal[False] | None,
    seen_to: _SeenTo,
) -> PlainResponse:
    """Make the answer for a value."""
    regular = seen_to(value)
    own = envelope if how.envelope else False
    etag = None
    if how.etag:
        content = encode_regular(value, regular)
        etag = entity_tag(content)
        if own is None or own is False:
            value = msgspec.Raw(content)
            regular = ENCODED
    if own is None:
        value = _Envelope(value, elapsed, time.time_ns() // 1_000_000)
    elif own is not False:
        value = own(value, elapsed, time.time_ns() // 1_000_000)
        regular = regularity(value)
    answer = PlainResponse(head(status, JSON), encode_regular(value, regular))
    if etag is not None:
        answer.headers[ETAG] = etag
        answer.is_conditional = True
    return answer
