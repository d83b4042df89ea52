"""`BearerToken`: the guard that reads a bearer token."""

import re
from typing import Any, ClassVar, Generic, Literal, TypeVar, overload

from aiohttp import hdrs, web

from ponty.request.errors import InvalidField
from ponty.request.fields.base import Description, Field
from ponty.request.fields.guards.challenge import (
    authorization,
    authorization_header,
    realm_parameter,
    refuse,
    refuse_if_required,
)
from ponty.request.fields.outgoing import Outgoing

_T_co = TypeVar("_T_co", covariant=True)

_TOKEN = re.compile("[A-Za-z0-9._~+/-]+=*")


class BearerToken(Field[_T_co], Generic[_T_co]):
    """The token of an `Authorization: Bearer …` header (RFC 6750 §2.1); a guard.

    ::

        class Private(Request):
            token = BearerToken()

    A request without a token, or with a malformed one, is a 401. Ponty does not know which tokens are valid: check that
    in the handler, or in a field that uses this one.

    Args:
        required: With True, the default, a request without a token is refused; with False, its value is None. A
            malformed token is a 401 in any case.
        realm: What the token is for. It is part of the challenge.

    Raises:
        ValueError: The realm has other characters than printable ASCII.
    """

    guard: ClassVar[bool] = True

    @overload
    def __init__(self: "BearerToken[str]", *, required: Literal[True] = True, realm: str = "") -> None: ...
    @overload
    def __init__(self: "BearerToken[str | None]", *, required: Literal[False], realm: str = "") -> None: ...
    def __init__(self, *, required: bool = True, realm: str = "") -> None:
        self._required = required
        self._challenge = f"Bearer{realm_parameter(realm)}"
        self._type = str if required else str | None

    def extract(self, request: web.Request) -> _T_co:
        """Read the token.

        Raises:
            InvalidField: The token is missing though required, or malformed: a 401.
        """
        text = authorization(request, "bearer", self._challenge)
        if text is None:
            return refuse_if_required(self._required, self._challenge)  # type: ignore[return-value, func-returns-value]
        if not _TOKEN.fullmatch(text):
            comma = "," if "=" in self._challenge else ""
            refuse("must be a bearer token", "malformed", f'{self._challenge}{comma} error="invalid_token"')
        return text  # type: ignore[return-value]

    def insert(self, value: Any, into: Outgoing) -> None:
        """Write the header. None is left out, if a token is not required.

        Raises:
            InvalidField: The value is no token.
        """
        if value is None and not self._required:
            return
        if not isinstance(value, str) or not _TOKEN.fullmatch(value):
            raise InvalidField("must be a bearer token (RFC 6750 §2.1)", code="malformed")
        into.set_header(hdrs.AUTHORIZATION, f"Bearer {value}")

    def absent(self) -> Any:
        """Return None.

        Raises:
            LookupError: It is required.
        """
        if self._required:
            raise LookupError(self.name)
        return None

    def describe(self) -> Description:
        """Describe the header."""
        return authorization_header(self._required, {"type": "http", "scheme": "bearer"})
