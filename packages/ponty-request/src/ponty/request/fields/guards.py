"""Guards: the fields that say who a client is. Without an answer to that, it is told nothing else.

What they refuse is a 401 with a challenge (RFC 9110 §11.6.1), sent before the body is read.
"""

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Generic, Literal, NoReturn, TypeVar, overload

from aiohttp import hdrs, web

from ponty.core import Location
from ponty.request.errors import InvalidField
from ponty.request.fields.base import Description, Field
from ponty.request.fields.cookie import read_cookie
from ponty.request.fields.utf8 import check_query, require_utf8
from ponty.request.outgoing import Outgoing

_T_co = TypeVar("_T_co", covariant=True)

_TOKEN = re.compile("[A-Za-z0-9._~+/-]+=*")
_CONTROLS = re.compile("[\\x00-\\x1f\\x7f]")
_REALM = re.compile("[\\x20-\\x7e]*")


@dataclass(frozen=True, slots=True)
class Credentials:
    """A name and a password, as `BasicCredentials` gives them.

    Args:
        username: The name.
        password: The password, which is not shown where the credentials are printed. Compare it in constant time, by
            `secrets.compare_digest`.
    """

    username: str
    password: str = field(repr=False)


class BearerToken(Field[_T_co], Generic[_T_co]):
    """The token of an `Authorization: Bearer …` header (RFC 6750 §2.1); a guard.

    ::

        class Private(Request):
            token = BearerToken()

    A request without it, or with one of another form, is a 401. Whether the token is a good one is for you to find
    out: in the handler, or in a field that uses this one.

    Args:
        required: With False, a request without a token is let in, and the value is None. One of a wrong form is a 401
            all the same.
        realm: What the token is for, told in the challenge.

    Raises:
        ValueError: The realm holds something else than printable ASCII.
    """

    guard: ClassVar[bool] = True

    @overload
    def __init__(self: "BearerToken[str]", *, required: Literal[True] = True, realm: str = "") -> None: ...
    @overload
    def __init__(self: "BearerToken[str | None]", *, required: Literal[False], realm: str = "") -> None: ...
    def __init__(self, *, required: bool = True, realm: str = "") -> None:
        self._required = required
        self._challenge = f"Bearer{_parameter(realm)}"
        self._type = str if required else str | None

    def extract(self, request: web.Request) -> _T_co:
        """Read the token.

        Raises:
            InvalidField: It is missing though required, or not of the form of one: a 401.
        """
        text = _authorization(request, "bearer", self._challenge)
        if text is None:
            return _absent(self._required, self._challenge)  # type: ignore[return-value, func-returns-value]
        if not _TOKEN.fullmatch(text):
            comma = "," if "=" in self._challenge else ""
            _refuse("must be a bearer token", "malformed", f'{self._challenge}{comma} error="invalid_token"')
        return text  # type: ignore[return-value]

    def insert(self, value: Any, into: Outgoing) -> None:
        """Write the header; None by leaving it out, where it is not required.

        Raises:
            InvalidField: It is no token.
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
        return _authorization_header(self._required, {"type": "http", "scheme": "bearer"})


class BasicCredentials(Field[_T_co], Generic[_T_co]):
    """The name and password of an `Authorization: Basic …` header (RFC 7617), in UTF-8; a guard.

    ::

        class Admin(Request):
            credentials = BasicCredentials(realm="admin")

    A request without them, or with some of another form, is a 401. Whether they are good ones is for you to find out.

    Args:
        required: With False, a request without them is let in, and the value is None. Some of a wrong form are a 401
            all the same.
        realm: What they are for, told in the challenge; browsers show it to who is to type them.

    Raises:
        ValueError: The realm holds something else than printable ASCII.
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
        self._challenge = f'Basic{_parameter(realm)}, charset="UTF-8"'
        self._type = Credentials if required else Credentials | None

    def extract(self, request: web.Request) -> _T_co:
        """Read the credentials.

        Raises:
            InvalidField: They are missing though required, or not of the form of some: a 401.
        """
        text = _authorization(request, "basic", self._challenge)
        if text is None:
            return _absent(self._required, self._challenge)  # type: ignore[return-value, func-returns-value]
        try:
            decoded = base64.b64decode(text, validate=True).decode()
        except ValueError:
            decoded = ""
        username, colon, password = decoded.partition(":")
        if not colon or _CONTROLS.search(decoded):
            _refuse("must be a name and a password, as RFC 7617 writes them", "malformed", self._challenge)
        return Credentials(username, password)  # type: ignore[return-value]

    def insert(self, value: Any, into: Outgoing) -> None:
        """Write the header; None by leaving it out, where they are not required.

        Raises:
            InvalidField: They are no credentials, or have what RFC 7617 §2 forbids.
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
        return _authorization_header(self._required, {"type": "http", "scheme": "basic"})


class ApiKey(Field[_T_co], Generic[_T_co]):
    """A key in a header, a query parameter or a cookie; a guard.

    ::

        class Private(Request):
            key = ApiKey(header="X-Api-Key")

    A request without it is a 401, and so is one that has it twice, or in bytes that are not UTF-8. Whether the key is a
    good one is for you to find out; compare it in constant time, by `secrets.compare_digest`. A key in a query shows up
    in logs.

    Args:
        header: The name of the header that has it.
        query: The name of the query parameter that has it.
        cookie: The name of the cookie that has it. Exactly one of the three is given.
        required: With False, a request without a key is let in, and the value is None.

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
            raise ValueError("ApiKey: give header=, query= or cookie=, and one of them alone")
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
            InvalidField: It is missing though required, given twice, or not UTF-8: a 401.
        """
        try:
            texts = self._texts(request)
            for text in texts:
                require_utf8(text)
        except InvalidField as invalid:
            _refuse(invalid.detail, invalid.violations[0].code, self._challenge)
        if len(texts) > 1:
            _refuse("must be given once", "repeated", self._challenge)
        if not texts or not texts[0]:
            return _absent(self._required, self._challenge)  # type: ignore[return-value, func-returns-value]
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
        """Write the key in its place; None by leaving it out, where it is not required.

        Raises:
            InvalidField: It is no key, or one that cannot stand there.
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


def _authorization(request: web.Request, scheme: str, challenge: str) -> str | None:
    """Return what an Authorization header says in a scheme; None if there is none of that scheme.

    Raises:
        InvalidField: There are several headers.
    """
    lines = request.headers.getall(hdrs.AUTHORIZATION, ())
    if len(lines) > 1:
        _refuse("must be given once", "repeated", challenge)
    given, _, text = lines[0].partition(" ") if lines else ("", "", "")
    return text.strip(" ") if given.lower() == scheme else None


def _absent(required: bool, challenge: str) -> None:
    if required:
        _refuse("is required", "missing", challenge)


def _refuse(detail: str, code: str, challenge: str) -> NoReturn:
    raise InvalidField(detail, status=401, headers={hdrs.WWW_AUTHENTICATE: challenge}, code=code) from None


def _parameter(realm: str) -> str:
    if not _REALM.fullmatch(realm):
        raise ValueError(f"a realm is printable ASCII, not {realm!r}")
    quoted = realm.replace("\\", r"\\").replace('"', r"\"")
    return f' realm="{quoted}"' if realm else ""


def _authorization_header(required: bool, scheme: Mapping[str, object]) -> Description:
    return Description(
        "header",
        hdrs.AUTHORIZATION,
        required=required,
        schema={"type": "string"},
        security=scheme,
        refusals=(401,),
    )
