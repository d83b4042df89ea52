"""Arrays: `render_json` of an async generator function sends a JSON array, of which only a batch is in memory.

The array is put into the envelope, as any value is. To find the text of the envelope before and after the array, the
envelope is encoded once with a mark instead of the array.
"""

import secrets
import time
from collections.abc import AsyncIterator
from typing import Any, get_args, get_origin

import msgspec
from aiohttp import web

from ponty.core.encoding.json_encoder import JSON, encode_json
from ponty.core.errors.answer_settings import AnswerSettings, Envelope, current_settings
from ponty.core.returned.returned_type import ReturnedType
from ponty.core.streams.framing import StreamOptions
from ponty.core.streams.limited_items import LimitedItems
from ponty.core.streams.stream import Stream
from ponty.core.streams.streamed import StreamHandler, streamed

_DEFAULTS = AnswerSettings()
_OPTIONS = StreamOptions(content_type=JSON)


def streamed_array(handler: Any, answer: object, returns: Any, *, envelope: bool) -> StreamHandler:
    """Make a handler from an async generator function that answers with an array of the yielded values.

    Args:
        handler: The function.
        answer: The options of its answers, for descriptions.
        returns: The type of the array, `list[T]`; None if it is not declared.
        envelope: Whether to put the array into the envelope of the application.

    Raises:
        TypeError: `returns` is not a list, or has no form in JSON.
    """
    limit = None
    if returns is not None:
        if get_origin(returns) is not list:
            name = getattr(handler, "__qualname__", handler)
            raise TypeError(f"@render_json on {name!r}: an async generator is sent as a list; declare list[…]")
        (item,) = get_args(returns)
        limit = ReturnedType(item)
    items_of = LimitedItems(limit, handler)

    async def send(request: web.Request, items: AsyncIterator[Any]) -> web.StreamResponse:
        own = current_settings.get(_DEFAULTS).envelope if envelope else False
        framing = _Array(items_of) if own is False else _Enveloped(items_of, own)
        return await Stream(request, items, framing, _OPTIONS).send()

    return streamed("render_json", handler, answer, send)


class _Array:
    """An array without an envelope."""

    def __init__(self, items: LimitedItems) -> None:
        self._items = items
        self._comma = b""

    def begin(self) -> bytes:
        return b"["

    def item(self, value: Any) -> bytes:
        item = self._comma + encode_json(self._items.limited(value))
        self._comma = b","
        return item

    def end(self) -> bytes:
        return b"]"


class _Enveloped(_Array):
    """An array in an envelope.

    Args:
        items: Limits what is sent of each item.
        envelope: The application's own envelope; None for Ponty's.
    """

    def __init__(self, items: LimitedItems, envelope: Envelope | None) -> None:
        super().__init__(items)
        self._envelope = envelope
        self._began = time.perf_counter_ns()
        self._behind = b""

    def begin(self) -> bytes:
        if self._envelope is None:
            return b'{"data":['
        mark = f'"{secrets.token_hex(16)}"'.encode()
        whole = encode_json(self._envelope(msgspec.Raw(mark), self._elapsed(), time.time_ns() // 1_000_000))
        before, found, self._behind = whole.partition(mark)
        if not found or mark in self._behind:
            raise TypeError("the envelope of a streamed array must contain the value exactly once, unchanged")
        return before + b"["

    def end(self) -> bytes:
        if self._envelope is None:
            return b'],"elapsed":%d,"now":%d}' % (self._elapsed(), time.time_ns() // 1_000_000)
        return b"]" + self._behind

    def _elapsed(self) -> int:
        return (time.perf_counter_ns() - self._began) // 1_000_000
