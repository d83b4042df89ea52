"""Whether an answer can be sent: what HTTP has no room for is refused before aiohttp could only cut the connection.

Each answer is looked at, so the look is short where it may be: an answer that Ponty itself made, with headers that were
found good at import, and that nobody has changed since, has nothing to be searched for.
"""

import http
import re
from collections.abc import Iterable, Mapping
from http.cookies import SimpleCookie
from typing import Any

from aiohttp import web
from multidict import CIMultiDict, CIMultiDictProxy

_known: list[CIMultiDict[str]] = []


def known_headers(headers: Mapping[str, str]) -> CIMultiDictProxy[str]:
    """Note the headers of answers to come, found good once and for all.

    Raises:
        ValueError: One of them holds what no header can.
    """
    _check_headers(headers.items())
    known = CIMultiDict(headers)
    _known.append(known)
    return CIMultiDictProxy(known)


class PlainResponse(web.Response):
    """A response that tells whether it may have cookies; aiohttp's own would make a jar of them to say so."""

    may_have_cookies: bool = False

    def is_as_made(self) -> bool:
        """Tell whether the headers are some that are known to be good, the reason is a registered one, and no more."""
        # Not by their identity: a response has headers of its own, which anybody may have changed.
        return not self.may_have_cookies and self.headers in _known and self.reason in _REASONS

    @property
    def cookies(self) -> SimpleCookie:
        """The cookies, which may be changed from now on."""
        self.may_have_cookies = True
        return super().cookies

    def set_cookie(self, name: str, value: str, **options: Any) -> None:
        """Set a cookie, as aiohttp does."""
        self.may_have_cookies = True
        super().set_cookie(name, value, **options)

    def del_cookie(self, name: str, **options: Any) -> None:
        """Have the client forget a cookie, as aiohttp does."""
        self.may_have_cookies = True
        super().del_cookie(name, **options)


_UNSENDABLE = re.compile("[\0-\x08\x0a-\x1f\x7f\ud800-\udfff]")


def check_sendable(answer: web.StreamResponse) -> None:
    """Refuse an answer that aiohttp could only cut the connection on.

    Raises:
        TypeError: It is not a response.
        aiohttp.web.HTTPException: It is one, which is for raising.
        ValueError: A header holds a control character (RFC 9110 §5.5), or what UTF-8 cannot hold.
    """
    if not isinstance(answer, web.StreamResponse):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise TypeError(f"a handler returns a response, not a {type(answer).__qualname__!r}")
    if isinstance(answer, web.HTTPException):
        raise answer  # what is returned by mistake is answered as if it were raised
    _check_headers(answer.headers.items())
    if answer.cookies:
        _check_headers((name, morsel.OutputString()) for name, morsel in answer.cookies.items())
    if answer.reason and _UNSENDABLE.search(answer.reason):
        raise ValueError("the reason phrase of an answer holds a character that it cannot")


async def check_unsent(request: web.Request, answer: web.StreamResponse) -> None:
    """Refuse an answer that is prepared, but not by the handler of `request`: aiohttp would send nothing.

    Raises:
        RuntimeError: It was sent before, to another request.
    """
    if not request.writer.output_size and await answer.prepare(request) is not request.writer:
        raise RuntimeError("a handler returns a new response each time; this one was sent before")


def _check_headers(headers: Iterable[tuple[str, str]]) -> None:
    for name, value in headers:
        if _UNSENDABLE.search(value) or _UNSENDABLE.search(name):
            raise ValueError(f"the header {name!r} of an answer holds a character that no header can")


_REASONS = frozenset(status.phrase for status in http.HTTPStatus)
