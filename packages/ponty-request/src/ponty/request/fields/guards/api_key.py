"""`ApiKey`: the guard that reads a key from a header, a query parameter or a cookie."""

import re
from typing import Any, ClassVar, Generic, Literal, TypeVar, overload

from aiohttp import web

from ponty.core import Location
from ponty.request.errors import InvalidField
from ponty.request.fields.base import Description, Field
from ponty.request.fields.guards.challenge import refuse, refuse_if_required
from ponty.request.fields.outgoing import Outgoing
from ponty.request.fields.parameters.cookie import read_cookie
from ponty.request.fields.parameters.utf8 import check_query, require_utf8

_T_co = TypeVar("_T_co", covariant=True)


class ApiKey(Field[_T_co], Generic[_T_co]):
    """A key in a header, a query parameter or a cookie; a guard.

    ::

        class Private(Request):
            key = ApiKey(header="X-Api-Key")

    A request without a key is a 401, and so is one that has it twice, or in bytes that are not UTF-8. Ponty does not
    know which keys are valid: check that yourself, and compare keys in constant time, with `secrets.compare_digest`. A
    key in a query shows up in logs.

    Args:
        header: The name of the header with the key.
        query: The name of the query parameter with the key.
        cookie: The name of the cookie with the key. Give exactly one of the three.
        required: With True, the default, a request without a key is refused; with False, its value is None.

    Raises:
        ValueError: None of the three is given, or several, or a name is not a token (RFC 9110 §5.6.2).
    """

    guard: ClassVar[bool] = True

    @overload
    def __init__(
        self: "ApiKey[str]", *, header: str = "", query: str = "", cookie: str = "", required: Literal[True] = True
    ) -> None: ...
    @overload
    def __init__(
        self: "ApiKey[str | None]", *, header: str = "", query: str = "", cookie: str = "", required: Literal[False]
    ) -> None: ...
    def __init__(self, *, header: str = "", query: str = "", cookie: str = "", required: bool = True) -> None:
        places: list[tuple[Location, str]] = [("header", header), ("query", query), ("cookie", cookie)]
        given: list[tuple[Location, str]] = [place for place in places if place[1]]
        if len(given) != 1:
            raise ValueError("ApiKey: give one of header=, query= and cookie=")
        self._location: Location
        self._location, self._key = given[0]
        if not re.fullmatch(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+", self._key):
            raise ValueError(f"ApiKey: {self._key!r} cannot be the name of a {self._location}")
        self._required = required
        self._challenge = f'ApiKey in="{self._location}", name="{self._key}"'
        self._type = str if required else str | None

    def extract(self, request: web.Request) -> _T_co:
        """Read the key.

        Raises:
            InvalidField: The key is missing though required, given twice, or not UTF-8: a 401.
        """
        try:
            texts = self._texts(request)
            for text in texts:
                require_utf8(text)
        except InvalidField as invalid:
            refuse(invalid.detail, invalid.violations[0].code, self._challenge)
        if len(texts) > 1:
            refuse("must be given once", "repeated", self._challenge)
        if not texts or not texts[0]:
            return refuse_if_required(self._required, self._challenge)  # type: ignore[return-value, func-returns-value]
        return texts[0]  # type: ignore[return-value]

    def _texts(self, request: web.Request) -> list[str]:
        match self._location:
            case "header":
                return request.headers.getall(self._key, [])
            case "query":
                texts = request.query.getall(self._key, [])
                check_query(request, self._key, texts)
                return texts
            case _:
                text = read_cookie(request, self._key)
                return [] if text is None else [text]

    def insert(self, value: Any, into: Outgoing) -> None:
        """Write the key in its place. None is left out, if the key is not required.

        Raises:
            InvalidField: The value is no key, or cannot stand in that place.
        """
        if value is None and not self._required:
            return
        if not isinstance(value, str) or not value:
            raise InvalidField("must be a str that is not empty")
        match self._location:
            case "header":
                into.set_header(self._key, value)
            case "query":
                into.set_query(self._key, [value])
            case _:
                into.set_cookie(self._key, value)

    def absent(self) -> Any:
        """Return None.

        Raises:
            LookupError: It is required.
        """
        if self._required:
            raise LookupError(self.name)
        return None

    def describe(self) -> Description:
        """Describe the place of the key."""
        scheme = {"type": "apiKey", "in": self._location, "name": self._key}
        return Description(
            self._location,
            self._key,
            required=self._required,
            schema={"type": "string"},
            security=scheme,
            refusals=(401,),
        )
