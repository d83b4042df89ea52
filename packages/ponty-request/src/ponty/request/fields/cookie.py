"""The field of a request's cookie."""

from typing import Generic, TypeVar, overload

from aiohttp import web

from ponty.request.errors import InvalidField
from ponty.request.fields.base import Description, Field, require_utf8

_S_co = TypeVar("_S_co", bound=str | None, covariant=True)


class Cookie(Field[_S_co], Generic[_S_co]):
    """A cookie, as a str.

    ::

        class Private(Request):
            session = Cookie(name="session", required=True, errorcode=401)

    Args:
        name: Its name; unlike a header's, the case matters.
        required: Refuses a request without it.
        default: The value without it.
        errorcode: The status that refuses a request, say 401 where the cookie is a session.

    Raises:
        ValueError: `name` is empty, or `errorcode` is no status of an error (400 to 599).
    """

    @overload
    def __init__(
        self: "Cookie[str]", *, name: str, required: bool = False, default: str = "", errorcode: int = 400
    ) -> None: ...
    @overload
    def __init__(
        self: "Cookie[str | None]", *, name: str, required: bool = False, default: None, errorcode: int = 400
    ) -> None: ...
    def __init__(self, *, name: str, required: bool = False, default: str | None = "", errorcode: int = 400) -> None:
        if not name:
            raise ValueError("Cookie: a cookie has a name")
        if not 400 <= errorcode <= 599:
            raise ValueError(f"Cookie: errorcode is from 400 to 599, not {errorcode}")
        self._key = name
        self._required = required
        self._default = default
        self._errorcode = errorcode

    def extract(self, request: web.Request) -> _S_co:
        """Read the cookie.

        Raises:
            InvalidField: It is missing though required, or not UTF-8.
        """
        value = request.cookies.get(self._key)
        if value is not None:
            return require_utf8(value)  # type: ignore[return-value]
        if self._required:
            raise InvalidField("is required", status=self._errorcode)
        return self._default  # type: ignore[return-value]

    def describe(self) -> Description:
        """Describe the cookie."""
        return Description("cookie", self._key, required=self._required, schema={"type": "string"})
