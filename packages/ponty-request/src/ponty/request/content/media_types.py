"""Media types (RFC 9110 §8.3.1), parsed and compared whole."""

import functools
import re

# Possessive throughout, so that no text takes more than one pass.
_NAME = r"[!#$%&'*+.^_`|~0-9A-Za-z-]++"
_QUOTED = r'"(?:[^"\\]|\\.)*+"'
_MEDIA_TYPE = re.compile(rf"[ \t]*+({_NAME}/{_NAME})[ \t]*+(?:;.*)?", re.DOTALL)
_PARAMETER = re.compile(rf"[ \t]*+;[ \t]*+(?:({_NAME})=({_NAME}|{_QUOTED}))?")
_PARAMETERS = re.compile(rf"(?:[ \t]*+;[ \t]*+(?:{_NAME}=(?:{_NAME}|{_QUOTED}))?)*+[ \t]*+")
_CHARSET = re.compile(r"""charset[ \t]*+=[ \t]*+["']?([^\s;,"']*)""", re.IGNORECASE)


@functools.lru_cache(maxsize=256)
def essence(content_type: str) -> str | None:
    """Give the `type/subtype` of a Content-Type in lower case, without its parameters; None if it is malformed."""
    match = _MEDIA_TYPE.fullmatch(content_type)
    return match[1].lower() if match else None


@functools.lru_cache(maxsize=256)
def is_json(content_type: str) -> bool:
    """Return whether a Content-Type is that of JSON: `application/json`, or one that ends in `+json` (RFC 6839)."""
    media_type = essence(content_type)
    return media_type is not None and (media_type == "application/json" or media_type.endswith("+json"))


@functools.lru_cache(maxsize=256)
def charset(content_type: str) -> str | None:
    """Give the charset that a Content-Type names, in lower case; None if it names none.

    Of a malformed one, give what looks like a charset: its sender meant one, and a guess would read another text.
    """
    parameters = content_type[content_type.find(";") :] if ";" in content_type else ""
    if essence(content_type) is None or not _PARAMETERS.fullmatch(parameters):
        match = _CHARSET.search(content_type)
        return match[1].lower() if match else None
    for name, value in _PARAMETER.findall(parameters):
        if name.lower() == "charset":
            text = re.sub(r"\\(.)", r"\1", value[1:-1]) if value.startswith('"') else value
            return str(text).lower()
    return None
