"""`metrics`: what Prometheus asks for, by the template of a route and never by a path.

A path is anybody's to choose: a series for each would fill the memory of whoever keeps them. So requests are told apart
by what the program has listed: the template of the route, the method where it is a known one, and the status.

The table is one of routes; what measures is a middleware that `build_app` finds at the handler of that route and puts
around the whole application, so that what no route matches is counted too.
"""

import time
import weakref
from typing import TYPE_CHECKING

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler, Middleware

from ponty.core.routing.table import Routes
from ponty.core.routing.unmatched import Unmatched

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry, Gauge, Histogram

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
_OTHER_METHOD = "_OTHER"
_NO_ROUTE = "(no route)"


def metrics(*, path: str = "/metrics", registry: "CollectorRegistry | None" = None) -> Routes:
    """Make a table of the route that Prometheus scrapes, and measure all requests of an application that lists it.

    ::

        app = build_app(routes=[routes, metrics()])

    Needs `prometheus-client`, which `pip install 'ponty-core[metrics]'` brings along. Counted are
    `http_server_request_duration_seconds`, a histogram, and `http_server_active_requests`, by the names of
    OpenTelemetry's conventions, and whatever else the program registers. Where `PROMETHEUS_MULTIPROC_DIR` is set, as
    for several workers, what all of them have measured is told.

    Args:
        path: Where it is scraped.
        registry: Whose metrics are told; None is the default registry of `prometheus_client`.

    Raises:
        ModuleNotFoundError: `prometheus-client` is not installed.
    """
    import prometheus_client  # noqa: PLC0415 - an optional dependency

    told: CollectorRegistry = prometheus_client.REGISTRY if registry is None else registry
    instruments = _instruments.get(told)
    if instruments is None:
        instruments = _instruments[told] = _Instruments(told)
    table = Routes()

    @table.get(path, hidden=True)
    async def scrape(request: web.Request) -> web.Response:
        text, media_type = _exposition(told, request.headers.get(hdrs.ACCEPT, ""))
        return web.Response(body=text, headers={hdrs.CONTENT_TYPE: media_type, hdrs.CACHE_CONTROL: "no-store"})

    scrape.__ponty_around_all__ = instruments.middleware()  # type: ignore[attr-defined]
    return table


def _exposition(registry: "CollectorRegistry", accept: str) -> tuple[bytes, str]:
    import os  # noqa: PLC0415 - with its only user

    from prometheus_client import CollectorRegistry, exposition, multiprocess  # noqa: PLC0415 - an optional dependency

    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        registry = CollectorRegistry()
        multiprocess.MultiProcessCollector(registry)  # type: ignore[no-untyped-call] # it has no annotations
    encode, media_type = exposition.choose_encoder(accept)
    return encode(registry), media_type


class _Instruments:
    """What is measured, in one registry.

    Args:
        registry: What tells it.
    """

    def __init__(self, registry: "CollectorRegistry") -> None:
        import prometheus_client  # noqa: PLC0415 - an optional dependency

        self._durations = prometheus_client.Histogram(
            "http_server_request_duration_seconds",
            "Seconds from the head of a request to the end of its handler.",
            ["http_request_method", "http_route", "http_response_status_code"],
            registry=registry,
            buckets=_SECONDS,
        )
        self._active = prometheus_client.Gauge(
            "http_server_active_requests",
            "Requests whose handler runs.",
            registry=registry,
            multiprocess_mode="livesum",
        )
        self._series: dict[tuple[str, str, int], Histogram] = {}

    def middleware(self) -> Middleware:
        """Return what measures."""
        active: Gauge = self._active

        @web.middleware
        async def measure(request: web.Request, handler: Handler) -> web.StreamResponse:
            began = time.perf_counter()
            active.inc()
            try:
                answer = await handler(request)
            finally:
                active.dec()
            self._series_of(request, answer.status).observe(time.perf_counter() - began)
            return answer

        return measure

    def _series_of(self, request: web.Request, status: int) -> "Histogram":
        resource = request.match_info.route.resource
        route = _NO_ROUTE if resource is None or isinstance(resource, Unmatched) else resource.canonical
        method = request.method if request.method in _METHODS else _OTHER_METHOD
        key = (method, route, status)
        series = self._series.get(key)
        if series is None:
            series = self._series[key] = self._durations.labels(method, route, str(status))
        return series


_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "QUERY"})

_instruments: "weakref.WeakKeyDictionary[CollectorRegistry, _Instruments]" = weakref.WeakKeyDictionary()
"""The instruments of each registry, which takes each name once."""
