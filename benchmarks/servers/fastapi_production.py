"""FastAPI with its usual middlewares: CORS, correlation ids, an instrumentator, and uvicorn's access log in JSON."""

import sys
from collections.abc import Awaitable, Callable

import uvicorn
from asgi_correlation_id import CorrelationIdMiddleware
from fastapi import Request, Response
from fastapi.middleware.cors import CORSMiddleware
from fastapi_app import app
from prometheus_fastapi_instrumentator import Instrumentator

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


@app.middleware("http")
async def security_headers(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
    answer = await call_next(request)
    answer.headers.update(HEADERS)
    return answer


app.add_middleware(CORSMiddleware, allow_origins=["https://shop.example"])
app.add_middleware(CorrelationIdMiddleware)
Instrumentator().instrument(app).expose(app)

if __name__ == "__main__":
    uvicorn.run(
        app,
        host="127.0.0.1",
        port=int(sys.argv[1]),
        loop="uvloop",
        http="httptools",
        access_log=True,
        log_config=LOGS,
    )
