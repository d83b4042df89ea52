"""`metrics` for Prometheus, by the template of a route and never by a path.

A client can choose any path, and a series for each one would fill the memory of the server. So requests are counted by
values that the program defines: the template of the route, the method if it is known, and the status. The names of
fields are also defined by the program; if there are more than `MOST_FIELDS`, the rest are counted as one.

`metrics` returns a table with the route for Prometheus. The measuring is done by a middleware: `build_app` finds it in
an attribute of that route's handler, and puts it around the whole application, so that unmatched requests are counted
too.

Several processes share their counts by files of `prometheus_client`. So everything is counted when it happens, in the
process where it happens, since the process that is scraped cannot ask the others.
"""

import asyncio
import os
import time
import weakref
from typing import TYPE_CHECKING, NamedTuple

from aiohttp import hdrs, web

from ponty.core.errors.exceptions import PontyError
from ponty.core.middlewares.error_watchers import watch_errors_of
from ponty.core.middlewares.passages import Notes, Step, passage
from ponty.core.observability.cache_events import cache_events
from ponty.core.observability.tallies import TalliedHistogram, Tally
from ponty.core.routing.table import Routes
from ponty.core.routing.unmatched import Unmatched
from ponty.core.wire.server_state import SERVER_STATE, ServerState

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry, Counter, Histogram

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
_SIZES = (100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000)
_MULTIPROCESS = "PROMETHEUS_MULTIPROC_DIR"
_OTHER_METHOD = "_OTHER"
_NO_ROUTE = "(no route)"
_OTHER_FIELDS = ("(others)", "(others)", "(others)")

MOST_FIELDS = 1000
"""The most fields that are counted separately, in all routes together."""


def metrics(*, path: str = "/metrics", registry: "CollectorRegistry | None" = None) -> Routes:
    """Make a table with the route that Prometheus scrapes; all requests of an application with this table are measured.

    ::

        app = build_app(routes=[routes, metrics()])

    This needs `prometheus-client`: `pip install 'ponty-core[metrics]'`. Names are those of OpenTelemetry's conventions
    where these have one. The metrics are:

    - `http_server_request_duration_seconds`, a histogram by method, route and status; `http_server_active_requests`;
      and histograms of sizes, `http_server_request_body_size_bytes` and `http_server_response_body_size_bytes`.
    - `ponty_faults_total`: the faults of requests, by route, location and field.
    - `ponty_limits_reached_total`: how often a client exceeded one of `Limits`, by the name of the limit.
    - `ponty_cache_events_total` and `ponty_cache_computations`: the events of caches with the hook `cache_events`, by
      cache and event, and the number of values that are being computed.

    Other metrics that the program registers are included. If `PROMETHEUS_MULTIPROC_DIR` is set, for several workers,
    the metrics of all of them are added up.

    Args:
        path: The path of the route.
        registry: The registry of the metrics; None for the default registry of `prometheus_client`.

    Raises:
        ModuleNotFoundError: `prometheus-client` is not installed.
    """
    try:
        import prometheus_client  # noqa: PLC0415 - an optional dependency
    except ModuleNotFoundError as error:
        if error.name != "prometheus_client":
            raise
        message = "metrics needs prometheus-client: pip install 'ponty-core[metrics]'"
        raise ModuleNotFoundError(message, name=error.name) from None

    told: CollectorRegistry = prometheus_client.REGISTRY if registry is None else registry
    instruments = _instruments.get(told)
    if instruments is None:
        instruments = _instruments[told] = _Instruments(told)
    table = Routes()

    @table.get(path, hidden=True)
    async def scrape(request: web.Request) -> web.Response:
        text, media_type = _exposition(told, request.headers.get(hdrs.ACCEPT, ""))
        return web.Response(body=text, headers={hdrs.CONTENT_TYPE: media_type, hdrs.CACHE_CONTROL: "no-store"})

    scrape.__ponty_around_all__ = passage(instruments)  # type: ignore[attr-defined]
    scrape.__ponty_joins__ = instruments.join  # type: ignore[attr-defined]
    return table


def _exposition(registry: "CollectorRegistry", accept: str) -> tuple[bytes, str]:
    from prometheus_client import CollectorRegistry, exposition, multiprocess  # noqa: PLC0415 - an optional dependency

    if _MULTIPROCESS in os.environ:
        registry = CollectorRegistry()
        multiprocess.MultiProcessCollector(registry)  # type: ignore[no-untyped-call] # it has no annotations
    encode, media_type = exposition.choose_encoder(accept)
    return encode(registry), media_type


