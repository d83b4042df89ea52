"""Problem documents (RFC 9457): what Ponty answers of its own accord when it cannot do what it was asked."""

import functools
from collections.abc import Sequence

import msgspec
from aiohttp import hdrs, web
from aiohttp.typedefs import LooseHeaders

from ponty.core.answers.encoding import encode_json
from ponty.core.answers.errors import Fault, Location, check_status, title
from ponty.core.answers.fast_response import PlainResponse, head

PROBLEM_JSON = "application/problem+json"
"""The media type of a problem document (RFC 9457 §6.1)."""

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
    if not headers and reason is None:
        return PlainResponse(head(status, PROBLEM_JSON), problem_body(status, detail, faults))
    check_status(status)
    body = problem_body(status, detail, faults)
    answer = web.Response(status=status, reason=reason, headers=headers, body=body)
    answer.headers[hdrs.CONTENT_TYPE] = PROBLEM_JSON
    return answer


def problem_body(status: int, detail: str | None = None, faults: Sequence[Fault] = ()) -> bytes:
    """Encode a problem document."""
    if not faults:
        return _bare(status) if detail is None else encode_json(_Problem(title(status), status, detail))
    errors = [
        _Error(f.location, f.name, f.pointer if f.pointer.isascii() else _sound(f.pointer), f.detail)
        for f in faults[:MAX_FAULTS]
    ]
    while True:
        words: str | msgspec.UnsetType = msgspec.UNSET if detail is None else detail
        if detail is None and len(errors) < len(faults):
            words = f"the first {len(errors)} of at least {len(faults)} errors are listed"
        body = encode_json(_Problem(title(status), status, words, errors))
        if len(body) <= MAX_PROBLEM_SIZE or not errors:
            return body
        # As many as would fit if all were of one length; at least one less.
        del errors[min(len(errors) - 1, len(errors) * MAX_PROBLEM_SIZE // len(body)) :]


def _sound(pointer: str) -> str:
    """Give a pointer that can be written: it holds names that a client chose, which a program may have decoded."""
    return pointer.encode(errors="replace").decode()


class _Error(msgspec.Struct, rename={"location": "in"}, gc=False):
    location: Location
    name: str
    pointer: str
    detail: str


class _Problem(msgspec.Struct, gc=False, tag_field="type", tag="about:blank"):
    title: str
    status: int
    detail: str | msgspec.UnsetType
    errors: list[_Error] | msgspec.UnsetType = msgspec.UNSET


@functools.cache
def _bare(status: int) -> bytes:
    return encode_json({"type": "about:blank", "title": title(status), "status": status})
