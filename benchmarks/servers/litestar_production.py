"""Litestar with its own middlewares: CORS, Prometheus, correlation ids, and uvicorn's access log in JSON."""

import sys

import uvicorn
from asgi_correlation_id import CorrelationIdMiddleware
from litestar import Litestar
from litestar.config.cors import CORSConfig
from litestar.datastructures import ResponseHeader
from litestar.plugins.prometheus import PrometheusConfig, PrometheusController
from litestar_app import HANDLERS

HEADERS = {
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Strict-Transport-Security": "max-age=31536000",
}
LOGS = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"id": {"()": "asgi_correlation_id.CorrelationIdFilter"}},
    "formatters": {
        "json": {
            "()": "pythonjsonlogger.json.JsonFormatter",
            "format": "%(asctime)s %(levelname)s %(name)s %(correlation_id)s %(message)s",
        }
    },
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "json", "filters": ["id"]}},
    "loggers": {"uvicorn.access": {"level": "INFO", "handlers": ["stderr"], "propagate": False}},
}

app = Litestar(
    [*HANDLERS, PrometheusController],
    openapi_config=None,
    cors_config=CORSConfig(allow_origins=["https://shop.example"]),
    middleware=[PrometheusConfig(group_path=True).middleware],
    response_headers=[ResponseHeader(name=name, value=value) for name, value in HEADERS.items()],
)

if __name__ == "__main__":
    uvicorn.run(
        CorrelationIdMiddleware(app),
        host="127.0.0.1",
        port=int(sys.argv[1]),
        loop="uvloop",
        http="httptools",
        access_log=True,
        log_config=LOGS,
    )
