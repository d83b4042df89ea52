"""The idempotency key of a request, whose it is, and what else tells that two requests are one.

The header is a string of structured fields (RFC 9651 §3.3.3), as the draft of the IETF has it: `"8e03978e-…"`. Most
clients send the same without quotes, which is taken for the same key.
"""

import hashlib
import re
from collections.abc import Awaitable, Callable, Iterable

from aiohttp import web

from ponty.core.errors.exceptions import ValidationError
from ponty.core.errors.faults import Fault

HEADER = "Idempotency-Key"
LONGEST = 255
"""How many characters a key may have."""

Scope = Callable[[web.Request], str | Awaitable[str]]
"""Names the caller of a request."""

_QUOTED = re.compile(r'"((?:[ !#-\[\]-~]|\\["\\])*)"(?: *;[ -~]*)?')
_BARE = re.compile(r"[!#-~]+")
_ESCAPED = re.compile(r'\\(["\\])')


def key_of(request: web.Request) -> str | None:
    """Return the key of a request; None where it has none.

    Raises:
        ValidationError: It is no key.
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
    """Return what a request is refused with that has to have a key."""
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
    """Return what a request says of who sends it: `Authorization`, and what the guards of its handler look at.

    Args:
        request: The request.
        told: Location and name of what they look at.
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
    """Return digests of the cookies of a request, any of which may say who sends it."""
    cookies = request.cookies.items()
    return {name: _digest(key.encode(), value.encode(errors="surrogatepass")) for name, value in cookies}


def name_in_store(scope: str, key: str) -> str:
    """Return the name under which a store has the key of a caller.

    It is one digest of both, so that a store says nothing of the caller's credentials to who cannot guess the key.
    """
    return _digest(scope.encode(errors="surrogatepass"), key.encode()).hex()


def fingerprint_of(request: web.Request, body: bytes) -> bytes:
    """Return a digest of what is asked: method, path with its query, media type and body."""
    media_type = request.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    asked = f"{request.method} {request.raw_path} {media_type}"
    return _digest(asked.encode(errors="surrogateescape"), body)


def digest_of(text: str | bytes) -> bytes:
    """Return the digest of a fingerprint of the program's own."""
    return _digest(text.encode(errors="surrogatepass") if isinstance(text, str) else text)


def _digest(*parts: bytes) -> bytes:
    digest = hashlib.sha256()
    for part in parts:
        digest.update(b"%d:%b" % (len(part), part))
    return digest.digest()
