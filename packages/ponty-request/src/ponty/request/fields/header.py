"""The fields of a request's headers."""

import re
from typing import Any, Generic, TypeVar, overload

from aiohttp import hdrs, web
from multidict import istr

from ponty.request.errors import InvalidField
from ponty.request.fields.base import Description, Field, require_utf8

_S_co = TypeVar("_S_co", bound=str | None, covariant=True)

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")


class Header(Field[_S_co], Generic[_S_co]):
    """A header, as a str. One that comes in several lines reads as their values joined by `", "` (RFC 9110 §5.2).

    ::

        class Private(Request):
            agent = Header(key="User-Agent", default="unknown")
            token = Header(key="X-Token", required=True)

    Args:
        key: Its name; the case does not matter.
        required: Refuses a request without it.
        default: The value without it.

    Raises:
        ValueError: `key` cannot be the name of a header (RFC 9110 §5.1).
    """

    @overload
    def __init__(self: "Header[str]", *, key: str, required: bool = False, default: str = "") -> None: ...
    @overload
    def __init__(self: "Header[str | None]", *, key: str, required: bool = False, default: None) -> None: ...
    def __init__(self, *, key: str, required: bool = False, default: str | None = "") -> None:
        if not _TOKEN.fullmatch(key):
            raise ValueError(f"{type(self).__name__}: {key!r} cannot be the name of a header")
        self._key = istr(key)
        self._required = required
        self._default = default

    def extract(self, request: web.Request) -> _S_co:
        """Read the header.

        Raises:
            InvalidField: It is missing though required, or not UTF-8.
        """
        lines = request.headers.getall(self._key, ())
        if lines:
            return require_utf8(", ".join(lines))  # type: ignore[return-value]
        if self._required:
            raise InvalidField("is required")
        return self._default  # type: ignore[return-value]

    def describe(self) -> Description:
        """Describe the header."""
        return Description("header", str(self._key), required=self._required, schema={"type": "string"})


class ContentLength(Header[_S_co], Generic[_S_co]):
    """The Content-Length header, as a str; see `Header`."""

    @overload
    def __init__(self: "ContentLength[str]", *, required: bool = False, default: str = "") -> None: ...
    @overload
    def __init__(self: "ContentLength[str | None]", *, required: bool = False, default: None) -> None: ...
    def __init__(self, *, required: bool = False, default: Any = "") -> None:
        super().__init__(key=hdrs.CONTENT_LENGTH, required=required, default=default)


class ContentType(Header[_S_co], Generic[_S_co]):
    """The Content-Type header with its parameters, as a str; see `Header`."""

    @overload
    def __init__(self: "ContentType[str]", *, required: bool = False, default: str = "") -> None: ...
    @overload
    def __init__(self: "ContentType[str | None]", *, required: bool = False, default: None) -> None: ...
    def __init__(self, *, required: bool = False, default: Any = "") -> None:
        super().__init__(key=hdrs.CONTENT_TYPE, required=required, default=default)
