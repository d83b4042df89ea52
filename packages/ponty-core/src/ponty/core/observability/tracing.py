"""`tracing`: a span of OpenTelemetry for each request, and one for each computation of a cache.

Three things name the place of a request in a trace, and must say the same: the current span, which children of it are
made from; the identity of the request (see `ponty.core.lifecycle.current_request`), which log lines show; and the
headers of calls that the shared client makes. The span decides. Whoever comes second, `tracing` or `request_ids`, takes
over what the other has made.

A computation of a cache belongs to all who wait for it, and outlives each of them. Its span is the child of whoever
began it, as it runs in a copy of that context, and has a link to each other one who has joined it. One who joins before
the lock is held is linked when it begins.
"""

import asyncio
import contextvars
import importlib
import sys
import weakref
from collections.abc import Iterable
from typing import TYPE_CHECKING

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from ponty.core.lifecycle.current_request import (
    IDENTITY,
    RequestIdentity,
    call_headers,
    current_identity,
)
from ponty.core.middlewares.error_watchers import watch_errors
from ponty.core.observability.cache_events import cache_events
from ponty.core.operations.addresses import TrustedPeers
from ponty.core.routing.unmatched import Unmatched

if TYPE_CHECKING:
    from opentelemetry.trace import Span, SpanContext, Tracer, TracerProvider

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "QUERY"})


def tracing(*, trusted: Iterable[str] = (), tracer_provider: "TracerProvider | None" = None) -> Middleware:
    """Make a middleware that gives each request a span.

    ::

        app = build_app(middlewares=[tracing(trusted=["10.0.0.0/8"]), request_ids(trusted=["10.0.0.0/8"])])

    Needs `opentelemetry-api`, which `pip install 'ponty-core[tracing]'` brings along, and an SDK that the program sets
    up; without one, spans go nowhere. A span is named after the method and the template of the route, never after a
    path, and has the attributes of OpenTelemetry's conventions for HTTP: no query, and no header, which may hold
    secrets. An answer of 500 or more makes it an error, with the exception that was behind it.

    Log lines of `json_logs` have the `trace_id` of the span, clients of `http_client_provider` send it along as
    `traceparent`, and each computation of a cache whose hook is `cache_events` is a span of its own, which is linked to
    all who wait for it.

    Args:
        trusted: The addresses and networks whose `traceparent` and `tracestate`, or what else the program's propagator
            reads, are taken over; `"unix"` for whoever connects over a Unix socket. For all others, a new trace begins.
        tracer_provider: Whose spans they are; None is the provider that the program has set.

    Raises:
        ModuleNotFoundError: `opentelemetry-api` is not installed.
        ValueError: One of `trusted` is no address or network.
        TypeError: `trusted` is one of them, not a list.
    """
    _check_installed()
    from opentelemetry import context, propagate, trace  # noqa: PLC0415 - an optional dependency

    peers = TrustedPeers("tracing", trusted)
    tracer = trace.get_tracer("ponty.core", tracer_provider=tracer_provider)
    if _COMPUTATIONS not in cache_events.listeners:
        cache_events.listeners.append(_COMPUTATIONS)
        call_headers.append(_headers_of_current_span)

    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        route = _route_of(request)
        method = request.method if request.method in _METHODS else "_OTHER"
        attributes: dict[str, str | int] = {
            "http.request.method": method,
            "url.scheme": request.scheme,
            "url.path": request.path,
            "network.protocol.version": f"{request.version.major}.{request.version.minor}",
        }
        if route:
            attributes["http.route"] = route
        span = tracer.start_span(
            f"{'HTTP' if method == '_OTHER' else method} {route}".rstrip(),
            # Whatever is current here is of another request of the connection, or of the whole server.
            context=propagate.extract(_carrier(request) if peers.has_sent(request) else {}, context=context.Context()),
            kind=trace.SpanKind.SERVER,
            attributes=attributes,
        )
        errors: list[BaseException] = []
        watch_errors(request, errors.append)
        place = span.get_span_context()
        current_tracer.set(tracer)
        identity_before = current_identity.get()
        if place.is_valid:
            request[IDENTITY] = _identity(place, request.get(IDENTITY))
            current_identity.set(request[IDENTITY])
        token = context.attach(trace.set_span_in_context(span))
        try:
            answer = await handler(request)
        except asyncio.CancelledError:
            span.set_attribute("error.type", "CancelledError")  # the client has left, or the server stops
            raise
        else:
            span.set_attribute("http.response.status_code", answer.status)
            if answer.status >= 500:
                for error in errors:
                    span.record_exception(error)
                kind = type(errors[-1]).__qualname__ if errors else str(answer.status)
                span.set_attribute("error.type", kind)
                span.set_status(trace.StatusCode.ERROR)
            return answer
        finally:
            errors.clear()  # whose tracebacks have the request
            context.detach(token)
            current_identity.set(identity_before)
            span.end()

    return middleware


