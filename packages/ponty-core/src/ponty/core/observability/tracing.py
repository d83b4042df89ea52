"""`tracing` makes an OpenTelemetry span for each request, and for each computation of a cache.

The place of a request in a trace is kept in three places, which must agree: the current span, from which child spans
are made; the identity of the request (see `ponty.core.lifecycle.current_request`), which log lines show; and the
headers of calls by the shared client. The span decides. If both `tracing` and `request_ids` are used, the inner one
takes over what the outer one has made.

A computation of a cache belongs to all tasks that wait for it, and may outlive each of them. Its span is a child of the
span in which it began, since it runs in a copy of that context. It has a link to the span of each other task that joins
it. A task that joins before the computation has begun is linked when it begins.
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
    """Make a middleware that makes an OpenTelemetry span for each request.

    ::

        app = build_app(middlewares=[tracing(trusted=["10.0.0.0/8"]), request_ids(trusted=["10.0.0.0/8"])])

    This needs `opentelemetry-api`, which `pip install 'ponty-core[tracing]'` installs, and an SDK that the program sets
    up; without an SDK, spans are not recorded. The name of a span is the method and the template of the route, never a
    path. It has the attributes of OpenTelemetry's conventions for HTTP, but no query and no headers, which may be
    secret. If the status is 500 or more, the span has the status of an error, and the exception that caused it.

    Log lines of `json_logs` have the `trace_id` of the span. Clients of `http_client_provider` send it along as
    `traceparent`. Each computation of a cache with the hook `cache_events` has its own span, with links to all requests
    that wait for it.

    Args:
        trusted: The addresses and networks whose `traceparent` and `tracestate`, or other headers of the program's
            propagator, are used; `"unix"` for connections over a Unix socket. For all others, a new trace begins.
        tracer_provider: The provider that makes the spans; None for the one that the program has set.

    Raises:
        ModuleNotFoundError: `opentelemetry-api` is not installed.
        ValueError: One of `trusted` is not an address or network.
        TypeError: `trusted` is a text, not a list.
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
            # A span that is current here belongs to another request of the connection, or to the whole server.
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
            errors.clear()  # their tracebacks refer to the request
            context.detach(token)
            current_identity.set(identity_before)
            span.end()

    return middleware


def _check_installed() -> None:
    try:
        importlib.import_module("opentelemetry.trace")
    except ModuleNotFoundError as error:
        if error.name not in {"opentelemetry", "opentelemetry.trace"}:  # other packages share the name `opentelemetry`
            raise
        message = "tracing needs opentelemetry-api: pip install 'ponty-core[tracing]'"
        raise ModuleNotFoundError(message, name=error.name) from None


current_tracer: "contextvars.ContextVar[Tracer | None]" = contextvars.ContextVar(
    "ponty.core.current_tracer", default=None
)
"""The tracer for spans of the current request; outside of a request, the one of the program is used."""


def _headers_of_current_span() -> dict[str, str]:
    from opentelemetry import propagate  # noqa: PLC0415 - an optional dependency

    carrier: dict[str, str] = {}
    propagate.inject(carrier)
    return carrier


def _route_of(request: web.Request) -> str:
    resource = request.match_info.route.resource
    return "" if resource is None or isinstance(resource, Unmatched) else resource.canonical


def _carrier(request: web.Request) -> dict[str, str]:
    """Return the headers of a request by their names in lower case; the values of a repeated header are joined."""
    carrier: dict[str, str] = {}
    for name, value in request.headers.items():
        key = name.lower()
        carrier[key] = f"{carrier[key]},{value}" if key in carrier else value
    return carrier


def _identity(place: "SpanContext", given: RequestIdentity | None) -> RequestIdentity:
    """Return the identity of a request whose span is at `place`; it keeps its id if it has one."""
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
    """Makes a span for each computation of a cache."""

    def __init__(self) -> None:
        self._spans: weakref.WeakKeyDictionary[object, Span] = weakref.WeakKeyDictionary()
        self._early: weakref.WeakKeyDictionary[object, list[SpanContext]] = weakref.WeakKeyDictionary()

    def on_event(self, cache: str, event: str) -> None:
        """Do nothing, since only computations have spans."""

    def on_computation(self, cache: str, event: str, computation: object) -> None:
        """Begin a span, add a link to it, or record a failure in it."""
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
        # This is the task that computes. It has its own context, so its calls become children of the span.
        context.attach(trace.set_span_in_context(span))
        task.add_done_callback(lambda _: span.end())


_COMPUTATIONS = _Computations()
