"""Stored answers: the encoding of an answer for a store, and back, with status, headers and body, byte for byte.

Headers that belong to one sending of an answer are left out: the date, the server, the framing.
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
"""The header of an answer that is repeated from the store; its value is `true`."""

_FORMAT = b"\x01"
"""The first byte of a record: the number of this format."""


class Record(msgspec.Struct, frozen=True, array_like=True):
    """The record of a key.

    Args:
        fingerprint: The fingerprint of the request.
        cookies: Digests of the cookies that a repetition must have, too.
        state: The state; see `ponty.core.idempotency`.
        status: The status of the answer.
        reason: The reason phrase; None if it is the registered one.
        headers: The headers, with cookies.
        body: The body.
    """

    fingerprint: bytes
    cookies: dict[str, bytes]
    state: Literal["begun", "answered", "unkept"]
    status: int = 0
    reason: str | None = None
    headers: list[tuple[str, str]] = []
    body: bytes = b""

    def dump(self) -> bytes:
        """Return the encoded record for the store."""
        return _FORMAT + _encode(self)


def load(data: bytes, fingerprint: bytes, cookies: Mapping[str, bytes]) -> Record:
    """Read a record from the store.

    Args:
        data: The encoded record.
        fingerprint: The fingerprint of the request that asks for it.
        cookies: Digests of the cookies of that request.

    Raises:
        IdempotencyKeyReused: The record is of another request.
        OutcomeUnknown: The record has no answer, or cannot be read.
    """
    try:
        if data[:1] != _FORMAT:
            raise msgspec.DecodeError(f"it begins with {data[:1]!r}")  # noqa: TRY301 - one message for all of them
        record = _decode(data[1:])
    except msgspec.DecodeError as error:
        logger.error("the record of an idempotency key cannot be read: %s", error)  # noqa: TRY400
        raise OutcomeUnknown(detail=_LOST) from None
    if record.fingerprint != fingerprint:
        raise IdempotencyKeyReused(detail="this key was used for a request with another method, path or body")
    if any(cookies.get(name) != digest for name, digest in record.cookies.items()):
        raise IdempotencyKeyReused(detail="this key was used for a request with other cookies")
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
        max_size: The most bytes of a body that is kept.
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
    """Make the recorded answer again, with a header that says that it is repeated."""
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
    """Return the body of an answer; None if it is made while it is sent, or was sent already."""
    if answer.prepared or not isinstance(answer, web.Response):
        return None
    body = answer.body
    if isinstance(body, payload.BytesPayload):
        return bytes(body._value)  # noqa: SLF001  # pyright: ignore[reportPrivateUsage] # `as_bytes` would have to be awaited
    return bytes(body) if isinstance(body, bytes | bytearray) else b"" if body is None else None


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Record).decode
