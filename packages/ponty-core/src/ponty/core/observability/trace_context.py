"""Trace context: the identity of a request, read from its headers (W3C Trace Context, Level 1) or made.

A malformed header is ignored, as if it were missing, since no request should fail because of it.
"""

import os
import re

import msgspec
from aiohttp import web

from ponty.core.lifecycle.current_request import REQUEST_ID_HEADER, TRACEPARENT, TRACESTATE, RequestIdentity

LONGEST_TRACESTATE = 512
"""The most characters of a trace state that is passed on (Trace Context §3.3.1.5); a longer one is dropped."""

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._~+/=:\-]{0,127}")
_TRACEPARENT = re.compile(r"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?")
_PRINTABLE = re.compile(r"[\x20-\x7e]+")


def new_identity() -> RequestIdentity:
    """Return a new, unique identity."""
    try:
        made, span = _random.pop()
    except IndexError:
        made, span = _refilled()
    return RequestIdentity(made, made, span)


_random: list[tuple[str, str]] = []
"""Unused random ids of 16 and 8 bytes. They are made in batches, since each call of the operating system is slow."""
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_random.clear)  # otherwise the child would use the ids of its parent


def _refilled() -> tuple[str, str]:
    ids = os.urandom(16 * _AT_ONCE).hex(" ", 16).split(" ")
    spans = os.urandom(8 * _AT_ONCE).hex(" ", 8).split(" ")
    one, *others = zip(ids, spans, strict=True)
    _random.extend(others)
    return one


_AT_ONCE = 128


def told_identity(request: web.BaseRequest, given: RequestIdentity | None = None) -> RequestIdentity:
    """Return the identity from the headers of a trusted peer; parts that are missing or malformed are new.

    Args:
        request: The request.
        given: The identity that the request has already; only its id may still change.
    """
    identity = new_identity() if given is None else given
    parents = request.headers.getall(TRACEPARENT, ())
    match = _TRACEPARENT.fullmatch(parents[0]) if len(parents) == 1 else None
    if given is None and match is not None and _is_valid(match):
        state = ",".join(request.headers.getall(TRACESTATE, ()))
        is_sound = len(state) <= LONGEST_TRACESTATE and _PRINTABLE.fullmatch(state)
        identity = RequestIdentity(match[2], match[2], identity.span_id, match[4], state if is_sound else "")
    ids = request.headers.getall(REQUEST_ID_HEADER, ())
    if len(ids) == 1 and _ID.fullmatch(ids[0]):
        identity = msgspec.structs.replace(identity, id=ids[0])
    return identity


def _is_valid(match: re.Match[str]) -> bool:
    version, trace_id, span_id, _, more = match.groups()
    # A later version may have more parts; version 00 has four (Trace Context §3.2.2).
    return version != "ff" and not (version == "00" and more) and bool(trace_id.strip("0") and span_id.strip("0"))
