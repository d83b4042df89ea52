"""Routes, responses, errors, providers and the application lifecycle of Ponty.

::

    a program  -> routing (its routes), lifecycle (its providers) -> app -> serving (its process) -> connections
    a request  -> connections -> routing (which handler?) -> middlewares -> the handler
    its answer <- wire <- responses <- encoding <- returned (which parts are sent?) <- rendering, streams
                              '-----------------------------------------------------<- errors, if it raised

A program picks from `operations`, `idempotency` and `observability`, and lists that beside its own middlewares and
routes. `logs` and `log_lines` write log lines, `retrying` repeats calls that fail, `time_left` says how long a caller
still waits, `written` reads annotations, and `testing` is for the tests of programs.
"""

import gc
import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ponty.core.app import build_app, routes_of
    from ponty.core.connections.limits import Limits
    from ponty.core.encoding.json_encoder import encode_json
    from ponty.core.errors.answer_settings import Envelope, ErrorAnswer
    from ponty.core.errors.exceptions import DoesNotExist, PontyError, ValidationError
    from ponty.core.errors.faults import Fault, Location
    from ponty.core.errors.raise_status import raise_status
    from ponty.core.idempotency.attempt import IDEMPOTENCY, Idempotency
    from ponty.core.idempotency.middleware import idempotent
    from ponty.core.idempotency.problems import IdempotencyKeyInUse, IdempotencyKeyReused, OutcomeUnknown
    from ponty.core.idempotency.store import HeldAnswer, IdempotencyStore
    from ponty.core.lifecycle.background import BACKGROUND_TASKS, BackgroundTasks, TooManyTasks, background_tasks
    from ponty.core.lifecycle.client import http_client_provider, lease_http_client
    from ponty.core.lifecycle.current_request import current_request_id
    from ponty.core.lifecycle.providers import Provider
    from ponty.core.lifecycle.stopping import when_stopping
    from ponty.core.logs.json_logs import json_logs
    from ponty.core.observability.cache_events import cache_events
    from ponty.core.observability.metrics import metrics
    from ponty.core.observability.request_ids import request_ids
    from ponty.core.observability.tracing import tracing
    from ponty.core.operations.cors import cors
    from ponty.core.operations.health import health
    from ponty.core.operations.request_deadlines import deadlines
    from ponty.core.operations.security_headers import security_headers
    from ponty.core.operations.trusted_proxies import trusted_proxies
    from ponty.core.rendering.declared_values import encode_as, etag_of
    from ponty.core.rendering.render_json import render_json
    from ponty.core.rendering.reply import Reply, json_response
    from ponty.core.responses.entity_tags import etag_matches
    from ponty.core.retrying import retry
    from ponty.core.returned.returned_type import answer_drift
    from ponty.core.routing.admission import ADMISSION, Admission
    from ponty.core.routing.route import Route
    from ponty.core.routing.table import Routes, delete, get, patch, post, put, route, route_iter, routes, websocket
    from ponty.core.serving.interception import Serving, intercept_serving
    from ponty.core.serving.runner import app_runner
    from ponty.core.serving.serve import serve, serve_async
    from ponty.core.serving.startmeup import startmeup
    from ponty.core.streams.csv_rows import render_csv
    from ponty.core.streams.events import Event, render_events
    from ponty.core.streams.hub import Hub, Lagged
    from ponty.core.streams.lines import render_lines
    from ponty.core.time_left import remaining_seconds
