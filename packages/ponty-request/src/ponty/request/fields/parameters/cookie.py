"""`Cookie`: a cookie of the request.

The Cookie header is read as RFC 6265 §5.4 writes it: pairs of a name and a value, with semicolons between them. The
value is everything between the first `=` and the next semicolon, including blanks within it. If several cookies have
the same name, the first counts, since it has the most specific path. Several Cookie headers are read as one.
"""

import re
from typing import Any, Generic, Literal, TypeVar, overload

from aiohttp import hdrs, web

from ponty.request.errors import InvalidField, refusal
from ponty.request.fields.base import Description, Field
from ponty.request.fields.outgoing import Outgoing
from ponty.request.fields.parameters.text_parameter import ABSENT, TextParameter
from ponty.request.fields.parameters.utf8 import require_utf8

_T_co = TypeVar("_T_co", covariant=True)
_X = TypeVar("_X")

_ESCAPE = re.compile(r"\\(?:([0-3][0-7][0-7])|(.))", re.DOTALL)


class Cookie(Field[_T_co], Generic[_T_co]):
    """A cookie, read as a value of a type. Of several with the same name, the first counts (RFC 6265 §5.4).

    ::

        class Private(Request):
            session = Cookie(name="session", required=True, errorcode=401)
            visits = Cookie(int, name="visits", default=0)

    Args:
        of: The type of the value, a scalar; with it, give `required=True` or a `default`. Without it, the value is a
            str, and the default is an empty one.
        name: The name of the cookie; unlike in headers, upper and lower case differ.
        required: Whether a request without the cookie is refused.
        default: The value if the cookie is missing.
        errorcode: The status of the refusal, 400 by default; take 401 if the cookie is a session.

    Raises:
        ValueError: `name` is empty; `errorcode` is not the status of an error (400 to 599); the default is not within
            the bounds of the type; or, with a type, both `required=True` and a default are given, or neither.
        TypeError: The type is no scalar, or the default is not of the type.
    """

    @overload
    def __init__(
        self: "Cookie[_X]", of: type[_X], *, name: str, required: Literal[True], errorcode: int = 400
    ) -> None: ...
    @overload
    def __init__(
        self: "Cookie[_X]",
        of: type[_X],
        *,
        name: str,
        required: Literal[False] = False,
        default: _X,
        errorcode: int = 400,
    ) -> None: ...
    @overload
    def __init__(self, of: object, *, name: str, required: Literal[True], errorcode: int = 400) -> None: ...
    @overload
    def __init__(
        self, of: object, *, name: str, required: Literal[False] = False, default: _T_co, errorcode: int = 400
    ) -> None: ...
    @overload
    def __init__(
        self: "Cookie[str]", *, name: str, required: bool = False, default: str = "", errorcode: int = 400
    ) -> None: ...
    @overload
    def __init__(
        self: "Cookie[str | None]", *, name: str, required: bool = False, default: None, errorcode: int = 400
    ) -> None: ...
    def __init__(
        self, of: Any = ABSENT, *, name: str, required: bool = False, default: Any = ABSENT, errorcode: int = 400
    ) -> None:
        if not name:
            raise ValueError("Cookie: the name must not be empty")
        if not 400 <= errorcode <= 599:
            raise ValueError(f"Cookie: errorcode must be from 400 to 599, not {errorcode}")
        self._key = name
        self._parameter = parameter = TextParameter.make("Cookie", of, required=required, default=default)
        self._type = parameter.type
        self._errorcode = errorcode

    def extract(self, request: web.Request) -> _T_co:
        """Read the cookie.

        Raises:
            InvalidField: The cookie is missing though required, or not UTF-8, or not of its type.
        """
        text = read_cookie(request, self._key)
        try:
            if text is None:
                return self._parameter.absent()  # type: ignore[no-any-return]
            return self._parameter.value(require_utf8(text))  # type: ignore[no-any-return]
        except InvalidField as invalid:
            if self._errorcode != 400 and (text is None or self._parameter.read is not None):
                raise refusal(invalid.violations, status=self._errorcode) from None
            raise

    def insert(self, value: Any, into: Outgoing) -> None:
        """Write the cookie. None is left out, if it is the default.

        Raises:
            InvalidField: No cookie reads as this value, or a cookie cannot hold it.
        """
        if (text := self._parameter.text(value)) is not None:
            into.set_cookie(self._key, text)

    def absent(self) -> Any:
        """Return the default.

        Raises:
            LookupError: The cookie is required.
        """
        return self._parameter.default_value()

    def describe(self) -> Description:
        """Describe the cookie."""
        parameter = self._parameter
        refusals = () if self._errorcode == 400 else (400, self._errorcode)
        return Description("cookie", self._key, required=parameter.required, schema=parameter.schema, refusals=refusals)


def read_cookie(request: web.Request, name: str) -> str | None:
    """Return the value of the first cookie with this name; None if there is none."""
    for line in request.headers.getall(hdrs.COOKIE, ()):
        if name not in line:
            continue
        for pair in line.split(";"):
            key, equals, value = pair.partition("=")
            if equals and key.strip(" \t") == name:
                return _unquoted(value.strip(" \t"))
    return None


def _unquoted(value: str) -> str:
    """Undo the quoting that `http.cookies` uses for characters that a cookie may not have."""
    if len(value) < 2 or not value.startswith('"') or not value.endswith('"'):
        return value
    return _ESCAPE.sub(lambda match: chr(int(match[1], 8)) if match[1] else match[2], value[1:-1])
