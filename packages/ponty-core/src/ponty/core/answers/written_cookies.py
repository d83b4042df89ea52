"""Cookies as they are written, each a header of its own.

What a cookie says beside its name and value is the same for most of them: where it is sent, for how long, to whom. So
the texts of that are kept, of those seen last.
"""

from http.cookies import Morsel, SimpleCookie

from aiohttp import hdrs

from ponty.core.answers.written_headers import is_clean

_START = f"\r\n{hdrs.SET_COOKIE}: "


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
    attributes = (*cookie.items(),)
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
