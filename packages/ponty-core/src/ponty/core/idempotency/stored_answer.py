"""Answers on their way into a store, and back: status, headers and body, byte for byte.

What belongs to one sending of an answer, and not to the answer, is left out: its date, its server, its framing.
"""

import logging
from collections.abc import Mapping
from typing import Literal

import msgspec
from aiohttp import hdrs, payload, web

from ponty.core.idempotency.problems import IdempotencyKeyReused, OutcomeUnknown
from ponty.core.responses.heads import head
from ponty.core.responses.plain_response import PlainResponse

logger: logging.Logger = logging.getLogger("ponty.core")

REPLAYED = "Idempotent-Replayed"
"""The header of an answer that was given before; its value is `true`."""

_FORMAT = b"\x01"
"""What a record begins with: the number of this format."""


class Record(msgspec.Struct, frozen=True, array_like=True):
    """The record of a key.

    Args:
        fingerprint: Which request it is of.
        cookies: Digests of the cookies that a repetition has to have, too.
        state: As `ponty.core.idempotency` says.
        status: The status of the answer.
        reason: Its reason phrase; None where it is the registered one.
        headers: Its headers, cookies included.
        body: Its body.
    """

    fingerprint: bytes
    cookies: dict[str, bytes]
    state: Literal["begun", "answered", "unkept"]
    status: int = 0
    reason: str | None = None
    headers: list[tuple[str, str]] = []
    body: bytes = b""

    def dump(self) -> bytes:
        """Return what lies in the store."""
        return _FORMAT + _encode(self)


def load(data: bytes, fingerprint: bytes, cookies: Mapping[str, bytes]) -> Record:
    """Read what lies in the store.

    Args:
        data: What lies there.
        fingerprint: Which request asks.
        cookies: Digests of its cookies.

    Raises:
        IdempotencyKeyReused: It is of another request.
        OutcomeUnknown: It has no answer, or cannot be read.
    """
    try:
        if data[:1] != _FORMAT:
            raise msgspec.DecodeError(f"it begins with {data[:1]!r}")  # noqa: TRY301 - one message for all of them
        record = _decode(data[1:])
    except msgspec.DecodeError as error:
        logger.error("what is recorded under an idempotency key cannot be read: %s", error)  # noqa: TRY400
        raise OutcomeUnknown(detail=_LOST) from None
    if record.fingerprint != fingerprint:
        raise IdempotencyKeyReused(detail="another request, with another method, path or body, had this key")
    if any(cookies.get(name) != digest for name, digest in record.cookies.items()):
        raise IdempotencyKeyReused(detail="a request with other cookies had this key")
    if record.state == "begun":
        raise OutcomeUnknown(detail="the request was cut short; whether it took effect is not known")
    if record.state == "unkept":
        raise OutcomeUnknown(detail=_LOST)
    return record


_LOST = "the request was carried out before; its answer is not kept"


def record_of(answer: web.StreamResponse, begun: Record, max_size: int) -> Record:
    """Return the record of an answer that is not sent yet.

    Args:
        answer: The answer.
        begun: The record of the request that it answers.
        max_size: How many bytes its body may have to be kept.
    """
    body = _body_of(answer)
    if body is None or len(body) > max_size:
        return msgspec.structs.replace(begun, state="unkept")
    headers = [(str(name), str(value)) for name, value in answer.headers.items() if name.lower() not in _OF_ONE_SENDING]
    headers += [("Set-Cookie", morsel.OutputString()) for morsel in answer.cookies.values()]
    reason = None if type(answer) is PlainResponse or not answer.reason else answer.reason
    return Record(begun.fingerprint, begun.cookies, "answered", answer.status, reason, headers, body)


_OF_ONE_SENDING = frozenset(
    {"connection", "content-length", "date", "keep-alive", "server", "transfer-encoding", REPLAYED.lower()}
)


def answer_of(record: Record) -> web.Response:
    """Make the answer anew, with a header that says so."""
    answer: web.Response
    if record.reason is None:
        answer = PlainResponse(head(record.status, None), record.body)
    else:
        answer = web.Response(status=record.status, reason=record.reason, body=record.body)
        answer.headers.pop(hdrs.CONTENT_TYPE, None)
    answer.headers.extend(record.headers)
    answer.headers[REPLAYED] = "true"
    return answer


def _body_of(answer: web.StreamResponse) -> bytes | None:
    """Return the body of an answer; None where it is made while it is sent, or was sent."""
    if answer.prepared or not isinstance(answer, web.Response):
        return None
    body = answer.body
    if isinstance(body, payload.BytesPayload):
        return bytes(body._value)  # noqa: SLF001  # pyright: ignore[reportPrivateUsage] # what `as_bytes` awaits
    return bytes(body) if isinstance(body, bytes | bytearray) else b"" if body is None else None


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Record).decode
