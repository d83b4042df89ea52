"""Problem documents (RFC 9457): Ponty's own answers to requests that fail."""

import functools
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

import msgspec
from aiohttp import hdrs, web
from aiohttp.typedefs import LooseHeaders

from ponty.core.encoding.json_encoder import encode_json
from ponty.core.errors.faults import Fault, Found, FoundFaults, Location
from ponty.core.responses.heads import head
from ponty.core.responses.plain_response import PlainResponse
from ponty.core.responses.statuses import check_status, title

PROBLEM_JSON = "application/problem+json"
"""The media type of a problem document (RFC 9457 §6.1)."""

MAX_FAULTS = 50
"""The most faults of a request that its answer lists."""

MAX_PROBLEM_SIZE = 8000
"""The most bytes of a problem document, whatever the request was."""


_T = TypeVar("_T")


def problem(
    status: int,
    *,
    detail: str | None = None,
    faults: Sequence[Fault] | FoundFaults = (),
    own: Mapping[str, object] | None = None,
    headers: LooseHeaders | None = None,
    reason: str | None = None,
) -> web.Response:
    """Answer with a problem document (RFC 9457).

    Args:
        status: The HTTP status of the answer.
        detail: What went wrong this time, in words.
        faults: What is wrong with the request; the first `MAX_FAULTS` are listed, or as many as fit.
        own: Further members of the document, also `type` and `title` of the program's own kinds of problems.
        headers: Further headers of the answer.
        reason: The reason phrase, instead of the registered one.

    Raises:
        ValueError: `status` is outside 200 to 599.
    """
    body = problem_body(status, detail, faults, own)
    if reason is None:
        answer: web.Response = PlainResponse(head(status, PROBLEM_JSON), body)
        if headers:
            answer.headers.extend(headers)
            answer.headers[hdrs.CONTENT_TYPE] = PROBLEM_JSON
        return answer
    check_status(status)
    answer = web.Response(status=status, reason=reason, headers=headers, body=body)
    answer.headers[hdrs.CONTENT_TYPE] = PROBLEM_JSON
    return answer


def problem_body(
    status: int,
    detail: str | None = None,
    faults: Sequence[Fault] | FoundFaults = (),
    own: Mapping[str, object] | None = None,
) -> bytes:
    """Encode a problem document."""
    if isinstance(faults, FoundFaults):
        if detail is None and own is None:
            return found_body(status, faults)
        faults = faults.told()
    if not faults and own is None:
        return _bare(status) if detail is None else encode_json(_Problem(title(status), status, detail))
    errors = [
        _Error(
            f.location,
            f.name,
            f.pointer if f.pointer.isascii() else _sound(f.pointer),
            f.detail,
            f.code or msgspec.UNSET,
        )
        for f in faults[:MAX_FAULTS]
    ]
    while True:
        words: str | msgspec.UnsetType = msgspec.UNSET if detail is None else detail
        if detail is None and len(errors) < len(faults):
            words = f"the first {len(errors)} of at least {len(faults)} errors are listed"
        if own is None:
            body = _encode(_Problem(title(status), status, words, errors))
        else:
            body = encode_json(_of_its_own(status, words, errors, own))
        if len(body) <= MAX_PROBLEM_SIZE or not errors:
            return body
        errors = [*_fitting(errors, len(body))]


# A document has only texts and a number, so it needs no check before it is encoded. A name may be of a subclass of
# `str`.
_encode: Callable[[object], bytes] = msgspec.json.Encoder(enc_hook=str.__str__).encode


