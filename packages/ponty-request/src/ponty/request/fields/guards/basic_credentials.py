"""`BasicCredentials`: the guard that reads a name and a password."""

import base64
import re
from dataclasses import dataclass, field
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

_CONTROLS = re.compile("[\\x00-\\x1f\\x7f]")


@dataclass(frozen=True, slots=True)
class Credentials:
    """A name and a password, the value of `BasicCredentials`.

    Args:
        username: The name.
        password: The password; the repr does not show it. Compare it in constant time, with `secrets.compare_digest`.
    """

    username: str
    password: str = field(repr=False)


class BasicCredentials(Field[_T_co], Generic[_T_co]):
    """The name and password of an `Authorization: Basic …` header (RFC 7617), in UTF-8; a guard.

    ::

        class Admin(Request):
            credentials = BasicCredentials(realm="admin")

    A request without credentials, or with malformed ones, is a 401. Ponty does not know which credentials are valid:
    check that yourself.

    Args:
        required: With True, the default, a request without credentials is refused; with False, its value is None.
            Malformed credentials are a 401 in any case.
        realm: What the credentials are for. It is part of the challenge; browsers show it when they ask for a password.

    Raises:
        ValueError: The realm has other characters than printable ASCII.
    """

    guard: ClassVar[bool] = True

    @overload
    def __init__(
        self: "BasicCredentials[Credentials]", *, required: Literal[True] = True, realm: str = ...
    ) -> None: ...
    @overload
    def __init__(
        self: "BasicCredentials[Credentials | None]", *, required: Literal[False], realm: str = ...
    ) -> None: ...
    def __init__(self, *, required: bool = True, realm: str = "api") -> None:
        self._required = required
        self._challenge = f'Basic{realm_parameter(realm)}, charset="UTF-8"'
        self._type = Credentials if required else Credentials | None

    def extract(self, request: web.Request) -> _T_co:
        """Read the credentials.

        Raises:
            InvalidField: The credentials are missing though required, or malformed: a 401.
        """
        text = authorization(request, "basic", self._challenge)
        if text is None:
            return refuse_if_required(self._required, self._challenge)  # type: ignore[return-value, func-returns-value]
        try:
            decoded = base64.b64decode(text, validate=True).decode()
        except ValueError:
            decoded = ""
        username, colon, password = decoded.partition(":")
        if not colon or _CONTROLS.search(decoded):
            refuse("must be a name and a password, as RFC 7617 writes them", "malformed", self._challenge)
        return Credentials(username, password)  # type: ignore[return-value]

    def insert(self, value: Any, into: Outgoing) -> None:
        """Write the header. None is left out, if credentials are not required.

        Raises:
            InvalidField: The value is no `Credentials`, or has characters that RFC 7617 §2 forbids.
        """
        if value is None and not self._required:
            return
        if not isinstance(value, Credentials):
            raise InvalidField("must be Credentials, as Credentials(username, password)")
        text = f"{value.username}:{value.password}"
        if ":" in value.username or _CONTROLS.search(text):
            raise InvalidField("must have no control characters, and no colon in its username", code="malformed")
        try:
            encoded = base64.b64encode(text.encode()).decode()
        except UnicodeEncodeError:
            raise InvalidField("must be texts that UTF-8 can hold, without lone surrogates") from None
        into.set_header(hdrs.AUTHORIZATION, f"Basic {encoded}")

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
        return authorization_header(self._required, {"type": "http", "scheme": "basic"})
