"""The id of the request that is at work here, and its place in a distributed trace (W3C Trace Context)."""

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
        id: Its id.
        trace_id: That of the trace it belongs to, 32 hexadecimal digits.
        span_id: That of its own part of the trace, 16 of them.
        flags: The flags of the trace, 2 of them.
        tracestate: What vendors of tracing say, handed on as it came.
    """

    id: str
    trace_id: str
    span_id: str
    flags: str = "00"
    tracestate: str = ""

    def headers(self) -> dict[str, str]:
        """Return the headers that a request to another service carries on behalf of this one."""
        traceparent = f"00-{self.trace_id}-{self.span_id}-{self.flags}"
        told = {REQUEST_ID_HEADER: self.id, TRACEPARENT: traceparent}
        return told | {TRACESTATE: self.tracestate} if self.tracestate else told


current_identity: contextvars.ContextVar[RequestIdentity | None] = contextvars.ContextVar(
    "ponty.core.current_identity", default=None
)
"""The identity of the request that this is a part of."""

IDENTITY = web.RequestKey("ponty.core.identity", RequestIdentity)
"""Where a request has its identity, also for who comes after its handler."""


def current_request_id() -> str | None:
    """Return the id of the request that is being answered here; None outside of one, or without `request_ids`.

    Tasks that a handler starts have it, too. With `tracing` alone, it is the id of the trace.
    """
    identity = current_identity.get()
    return None if identity is None else identity.id


call_headers: list[Callable[[], dict[str, str]]] = []
"""Return headers that a call to another service carries, in place of those that the identity has."""