def found_body(status: int, faults: FoundFaults) -> bytes:
    """Encode a problem document of the faults that were found, from pieces that are made once."""
    found = faults.found
    pieces = _PIECES[faults.location, faults.name]
    first, why = found[0]
    count = len(found)
    if count == 1 and not first:
        return f'{_OPENED[status]}"errors":[{pieces.start}{pieces[why][: pieces.end]}]}}'.encode()
    listed: Sequence[Found] = found if count <= MAX_FAULTS else found[:MAX_FAULTS]
    pointers = [pointer for pointer, _ in listed]
    together = "".join(pointers)
    # JSON would have to escape some of the other characters.
    if not (together.isascii() and together.isprintable()) or '"' in together or "\\" in together:
        return problem_body(status, None, faults.told())
    while True:
        left = len(listed)
        words = f'"detail":"the first {left} of at least {count} errors are listed",' if left < count else ""
        last = listed[-1][1]
        if last is why and [other for _, other in listed].count(why) == left:
            errors = pieces[why].join(pointers) + pieces[why]
        else:
            errors = "".join([pointer + pieces[reason] for pointer, reason in listed])
        body = f'{_OPENED[status]}{words}"errors":[{pieces.start}{errors[: pieces.end]}]}}'.encode()
        if len(body) <= MAX_PROBLEM_SIZE:
            return body
        listed = _fitting(listed, len(body))
        if not listed:
            return problem_body(status, None, faults.told())
        pointers = pointers[: len(listed)]


def _fitting(errors: Sequence[_T], size: int) -> Sequence[_T]:
    """Return fewer errors for a document of this size: as many as would fit if all had the same length."""
    return errors[: min(len(errors) - 1, len(errors) * MAX_PROBLEM_SIZE // size)]


_MOST_PIECES = 1024
"""The most pieces of a kind that are kept, since a program's words may differ each time."""
_LONGEST_PIECE = 1024
"""The most characters of a piece that is kept, since some programs repeat what the client sent, of any length."""


class _Pieces(dict[tuple[str, str], str]):
    """The text between the pointers of two errors, by the detail and code of the first.

    Args:
        place: The part of the request that all of the errors are in, and the name there.
    """

    def __init__(self, place: tuple[Location, str]) -> None:
        super().__init__()
        location, name = map(_encode, place)
        self.start: str = f'{{"in":{location.decode()},"name":{name.decode()},"pointer":"'
        """The text of an error before its pointer."""
        self.end: int = -len(self.start) - 1
        """The end of the last error, after which no other one follows."""

    def __missing__(self, why: tuple[str, str]) -> str:
        detail, code = map(_encode, why)
        told = f',"code":{code.decode()}' if why[1] else ""
        piece = f'","detail":{detail.decode()}{told}}},{self.start}'
        if len(piece) <= _LONGEST_PIECE:
            if len(self) >= _MOST_PIECES:
                self.clear()
            self[why] = piece
        return piece


class _PiecesOfPlaces(dict[tuple[Location, str], _Pieces]):
    def __missing__(self, place: tuple[Location, str]) -> _Pieces:
        if len(self) >= _MOST_PIECES:
            self.clear()
        self[place] = pieces = _Pieces(place)
        return pieces


class _Opened(dict[int, str]):
    """The beginnings of documents, up to the first member that differs between requests, by status."""

    def __missing__(self, status: int) -> str:
        self[status] = opened = f"{_bare(status)[:-1].decode()},"
        return opened


_PIECES = _PiecesOfPlaces()
_OPENED = _Opened()


def _of_its_own(
    status: int, detail: str | msgspec.UnsetType, errors: Sequence[object], own: Mapping[str, object]
) -> dict[str, object]:
    document: dict[str, object] = {"type": "about:blank", "title": title(status), "status": status}
    if detail is not msgspec.UNSET:
        document["detail"] = detail
    document.update(own)
    if errors:
        document["errors"] = errors
    return document


def _sound(pointer: str) -> str:
    """Return a pointer that can be encoded: it has names from the client, and may hold half a character."""
    return pointer.encode(errors="replace").decode()


class _Error(msgspec.Struct, rename={"location": "in"}, gc=False):
    location: Location
    name: str
    pointer: str
    detail: str
    code: str | msgspec.UnsetType = msgspec.UNSET


class _Problem(msgspec.Struct, gc=False, tag_field="type", tag="about:blank"):
    title: str
    status: int
    detail: str | msgspec.UnsetType
    errors: list[_Error] | msgspec.UnsetType = msgspec.UNSET


@functools.cache
def _bare(status: int) -> bytes:
    return encode_json({"type": "about:blank", "title": title(status), "status": status})