def _check_installed() -> None:
    try:
        importlib.import_module("opentelemetry.trace")
    except ModuleNotFoundError as error:
        if error.name not in {"opentelemetry", "opentelemetry.trace"}:  # other packages share the first
            raise
        message = "tracing needs opentelemetry-api: pip install 'ponty-core[tracing]'"
        raise ModuleNotFoundError(message, name=error.name) from None


current_tracer: "contextvars.ContextVar[Tracer | None]" = contextvars.ContextVar(
    "ponty.core.current_tracer", default=None
)
"""What makes the spans of what the current request begins; where there is no request, that of the program does."""


def _headers_of_current_span() -> dict[str, str]:
    from opentelemetry import propagate  # noqa: PLC0415 - an optional dependency

    carrier: dict[str, str] = {}
    propagate.inject(carrier)
    return carrier


def _route_of(request: web.Request) -> str:
    resource = request.match_info.route.resource
    return "" if resource is None or isinstance(resource, Unmatched) else resource.canonical


def _carrier(request: web.Request) -> dict[str, str]:
    """Return the headers of a request by their names in lower case; one that came twice is its values in one."""
    carrier: dict[str, str] = {}
    for name, value in request.headers.items():
        key = name.lower()
        carrier[key] = f"{carrier[key]},{value}" if key in carrier else value
    return carrier


def _identity(place: "SpanContext", given: RequestIdentity | None) -> RequestIdentity:
    """Return the identity of a request whose span is at `place`: its id stays, if it has one."""
    from opentelemetry.trace import format_span_id, format_trace_id  # noqa: PLC0415 - an optional dependency

    trace_id = format_trace_id(place.trace_id)
    return RequestIdentity(
        trace_id if given is None else given.id,
        trace_id,
        format_span_id(place.span_id),
        f"{place.trace_flags:02x}",
        place.trace_state.to_header(),
    )


class _Computations:
    """Makes a span of each computation of a cache."""

    def __init__(self) -> None:
        self._spans: weakref.WeakKeyDictionary[object, Span] = weakref.WeakKeyDictionary()
        self._early: weakref.WeakKeyDictionary[object, list[SpanContext]] = weakref.WeakKeyDictionary()

    def on_event(self, cache: str, event: str) -> None:
        """Do nothing: what is no computation is no span."""

    def on_computation(self, cache: str, event: str, computation: object) -> None:
        """Begin a span, link it, or note a failure in it."""
        from opentelemetry import trace  # noqa: PLC0415 - an optional dependency

        span = self._spans.get(computation)
        if event == "miss":
            self._begin(cache, computation)
        elif event == "join":
            waiter = trace.get_current_span().get_span_context()
            if not waiter.is_valid:
                return
            if span is None:
                self._early.setdefault(computation, []).append(waiter)
            else:
                span.add_link(waiter)
        elif event == "failure" and span is not None:
            error = sys.exception()
            if error is not None:
                span.record_exception(error)
                span.set_attribute("error.type", type(error).__qualname__)
            span.set_status(trace.StatusCode.ERROR)

    def _begin(self, cache: str, computation: object) -> None:
        from opentelemetry import context, trace  # noqa: PLC0415 - an optional dependency

        task = asyncio.current_task()
        if task is None:
            return
        links = [trace.Link(waiter) for waiter in self._early.pop(computation, ())]
        tracer = current_tracer.get() or trace.get_tracer("ponty.core")
        span = tracer.start_span(f"cache {cache}", attributes={"ponty.cache.name": cache}, links=links)
        self._spans[computation] = span
        # This is the task that computes, which has a context of its own: what it calls is a child of the span.
        context.attach(trace.set_span_in_context(span))
        task.add_done_callback(lambda _: span.end())


_COMPUTATIONS = _Computations()