class _Instruments(Step):
    """The instruments of one registry.

    Args:
        registry: The registry.
    """

    def __init__(self, registry: "CollectorRegistry") -> None:
        import prometheus_client  # noqa: PLC0415 - an optional dependency

        self._is_shared = _MULTIPROCESS in os.environ
        histogram = prometheus_client.Histogram if self._is_shared else TalliedHistogram
        self._durations = histogram(
            "http_server_request_duration_seconds",
            "Seconds from the head of a request to the end of its handler.",
            ["http_request_method", "http_route", "http_response_status_code"],
            registry=registry,
            buckets=_SECONDS,
        )
        self._received = histogram(
            "http_server_request_body_size_bytes",
            "Bytes of the bodies of requests, as announced by the clients.",
            ["http_request_method", "http_route"],
            registry=registry,
            buckets=_SIZES,
        )
        self._sent = histogram(
            "http_server_response_body_size_bytes",
            "Bytes of the bodies of answers, except for streams.",
            ["http_request_method", "http_route"],
            registry=registry,
            buckets=_SIZES,
        )
        self._active = prometheus_client.Gauge(
            "http_server_active_requests",
            "Requests whose handler runs.",
            registry=registry,
            multiprocess_mode="livesum",
        )
        self._faults = prometheus_client.Counter(
            "ponty_faults",
            "Faults of requests.",
            ["http_route", "location", "field"],
            registry=registry,
        )
        self._limits = prometheus_client.Counter(
            "ponty_limits_reached",
            "How often clients exceeded a limit of the server.",
            ["limit"],
            registry=registry,
        )
        self._cache_events = prometheus_client.Counter(
            "ponty_cache_events",
            "Events of caches.",
            ["cache", "event"],
            registry=registry,
        )
        self._computations = prometheus_client.Gauge(
            "ponty_cache_computations",
            "Values of caches that are being computed.",
            ["cache"],
            registry=registry,
            multiprocess_mode="livesum",
        )
        self._series: dict[tuple[str, web.AbstractResource | None, int], _Series] = {}
        self._fields: dict[tuple[str, str, str], Counter] = {}
        self._servers: weakref.WeakSet[ServerState] = weakref.WeakSet()
        self._running = 0
        if not self._is_shared:
            self._active.set_function(lambda: self._running)
        cache_events.listeners.append(self)
        weakref.finalize(registry, cache_events.listeners.remove, self)

    def join(self, app: web.Application) -> None:
        """Watch the errors and the server of an application."""

        async def watch_server(app: web.Application) -> None:
            state = app.get(SERVER_STATE)
            if state is not None and state not in self._servers:
                self._watch_server(state)

        app.on_startup.append(watch_server)
        watch_errors_of(app, self._note_error)

    def enter(self, request: web.Request, notes: Notes) -> None:
        """Count a running request, and note its start."""
        del request
        self._count_running(1)
        notes[self] = time.perf_counter()

    def leave(self, request: web.Request, answer: web.StreamResponse, notes: Notes) -> web.StreamResponse:
        """Measure the duration and the sizes of a request."""
        if self not in notes:
            return answer
        resource = request.match_info.route.resource
        series = self._series.get((request.method, resource, answer.status))
        if series is None:
            series = self._series_of(request.method, resource, answer.status)
        series.durations.observe(time.perf_counter() - notes[self])
        if hdrs.CONTENT_LENGTH in request.headers:
            received = request.content_length
            if received:
                series.received.observe(received)
        size = _size(answer)
        if size is not None:
            series.sent.observe(size)
        return answer

    def end(self, notes: Notes) -> None:
        """Stop counting a running request."""
        if self in notes:
            self._count_running(-1)

    def _count_running(self, more: int) -> None:
        self._running += more
        if self._is_shared:  # otherwise it is read when it is scraped
            self._active.set(self._running)

    def _watch_server(self, state: ServerState) -> None:
        """Count the refusals of a server so far, and those to come."""
        self._servers.add(state)
        for limit, count in state.refusals.items():
            self._limits.labels(limit).inc(count)
        state.refusals.listeners.append(lambda limit, count: self._limits.labels(limit).inc(count))

    def on_event(self, cache: str, event: str) -> None:
        """Count an event of a cache."""
        self._cache_events.labels(cache, event).inc()

    def on_computation(self, cache: str, event: str, computation: object) -> None:
        """Count a running computation until the end of its task, which is the current one."""
        del computation
        task = asyncio.current_task() if event == "miss" else None
        if task is not None:
            running = self._computations.labels(cache)
            running.inc()
            task.add_done_callback(lambda _: running.dec())

    def _note_error(self, request: web.Request, error: BaseException) -> None:
        if not (isinstance(error, PontyError) and error.faults):
            return
        route = _route_of(request.match_info.route.resource)
        for fault in error.faults:
            key: tuple[str, str, str] = (route, fault.location, fault.name)
            counter = self._fields.get(key)
            if counter is None:
                if len(self._fields) >= MOST_FIELDS:
                    key = _OTHER_FIELDS
                counter = self._fields[key] = self._faults.labels(*key)
            counter.inc()

    def _series_of(self, method: str, resource: web.AbstractResource | None, status: int) -> "_Series":
        route = _route_of(resource)
        told = method if method in _METHODS else _OTHER_METHOD
        series = _Series(
            self._durations.labels(told, route, str(status)),
            self._received.labels(told, route),
            self._sent.labels(told, route),
        )
        if told == method:  # methods that clients invent must not fill memory
            self._series[method, resource, status] = series
        return series


class _Series(NamedTuple):
    durations: "Histogram | Tally"
    received: "Histogram | Tally"
    sent: "Histogram | Tally"


def _route_of(resource: web.AbstractResource | None) -> str:
    return _NO_ROUTE if resource is None or isinstance(resource, Unmatched) else resource.canonical


def _size(answer: web.StreamResponse) -> int | None:
    """Return the size of the body of an answer; None for a stream, for which aiohttp also counts the framing."""
    if answer.prepared:
        return None
    body = answer.body if isinstance(answer, web.Response) else None
    if isinstance(body, bytes | bytearray):
        return len(body)
    return 0 if body is None else getattr(body, "size", None)


_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "QUERY"})

_instruments: "weakref.WeakKeyDictionary[CollectorRegistry, _Instruments]" = weakref.WeakKeyDictionary()
"""The instruments of each registry, since a registry accepts each name only once."""
