"""Keys: the idempotency key of a request, its caller, and its fingerprint, which identify a repetition.

By the draft of the IETF, the header is a string of structured fields (RFC 9651 §3.3.3): `"8e03978e-…"`. Most clients
send it without quotes, which stands for the same key.
"""

import hashlib
import re
from collections.abc import Awaitable, Callable, Iterable

from aiohttp import web

from ponty.core.errors.exceptions import ValidationError
from ponty.core.errors.faults import Fault

HEADER = "Idempotency-Key"
LONGEST = 255
"""The most characters of a key."""

Scope = Callable[[web.Request], str | Awaitable[str]]
"""A function of a request that returns the name of its caller."""

_QUOTED = re.compile(r'"((?:[ !#-\[\]-~]|\\["\\])*)"(?: *;[ -~]*)?')
_BARE = re.compile(r"[!#-~]+")
_ESCAPED = re.compile(r'\\(["\\])')


def key_of(request: web.Request) -> str | None:
    """Return the key of a request; None if it has none.

    Raises:
        ValidationError: The key is not valid.
    """
    values = request.headers.getall(HEADER, ())
    if not values:
        return None
    if len(values) > 1:
        raise _invalid("must be given once", "repeated")
    key = _read(values[0])
    if key is None or not 1 <= len(key) <= LONGEST:
        raise _invalid(f"must be 1 to {LONGEST} printable ASCII characters, in double quotes or without", "invalid")
    return key


def missing() -> ValidationError:
    """Return the error for a request without a required key."""
    return _invalid("is required", "missing")


def _invalid(detail: str, code: str) -> ValidationError:
    return ValidationError(faults=[Fault("header", HEADER, detail, code=code)])


def _read(text: str) -> str | None:
    if len(text) > 4 * LONGEST:
        return None
    if quoted := _QUOTED.fullmatch(text):
        return _ESCAPED.sub(r"\1", quoted[1])
    return text if _BARE.fullmatch(text) else None


def credentials_of(request: web.Request, told: Iterable[tuple[str, str]]) -> str:
    """Return the credentials of a request: `Authorization`, and the values that the guards of its handler read.

    Args:
        request: The request.
        told: The location and name of each value that the guards read.
    """
    parts = [request.headers.getall("Authorization", ())]
    for location, name in told:
        match location:
            case "header":
                parts.append(request.headers.getall(name, ()))
            case "query":
                parts.append(request.query.getall(name, ()))
            case "cookie":
                parts.append([value] if (value := request.cookies.get(name)) is not None else [])
            case _:
                pass
    return repr([list(part) for part in parts])


def cookies_of(request: web.Request, key: str) -> dict[str, bytes]:
    """Return digests of the cookies of a request, any of which may identify its sender."""
    cookies = request.cookies.items()
    return {name: _digest(key.encode(), value.encode(errors="surrogatepass")) for name, value in cookies}


def name_in_store(scope: str, key: str) -> str:
    """Return the name under which a store keeps the key of a caller.

    It is one digest of both, so that a store reveals nothing about the caller's credentials unless the key is known.
    """
    return _digest(scope.encode(errors="surrogatepass"), key.encode()).hex()


def fingerprint_of(request: web.Request, body: bytes) -> bytes:
    """Return a digest of a request: its method, path with query, media type and body."""
    media_type = request.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    asked = f"{request.method} {request.raw_path} {media_type}"
    return _digest(asked.encode(errors="surrogateescape"), body)


def digest_of(text: str | bytes) -> bytes:
    """Return the digest of a fingerprint that a function of the program has returned."""
    return _digest(text.encode(errors="surrogatepass") if isinstance(text, str) else text)


def _digest(*parts: bytes) -> bytes:
    digest = hashlib.sha256()
    for part in parts:
        digest.update(b"%d:%b" % (len(part), part))
    return digest.digest()
