"""Cookies as they are written, each a header of its own.

What a cookie says beside its name and value is the same for most of them: where it is sent, for how long, to whom. So
the texts of that are kept, of those seen last.
"""

import functools
import re
from http.cookies import CookieError, Morsel, SimpleCookie
from typing import Any

from aiohttp import hdrs, web

from ponty.core.responses.written_headers import is_clean

_START = f"\r\n{hdrs.SET_COOKIE}: "


CookieAttributes = tuple[
    str | None, str | None, int | str | None, str, bool | None, bool | None, str | None, str | None, bool | None
]
"""What `set_cookie` is told of a cookie beside its name and value."""

_ATTRIBUTES = ("expires", "domain", "max_age", "path", "secure", "httponly", "version", "samesite", "partitioned")


def by_name(attributes: CookieAttributes) -> dict[str, Any]:
    """Return `attributes` by their names."""
    return dict(zip(_ATTRIBUTES, attributes, strict=True))


def written_cookie(name: str, value: str, attributes: CookieAttributes) -> bytes | None:
    """Return the line of a cookie that aiohttp's `set_cookie` makes, behind a line break.

    Args:
        name: Its name.
        value: Its value.
        attributes: The rest.

    Returns:
        The line; None where it has to be made to be seen, since it is refused, is quoted, or tells the time.
    """
    if type(value) is not str or _is_bare(value) is None:
        return None
    try:
        start, end = _around(name, *attributes)
    except (_NotKnownError, CookieError, TypeError):
        return None
    return b"%b%b%b" % (start, value.encode("ascii"), end)


class _NotKnownError(Exception):
    """The texts of a cookie are not among those that may be kept."""


_is_bare = re.compile(r"[A-Za-z0-9!#$%&'*+\-.^_`|~:]+").fullmatch
"""Return whether a value stands in a cookie as it is, without quotes."""


@functools.lru_cache(maxsize=256, typed=True)  # since 1 is written otherwise than True
def _around(name: str, *attributes: *CookieAttributes) -> tuple[bytes, bytes]:
    """Return what is written of a cookie before its value, and behind it."""
    told = by_name(attributes)
    if isinstance(told["expires"], int):  # a number of seconds from now on
        raise _NotKnownError
    answer = web.Response()
    answer.set_cookie(name, "a", **told)
    text = answer.cookies[name].OutputString()
    start = f"{name}=a"
    if len(text) > _LONGEST or not text.startswith(start):
        raise _NotKnownError
    lines = written_cookies(answer.cookies)
    if lines is None:
        raise _NotKnownError
    before = f"{_START}{name}=".encode()
    return before, lines[len(before) + 1 :]


def written_cookies(cookies: SimpleCookie) -> bytes | None:
    """Return the lines of cookies, each behind a line break; None where they hold what no header can."""
    try:
        lines = "".join([_START + _text(cookie) for cookie in cookies.values()]).encode()
    except UnicodeEncodeError:
        return None
    return lines if is_clean(lines, len(cookies)) else None


def _text(cookie: Morsel[str]) -> str:
    """Return what `OutputString` does."""
    if type(cookie) is not Morsel:
        return cookie.OutputString()
    attributes = (*cookie.items(), *map(type, cookie.values()))  # what is equal may be written otherwise
    try:
        rest = _KNOWN.get(attributes)
    except TypeError:  # one of them is no text
        return cookie.OutputString()
    return _remembered(cookie, attributes) if rest is None else f"{cookie.key}={cookie.coded_value}{rest}"


def _remembered(cookie: Morsel[str], attributes: tuple[object, ...]) -> str:
    text = cookie.OutputString()
    # A number may be a time from now on, and may equal one that is written otherwise.
    if all(type(value) is str or (value is True and name in _FLAGS) for name, value in cookie.items()):
        if len(_KNOWN) >= _MOST:
            _KNOWN.clear()
        if len(text) <= _LONGEST:
            _KNOWN[attributes] = text[len(f"{cookie.key}={cookie.coded_value}") :]
    return text


_FLAGS = frozenset({"httponly", "partitioned", "secure"})
"""What any value but an empty one switches on."""

_KNOWN: dict[tuple[object, ...], str] = {}
_MOST = 256
_LONGEST = 2048