else:
    # Each name is imported when it is first used, so that a program only imports what it uses.
    _HOMES = {
        "ADMISSION": "ponty.core.routing.admission",
        "Admission": "ponty.core.routing.admission",
        "BACKGROUND_TASKS": "ponty.core.lifecycle.background",
        "BackgroundTasks": "ponty.core.lifecycle.background",
        "DoesNotExist": "ponty.core.errors.exceptions",
        "Envelope": "ponty.core.errors.answer_settings",
        "ErrorAnswer": "ponty.core.errors.answer_settings",
        "Event": "ponty.core.streams.events",
        "Fault": "ponty.core.errors.faults",
        "HeldAnswer": "ponty.core.idempotency.store",
        "Hub": "ponty.core.streams.hub",
        "IDEMPOTENCY": "ponty.core.idempotency.attempt",
        "Idempotency": "ponty.core.idempotency.attempt",
        "IdempotencyKeyInUse": "ponty.core.idempotency.problems",
        "IdempotencyKeyReused": "ponty.core.idempotency.problems",
        "IdempotencyStore": "ponty.core.idempotency.store",
        "Lagged": "ponty.core.streams.hub",
        "Limits": "ponty.core.connections.limits",
        "Location": "ponty.core.errors.faults",
        "OutcomeUnknown": "ponty.core.idempotency.problems",
        "PontyError": "ponty.core.errors.exceptions",
        "Provider": "ponty.core.lifecycle.providers",
        "Reply": "ponty.core.rendering.reply",
        "Route": "ponty.core.routing.route",
        "Routes": "ponty.core.routing.table",
        "Serving": "ponty.core.serving.interception",
        "TooManyTasks": "ponty.core.lifecycle.background",
        "ValidationError": "ponty.core.errors.exceptions",
        "answer_drift": "ponty.core.returned.returned_type",
        "app_runner": "ponty.core.serving.runner",
        "background_tasks": "ponty.core.lifecycle.background",
        "build_app": "ponty.core.app",
        "cache_events": "ponty.core.observability.cache_events",
        "cors": "ponty.core.operations.cors",
        "current_request_id": "ponty.core.lifecycle.current_request",
        "deadlines": "ponty.core.operations.request_deadlines",
        "delete": "ponty.core.routing.table",
        "encode_as": "ponty.core.rendering.declared_values",
        "encode_json": "ponty.core.encoding.json_encoder",
        "etag_matches": "ponty.core.responses.entity_tags",
        "etag_of": "ponty.core.rendering.declared_values",
        "get": "ponty.core.routing.table",
        "health": "ponty.core.operations.health",
        "http_client_provider": "ponty.core.lifecycle.client",
        "idempotent": "ponty.core.idempotency.middleware",
        "intercept_serving": "ponty.core.serving.interception",
        "json_logs": "ponty.core.logs.json_logs",
        "json_response": "ponty.core.rendering.reply",
        "lease_http_client": "ponty.core.lifecycle.client",
        "metrics": "ponty.core.observability.metrics",
        "patch": "ponty.core.routing.table",
        "post": "ponty.core.routing.table",
        "put": "ponty.core.routing.table",
        "raise_status": "ponty.core.errors.raise_status",
        "remaining_seconds": "ponty.core.time_left",
        "render_csv": "ponty.core.streams.csv_rows",
        "render_events": "ponty.core.streams.events",
        "render_json": "ponty.core.rendering.render_json",
        "render_lines": "ponty.core.streams.lines",
        "request_ids": "ponty.core.observability.request_ids",
        "retry": "ponty.core.retrying",
        "route": "ponty.core.routing.table",
        "route_iter": "ponty.core.routing.table",
        "routes": "ponty.core.routing.table",
        "routes_of": "ponty.core.app",
        "security_headers": "ponty.core.operations.security_headers",
        "serve": "ponty.core.serving.serve",
        "serve_async": "ponty.core.serving.serve",
        "startmeup": "ponty.core.serving.startmeup",
        "tracing": "ponty.core.observability.tracing",
        "trusted_proxies": "ponty.core.operations.trusted_proxies",
        "websocket": "ponty.core.routing.table",
        "when_stopping": "ponty.core.lifecycle.stopping",
    }

    def __getattr__(name: str) -> object:
        home = _HOMES.get(name)
        if home is None:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        # Importing makes no garbage, but the collector looks for it, in a tenth of the time that an import takes.
        was_enabled = gc.isenabled()
        gc.disable()
        try:
            value = globals()[name] = getattr(importlib.import_module(home), name)
        finally:
            if was_enabled:
                gc.enable()
        return value

    def __dir__() -> list[str]:
        return sorted({*globals(), *_HOMES})


__all__ = [
    "ADMISSION",
    "BACKGROUND_TASKS",
    "IDEMPOTENCY",
    "Admission",
    "BackgroundTasks",
    "DoesNotExist",
    "Envelope",
    "ErrorAnswer",
    "Event",
    "Fault",
    "HeldAnswer",
    "Hub",
    "Idempotency",
    "IdempotencyKeyInUse",
    "IdempotencyKeyReused",
    "IdempotencyStore",
    "Lagged",
    "Limits",
    "Location",
    "OutcomeUnknown",
    "PontyError",
    "Provider",
    "Reply",
    "Route",
    "Routes",
    "Serving",
    "TooManyTasks",
    "ValidationError",
    "answer_drift",
    "app_runner",
    "background_tasks",
    "build_app",
    "cache_events",
    "cors",
    "current_request_id",
    "deadlines",
    "delete",
    "encode_as",
    "encode_json",
    "etag_matches",
    "etag_of",
    "get",
    "health",
    "http_client_provider",
    "idempotent",
    "intercept_serving",
    "json_logs",
    "json_response",
    "lease_http_client",
    "metrics",
    "patch",
    "post",
    "put",
    "raise_status",
    "remaining_seconds",
    "render_csv",
    "render_events",
    "render_json",
    "render_lines",
    "request_ids",
    "retry",
    "route",
    "route_iter",
    "routes",
    "routes_of",
    "security_headers",
    "serve",
    "serve_async",
    "startmeup",
    "tracing",
    "trusted_proxies",
    "websocket",
    "when_stopping",
]
