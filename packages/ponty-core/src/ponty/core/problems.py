"""Problem documents (RFC 9457): what Ponty answers of its own accord when it cannot do what it was asked."""

import functools
from collections.abc import Sequence

import msgspec
from aiohttp import hdrs, web
from aiohttp.typedefs import LooseHeaders

from ponty.core.encoding import encode_json
from ponty.core.errors import Fault, Location, check_status, title
from ponty.core.sendable import PlainResponse, known_headers

PROBLEM_JSON = "application/problem+json"
"""The media type of a problem document (RFC 9457 §6.1)."""

_HEADERS = known_headers({hdrs.CONTENT_TYPE: PROBLEM_JSON})

MAX_FAULTS = 50
"""How many faults of one request its answer lists, at most."""

MAX_PROBLEM_SIZE = 8000
"""How many bytes a problem document has, at most, whatever the request was."""


def problem(
    status: int,
    *,
    detail: str | None = None,
    faults: Sequence[Fault] = (),
    headers: LooseHeaders | None = None,
    reason: str | None = None,
) -> web.Response:
    """Answer with a problem document (RFC 9457).

    Args:
        status: The HTTP status of the answer.
        detail: What went wrong this time, in words.
        faults: What is wrong with the request; the first `MAX_FAULTS` are listed, or as many as fit.
        headers: Further headers of the answer.
        reason: The reason phrase, in place of the registered one.

    Raises:
        ValueError: `status` is outside 200 to 599.
    """
    check_status(status)
    body = problem_body(status, detail, faults)
    if not headers:
        return PlainResponse(status=status, reason=reason, headers=_HEADERS, body=body)
    answer = web.Response(status=status, reason=reason, headers=headers, body=body)
    answer.headers[hdrs.CONTENT_TYPE] = PROBLEM_JSON
    return answer


def problem_body(status: int, detail: str | None = None, faults: Sequence[Fault] = ()) -> bytes:
    """Encode a problem document."""
    if detail is None and not faults:
        return _bare(status)
    document: dict[str, object] = {"type": "about:blank", "title": title(status), "status": status}
    if detail is not None:
        document["detail"] = detail
    if faults:
        errors = _listed(faults)
        if len(errors) < len(faults):
            document.setdefault("detail", f"the first {len(errors)} of at least {len(faults)} errors are listed")
        document["errors"] = errors
    return encode_json(document)


def _listed(faults: Sequence[Fault]) -> list[msgspec.Raw]:
    """Encode the faults that an answer has room for."""
    errors: list[msgspec.Raw] = []
    room = MAX_PROBLEM_SIZE - 500  # for the other members
    for fault in faults[:MAX_FAULTS]:
        pointer = fault.pointer
        if not pointer.isascii():
            # A pointer holds names that a client chose; a program may have decoded them in its own way.
            pointer = pointer.encode(errors="replace").decode()
        error = encode_json(_Error(fault.location, fault.name, pointer, fault.detail))
        room -= len(error) + 1
        if room < 0:
            break
        errors.append(msgspec.Raw(error))
    return errors


class _Error(msgspec.Struct, rename={"location": "in"}, gc=False):
    location: Location
    name: str
    pointer: str
    detail: str


@functools.cache
def _bare(status: int) -> bytes:
    return encode_json({"type": "about:blank", "title": title(status), "status": status})
