"""The encoding of cookies, each as a separate header.

Most cookies of an application have the same attributes: domain, path, lifetime and flags. So the encoded attributes of
the last ones are cached.
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
"""The arguments of `set_cookie` besides the name and the value."""

_ATTRIBUTES = ("expires", "domain", "max_age", "path", "secure", "httponly", "version", "samesite", "partitioned")


def by_name(attributes: CookieAttributes) -> dict[str, Any]:
    """Return `attributes` by name."""
    return dict(zip(_ATTRIBUTES, attributes, strict=True))


def written_cookie(name: str, value: str, attributes: CookieAttributes) -> bytes | None:
    """Return the line of a cookie as aiohttp's `set_cookie` makes it, after a line break.

    Args:
        name: The name.
        value: The value.
        attributes: The other arguments of `set_cookie`.

    Returns:
        The line; None if aiohttp has to make the cookie, since it is refused, needs quotes, or depends on the time.
    """
    if type(value) is not str or _is_bare(value) is None:
        return None
    try:
        start, end = _around(name, *attributes)
    except (_NotKnownError, CookieError, TypeError):
        return None
    return b"%b%b%b" % (start, value.encode("ascii"), end)


class _NotKnownError(Exception):
    """The encoded attributes of a cookie cannot be cached."""


_is_bare = re.compile(r"[A-Za-z0-9!#$%&'*+\-.^_`|~:]+").fullmatch
"""Match a value that a cookie can have without quotes."""


@functools.lru_cache(maxsize=256, typed=True)  # since 1 and True are encoded differently
def _around(name: str, *attributes: *CookieAttributes) -> tuple[bytes, bytes]:
    """Return the bytes of a cookie before its value, and those after it."""
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
    """Return the lines of cookies, each after a line break; None if one has characters that a header cannot have."""
    try:
        lines = "".join([_START + _text(cookie) for cookie in cookies.values()]).encode()
    except UnicodeEncodeError:
        return None
    return lines if is_clean(lines, len(cookies)) else None


def _text(cookie: Morsel[str]) -> str:
    """Return the same text as `OutputString`."""
    if type(cookie) is not Morsel:
        return cookie.OutputString()
    attributes = (*cookie.items(), *map(type, cookie.values()))  # equal values of two types may differ when encoded
    try:
        rest = _KNOWN.get(attributes)
    except TypeError:  # one of the values has no hash
        return cookie.OutputString()
    return _remembered(cookie, attributes) if rest is None else f"{cookie.key}={cookie.coded_value}{rest}"


def _remembered(cookie: Morsel[str], attributes: tuple[object, ...]) -> str:
    text = cookie.OutputString()
    # A number may be a time from now on, and may equal a value that is encoded differently.
    if all(type(value) is str or (value is True and name in _FLAGS) for name, value in cookie.items()):
        if len(_KNOWN) >= _MOST:
            _KNOWN.clear()
        if len(text) <= _LONGEST:
            _KNOWN[attributes] = text[len(f"{cookie.key}={cookie.coded_value}") :]
    return text


_FLAGS = frozenset({"httponly", "partitioned", "secure"})
"""The attributes that any value but an empty one switches on."""

_KNOWN: dict[tuple[object, ...], str] = {}
_MOST = 256
_LONGEST = 2048
