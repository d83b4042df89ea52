"""Checks of responses: an answer that is not valid HTTP is refused early, before aiohttp could only cut the connection.

An answer that is as Ponty made it (see `ponty.core.responses.plain_response`) needs no check.
"""

import re
from collections.abc import Iterable

from aiohttp import web

from ponty.core.responses.plain_response import PlainResponse

_UNSENDABLE = re.compile("[\0-\x08\x0a-\x1f\x7f\ud800-\udfff]")


def check_sendable(answer: web.StreamResponse, handler: object = None) -> None:
    """Refuse an answer that cannot be sent, for which aiohttp would cut the connection.

    Args:
        answer: The answer.
        handler: The function that has returned it, for the message.

    Raises:
        TypeError: It is not a response.
        aiohttp.web.HTTPException: It is an exception that was returned instead of raised.
        ValueError: A header holds a control character (RFC 9110 §5.5), or half a character, which UTF-8 cannot encode.
    """
    if type(answer) is PlainResponse and answer.is_sendable():
        return
    if not isinstance(answer, web.StreamResponse):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise TypeError(
            f"{getattr(handler, '__qualname__', 'a handler')!r} returned {type(answer).__qualname__!r}, not a "
            "response: @render_json, below the decorator of the route, makes one of a value"
        )
    if isinstance(answer, web.HTTPException):
        raise answer  # an exception that is returned by mistake is answered as if it were raised
    _check_headers(answer.headers.items())
    if answer.cookies:
        _check_headers((name, morsel.OutputString()) for name, morsel in answer.cookies.items())
    if answer.reason and _UNSENDABLE.search(answer.reason):
        raise ValueError("the reason phrase of an answer contains a character that is not allowed in it")


async def check_unsent(request: web.Request, answer: web.StreamResponse) -> None:
    """Refuse an answer that was prepared for another request, since aiohttp would send nothing.

    Raises:
        RuntimeError: It was sent before, for another request.
    """
    if not request.writer.output_size and await answer.prepare(request) is not request.writer:
        raise RuntimeError("a handler returns a new response each time; this one was sent before")


def _check_headers(headers: Iterable[tuple[str, str]]) -> None:
    for name, value in headers:
        if _UNSENDABLE.search(value) or _UNSENDABLE.search(name):
            raise ValueError(f"the header {name!r} of an answer contains a character that is not allowed in a header")
