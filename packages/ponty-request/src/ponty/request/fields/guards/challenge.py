"""Guards refuse with a 401 and a challenge (RFC 9110 §11.6.1), before the body is read."""

import re
from collections.abc import Mapping
from typing import NoReturn

from aiohttp import hdrs, web

from ponty.request.errors import InvalidField
from ponty.request.fields.base import Description

_REALM = re.compile("[\\x20-\\x7e]*")


def authorization(request: web.Request, scheme: str, challenge: str) -> str | None:
    """Return the text behind the scheme in the Authorization header; None if there is no header of that scheme.

    Raises:
        InvalidField: There are several Authorization headers.
    """
    lines = request.headers.getall(hdrs.AUTHORIZATION, ())
    if len(lines) > 1:
        refuse("must be given once", "repeated", challenge)
    given, _, text = lines[0].partition(" ") if lines else ("", "", "")
    return text.strip(" ") if given.lower() == scheme else None


def refuse_if_required(required: bool, challenge: str) -> None:
    """Refuse a request without credentials, if they are required.

    Raises:
        InvalidField: They are required.
    """
    if required:
        refuse("is required", "missing", challenge)


def refuse(detail: str, code: str, challenge: str) -> NoReturn:
    """Refuse a request with a 401.

    Raises:
        InvalidField: Always.
    """
    raise InvalidField(detail, status=401, headers={hdrs.WWW_AUTHENTICATE: challenge}, code=code) from None


def realm_parameter(realm: str) -> str:
    """Return the realm parameter of a challenge, which says what the credentials are for.

    Raises:
        ValueError: The realm has other characters than printable ASCII.
    """
    if not _REALM.fullmatch(realm):
        raise ValueError(f"a realm must be printable ASCII, not {realm!r}")
    quoted = realm.replace("\\", r"\\").replace('"', r"\"")
    return f' realm="{quoted}"' if realm else ""


def authorization_header(required: bool, scheme: Mapping[str, object]) -> Description:
    """Describe the Authorization header, with a security scheme of OpenAPI."""
    return Description(
        "header",
        hdrs.AUTHORIZATION,
        required=required,
        schema={"type": "string"},
        security=scheme,
        refusals=(401,),
    )
