"""No field accepts text that came as bytes other than UTF-8.

aiohttp replaces such bytes by U+FFFD in a query, and leaves them percent-encoded in a path. But a client may have sent
just these characters. So if there are any, the raw bytes are checked again.
"""

from collections.abc import Iterable
from urllib.parse import unquote_plus, unquote_to_bytes

from aiohttp import web

from ponty.request.errors import InvalidField

_REPLACEMENT = "\ufffd"


def require_utf8(text: str) -> str:
    """Refuse text that came as bytes other than UTF-8.

    Raises:
        InvalidField: `text` holds lone surrogates, which stand for such bytes.
    """
    if not text.isascii() and not _is_utf8(text):
        raise _refusal()
    return text


def check_query(request: web.Request, key: str, texts: Iterable[str]) -> None:
    """Check that the values of a query parameter came as UTF-8.

    Args:
        request: The request.
        key: The name of the parameter.
        texts: Its values, as aiohttp reads them.

    Raises:
        InvalidField: One of them did not.
    """
    for text in texts:
        require_utf8(text)
        if _REPLACEMENT in text:
            break
    else:
        return
    for pair in request.rel_url.raw_query_string.split("&"):
        name, _, value = pair.partition("=")
        if unquote_plus(name) == key and not _is_utf8(unquote_to_bytes(value)):
            raise _refusal()


def check_query_names(request: web.Request) -> None:
    """Check that the names of all query parameters came as UTF-8.

    Raises:
        InvalidField: One of them did not.
    """
    for name in request.query:
        if not name.isascii() and (_REPLACEMENT in name or not _is_utf8(name)):
            names = (pair.partition("=")[0] for pair in request.rel_url.raw_query_string.split("&"))
            if not all(_is_utf8(unquote_to_bytes(name)) for name in names):
                raise _refusal()
            return


def check_path(request: web.Request, text: str) -> None:
    """Check that `text`, a part of the path, came as UTF-8.

    Raises:
        InvalidField: The path is not UTF-8.
    """
    require_utf8(text)
    if ("%" in text or _REPLACEMENT in text) and not _is_utf8(unquote_to_bytes(request.rel_url.raw_path)):
        raise _refusal()


def _is_utf8(text: str | bytes) -> bool:
    try:
        text.encode() if isinstance(text, str) else text.decode()
    except UnicodeError:
        return False
    return True


def _refusal() -> InvalidField:
    return InvalidField("is not valid UTF-8", code="encoding")
