"""The id of the current request, and its place in a distributed trace (W3C Trace Context)."""

import contextvars
from collections.abc import Callable

import msgspec
from aiohttp import web

REQUEST_ID_HEADER = "X-Request-ID"
TRACEPARENT = "traceparent"
TRACESTATE = "tracestate"


class RequestIdentity(msgspec.Struct, frozen=True):
    """The id of a request, and its place in a trace.

    Args:
        id: The id of the request.
        trace_id: The id of its trace, 32 hexadecimal digits.
        span_id: The id of its own part of the trace, 16 hexadecimal digits.
        flags: The flags of the trace, 2 hexadecimal digits.
        tracestate: The data of tracing vendors, which is passed on unchanged.
    """

    id: str
    trace_id: str
    span_id: str
    flags: str = "00"
    tracestate: str = ""

    def headers(self) -> dict[str, str]:
        """Return the headers for calls to other services that are made for this request."""
        traceparent = f"00-{self.trace_id}-{self.span_id}-{self.flags}"
        told = {REQUEST_ID_HEADER: self.id, TRACEPARENT: traceparent}
        return told | {TRACESTATE: self.tracestate} if self.tracestate else told


current_identity: contextvars.ContextVar[RequestIdentity | None] = contextvars.ContextVar(
    "ponty.core.current_identity", default=None
)
"""The identity of the current request."""

IDENTITY = web.RequestKey("ponty.core.identity", RequestIdentity)
"""The key of a request for its identity, which can also be read after the handler."""


def current_request_id() -> str | None:
    """Return the id of the current request; None outside of a request, or without `request_ids`.

    Use it to send the id to other systems; log records have it already. Tasks that a handler starts have the same id.
    With `tracing` alone, it is the id of the trace.
    """
    identity = current_identity.get()
    return None if identity is None else identity.id


call_headers: list[Callable[[], dict[str, str]]] = []
"""Functions that return headers for calls to other services, which replace those of the identity."""
