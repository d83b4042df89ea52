"""Media types (RFC 9110 §8.3.1), parsed and compared whole."""

import functools
import re
from collections.abc import Callable
from typing import TypeVar

_T = TypeVar("_T")

# Possessive throughout, so that no text takes more than one pass.
_NAME = r"[!#$%&'*+.^_`|~0-9A-Za-z-]++"
_QUOTED = r'"(?:[^"\\]|\\.)*+"'
_MEDIA_TYPE = re.compile(rf"[ \t]*+({_NAME}/{_NAME})[ \t]*+(?:;.*)?", re.DOTALL)
_PARAMETER = re.compile(rf"[ \t]*+;[ \t]*+(?:({_NAME})=({_NAME}|{_QUOTED}))?")
_PARAMETERS = re.compile(rf"(?:[ \t]*+;[ \t]*+(?:{_NAME}=(?:{_NAME}|{_QUOTED}))?)*+[ \t]*+")
_BOUNDARY = re.compile(r"[0-9A-Za-z'()+_,./:=? -]{0,69}[0-9A-Za-z'()+_,./:=?-]")
_CHARSET = re.compile(r"""charset[ \t]*+=[ \t]*+["']?([^\s;,"']*)""", re.IGNORECASE)


_LONGEST_KEPT = 256


def _kept(read: Callable[[str], _T]) -> Callable[[str], _T]:
    """Cache the results for short texts only: clients may send any number of different long ones."""
    known = functools.lru_cache(maxsize=256)(read)

    @functools.wraps(read)
    def kept(content_type: str) -> _T:
        return known(content_type) if len(content_type) <= _LONGEST_KEPT else read(content_type)

    return kept


@_kept
def essence(content_type: str) -> str | None:
    """Return the `type/subtype` of a Content-Type in lower case, without its parameters; None if it is malformed."""
    match = _MEDIA_TYPE.fullmatch(content_type)
    return match[1].lower() if match else None


@_kept
def is_json(content_type: str) -> bool:
    """Return whether a Content-Type is that of JSON: `application/json`, or one that ends in `+json` (RFC 6839)."""
    media_type = essence(content_type)
    return media_type is not None and (media_type == "application/json" or media_type.endswith("+json"))


@_kept
def charset(content_type: str) -> str | None:
    """Return the charset that a Content-Type names, in lower case; None if it names none.

    For a malformed Content-Type, return what looks like a charset: the sender meant one, and with a guess, the text
    would be read wrongly.
    """
    parameters = _parameters(content_type)
    if parameters is None:
        match = _CHARSET.search(content_type)
        return match[1].lower() if match else None
    label = parameters.get("charset")
    return None if label is None else label.lower()


@_kept
def boundary(content_type: str) -> str | None:
    """Return the boundary that a Content-Type names (RFC 2046 §5.1.1); None if it names none that is valid."""
    text = (_parameters(content_type) or {}).get("boundary", "")
    return text if _BOUNDARY.fullmatch(text) else None


def _parameters(content_type: str) -> dict[str, str] | None:
    """Return the parameters by their names in lower case, the first of each name; None if they are malformed."""
    text = content_type[content_type.find(";") :] if ";" in content_type else ""
    if essence(content_type) is None or not _PARAMETERS.fullmatch(text):
        return None
    parameters: dict[str, str] = {}
    for name, value in _PARAMETER.findall(text):
        plain = re.sub(r"\\(.)", r"\1", value[1:-1]) if value.startswith('"') else value
        parameters.setdefault(name.lower(), plain)
    return parameters
