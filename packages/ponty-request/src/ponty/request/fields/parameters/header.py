"""`Header`: a header of the request; `ContentLength` and `ContentType` are two of them."""

import re
from typing import Any, Generic, Literal, TypeVar, overload

from aiohttp import hdrs, web
from multidict import istr

from ponty.request.fields.base import Description, Field
from ponty.request.fields.outgoing import Outgoing
from ponty.request.fields.parameters.text_parameter import ABSENT, TextParameter
from ponty.request.fields.parameters.utf8 import require_utf8

_T_co = TypeVar("_T_co", covariant=True)
_X = TypeVar("_X")
_S_co = TypeVar("_S_co", bound=str | None, covariant=True)

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")


class Header(Field[_T_co], Generic[_T_co]):
    """A header, read as a value of a type. Several lines are read as their values joined by `", "` (RFC 9110 §5.2).

    ::

        class Private(Request):
            agent = Header(key="User-Agent", default="unknown")
            token = Header(key="X-Token", required=True)
            attempt = Header(int, key="X-Attempt", default=1)

    Args:
        of: The type of the value, a scalar; with it, give `required=True` or a `default`. Without it, the value is a
            str, and the default is an empty one.
        key: The name of the header, in upper or lower case.
        required: Whether a request without the header is refused.
        default: The value if the header is missing.

    Raises:
        ValueError: `key` cannot be the name of a header (RFC 9110 §5.1); the default is not within the bounds of the
            type; or, with a type, both `required=True` and a default are given, or neither.
        TypeError: The type is no scalar, or the default is not of the type.
    """

    @overload
    def __init__(self: "Header[_X]", of: type[_X], *, key: str, required: Literal[True]) -> None: ...
    @overload
    def __init__(
        self: "Header[_X]", of: type[_X], *, key: str, required: Literal[False] = False, default: _X
    ) -> None: ...
    @overload
    def __init__(self, of: object, *, key: str, required: Literal[True]) -> None: ...
    @overload
    def __init__(self, of: object, *, key: str, required: Literal[False] = False, default: _T_co) -> None: ...
    @overload
    def __init__(self: "Header[str]", *, key: str, required: bool = False, default: str = "") -> None: ...
    @overload
    def __init__(self: "Header[str | None]", *, key: str, required: bool = False, default: None) -> None: ...
    def __init__(self, of: Any = ABSENT, *, key: str, required: bool = False, default: Any = ABSENT) -> None:
        if not _TOKEN.fullmatch(key):
            raise ValueError(f"{type(self).__name__}: {key!r} cannot be the name of a header")
        self._key = istr(key)
        self._parameter = parameter = TextParameter.make(type(self).__name__, of, required=required, default=default)
        self._type = parameter.type
        self._read = parameter.read

    def extract(self, request: web.Request) -> _T_co:
        """Read the header.

        Raises:
            InvalidField: The header is missing though required, or not UTF-8, or not of its type.
        """
        lines = request.headers.getall(self._key, ())
        if not lines:
            return self._parameter.absent()  # type: ignore[no-any-return]
        text = require_utf8(", ".join(lines))
        return text if self._read is None else self._parameter.value(text)  # type: ignore[return-value]

    def insert(self, value: Any, into: Outgoing) -> None:
        """Write the header. None is left out, if it is the default.

        Raises:
            InvalidField: No header reads as this value, or a header cannot hold it.
        """
        if (text := self._parameter.text(value)) is not None:
            into.set_header(str(self._key), text)

    def absent(self) -> Any:
        """Return the default.

        Raises:
            LookupError: The header is required.
        """
        return self._parameter.default_value()

    def describe(self) -> Description:
        """Describe the header."""
        parameter = self._parameter
        return Description("header", str(self._key), required=parameter.required, schema=parameter.schema)


class ContentLength(Header[_S_co], Generic[_S_co]):
    """The Content-Length header, as a str; see `Header`."""

    @overload
    def __init__(self: "ContentLength[str]", *, required: bool = False, default: str = "") -> None: ...
    @overload
    def __init__(self: "ContentLength[str | None]", *, required: bool = False, default: None) -> None: ...
    def __init__(self, *, required: bool = False, default: Any = "") -> None:
        super().__init__(key=hdrs.CONTENT_LENGTH, required=required, default=default)

    def absent(self) -> Any:
        """Return the default, or an empty text: the HTTP client counts the bytes of a body itself."""
        return self._parameter.default or ""


class ContentType(Header[_S_co], Generic[_S_co]):
    """The Content-Type header with its parameters, as a str; see `Header`."""

    @overload
    def __init__(self: "ContentType[str]", *, required: bool = False, default: str = "") -> None: ...
    @overload
    def __init__(self: "ContentType[str | None]", *, required: bool = False, default: None) -> None: ...
    def __init__(self, *, required: bool = False, default: Any = "") -> None:
        super().__init__(key=hdrs.CONTENT_TYPE, required=required, default=default)
