"""aiohttp tuned by hand, with the same written by hand: one middleware, and an access logger that knows its fields."""

import contextvars
import datetime
import logging
import os
import sys
import time

import msgspec
import prometheus_client
import uvloop
from aiohttp import web
from aiohttp.abc import AbstractAccessLogger
from aiohttp.typedefs import Handler
from tuned_app import routes

ORIGIN = "https://shop.example"
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Strict-Transport-Security": "max-age=31536000",
}
BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
SIZES = (100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000)
LABELS = ["method", "route", "status"]

encode = msgspec.json.Encoder().encode
request_id: contextvars.ContextVar[str] = contextvars.ContextVar("request_id", default="-")
durations = prometheus_client.Histogram("request_seconds", "Seconds.", LABELS, buckets=BUCKETS)
received = prometheus_client.Histogram("request_bytes", "Bytes.", ["method", "route"], buckets=SIZES)
sent = prometheus_client.Histogram("response_bytes", "Bytes.", ["method", "route"], buckets=SIZES)
active = prometheus_client.Gauge("active_requests", "Requests.")
Series = tuple[prometheus_client.Histogram, prometheus_client.Histogram, prometheus_client.Histogram]
series: dict[tuple[str, str, int], Series] = {}


@web.middleware
async def production(request: web.Request, handler: Handler) -> web.StreamResponse:
    began = time.perf_counter()
    identity = os.urandom(16).hex()
    request["id"] = identity
    token = request_id.set(identity)
    active.inc()
    try:
        answer = await handler(request)
    except web.HTTPException as error:
        answer = error
    finally:
        active.dec()
        request_id.reset(token)
    headers = answer.headers
    headers["X-Request-ID"] = identity
    headers.update(HEADERS)
    headers["Vary"] = "Origin"
    if request.headers.get("Origin") == ORIGIN:
        headers["Access-Control-Allow-Origin"] = ORIGIN
    resource = request.match_info.route.resource
    route = resource.canonical if resource else ""
    key = (request.method, route, answer.status)
    found = series.get(key)
    if found is None:
        method, status = request.method, str(answer.status)
        found = durations.labels(method, route, status), received.labels(method, route), sent.labels(method, route)
        series[key] = found
    found[0].observe(time.perf_counter() - began)
    if request.content_length:
        found[1].observe(request.content_length)
    if isinstance(answer, web.Response) and isinstance(answer.body, bytes):
        found[2].observe(len(answer.body))
    return answer


class AccessLogger(AbstractAccessLogger):
    def log(self, request: web.BaseRequest, response: web.StreamResponse, time: float) -> None:
        line = {
            "time": datetime.datetime.now(datetime.UTC).isoformat(timespec="milliseconds"),
            "level": "INFO",
            "logger": "access",
            "request_id": request.get("id"),
            "message": f"{request.method} {request.path} {response.status}",
            "client": request.remote,
            "method": request.method,
            "path": request.path,
            "status": response.status,
            "bytes": response.body_length,
            "user_agent": request.headers.get("User-Agent", "-"),
            "seconds": time,
        }
        self.logger.info(encode(line).decode())


@routes.get("/metrics")
async def scrape(request: web.Request) -> web.Response:
    return web.Response(body=prometheus_client.generate_latest(), content_type="text/plain")


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    app = web.Application(middlewares=[production])
    app.add_routes(routes)
    web.run_app(
        app,
        host="127.0.0.1",
        port=int(sys.argv[1]),
        loop=uvloop.new_event_loop(),
        access_log=logging.getLogger("access"),
        access_log_class=AccessLogger,
    )
