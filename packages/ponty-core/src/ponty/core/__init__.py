"""Routes, responses, errors, providers and the application lifecycle of Ponty."""

import importlib
from typing import TYPE_CHECKING

from ponty.core.answers.answer_settings import Envelope, ErrorAnswer
from ponty.core.answers.encoding import encode_json
from ponty.core.answers.entity_tags import etag_matches
from ponty.core.answers.errors import DoesNotExist, PontyError, ValidationError, raise_status
from ponty.core.answers.faults import Fault, Location
from ponty.core.answers.rendering import encode_as, etag_of, render_json
from ponty.core.answers.reply import Reply, json_response
from ponty.core.answers.returned_types import answer_drift
from ponty.core.app import build_app, routes_of
from ponty.core.lifecycle.client import http_client_provider, lease_http_client
from ponty.core.lifecycle.providers import Provider
from ponty.core.lifecycle.stopping import when_stopping
from ponty.core.retrying import retry
from ponty.core.routing.admission import ADMISSION, Admission
from ponty.core.routing.route import Route
from ponty.core.routing.table import Routes, delete, get, patch, post, put, route, route_iter, routes, websocket
from ponty.core.serving.interception import Serving, intercept_serving
from ponty.core.serving.limits import Limits
from ponty.core.serving.runner import app_runner
from ponty.core.serving.serve import serve, serve_async
from ponty.core.serving.startmeup import startmeup
from ponty.core.time_left import remaining_seconds

if TYPE_CHECKING:
    from ponty.core.idempotency.attempt import IDEMPOTENCY, Idempotency
    from ponty.core.idempotency.middleware import idempotent
    from ponty.core.idempotency.problems import IdempotencyKeyInUse, IdempotencyKeyReused, OutcomeUnknown
    from ponty.core.idempotency.store import HeldAnswer, IdempotencyStore
    from ponty.core.lifecycle.background import BACKGROUND_TASKS, BackgroundTasks, TooManyTasks, background_tasks
    from ponty.core.lifecycle.current_request import current_request_id
    from ponty.core.operations.cache_events import cache_events
    from ponty.core.operations.cors import cors
    from ponty.core.operations.health import health
    from ponty.core.operations.json_logs import json_logs
    from ponty.core.operations.metrics import metrics
    from ponty.core.operations.request_deadlines import deadlines
    from ponty.core.operations.request_ids import request_ids
    from ponty.core.operations.security_headers import security_headers
    from ponty.core.operations.tracing import tracing
    from ponty.core.operations.trusted_proxies import trusted_proxies
    from ponty.core.streams.csv_rows import render_csv
    from ponty.core.streams.events import Event, render_events
    from ponty.core.streams.hub import Hub, Lagged
    from ponty.core.streams.lines import render_lines
else:
    # What most programs start without is imported when it is first used.
    _LATER = {
        "BACKGROUND_TASKS": "ponty.core.lifecycle.background",
        "BackgroundTasks": "ponty.core.lifecycle.background",
        "TooManyTasks": "ponty.core.lifecycle.background",
        "background_tasks": "ponty.core.lifecycle.background",
        "idempotent": "ponty.core.idempotency.middleware",
        "IDEMPOTENCY": "ponty.core.idempotency.attempt",
        "Idempotency": "ponty.core.idempotency.attempt",
        "HeldAnswer": "ponty.core.idempotency.store",
        "IdempotencyStore": "ponty.core.idempotency.store",
        "IdempotencyKeyInUse": "ponty.core.idempotency.problems",
        "IdempotencyKeyReused": "ponty.core.idempotency.problems",
        "OutcomeUnknown": "ponty.core.idempotency.problems",
        "current_request_id": "ponty.core.lifecycle.current_request",
        "health": "ponty.core.operations.health",
        "json_logs": "ponty.core.operations.json_logs",
        "metrics": "ponty.core.operations.metrics",
        "deadlines": "ponty.core.operations.request_deadlines",
        "request_ids": "ponty.core.operations.request_ids",
        "cache_events": "ponty.core.operations.cache_events",
        "cors": "ponty.core.operations.cors",
        "security_headers": "ponty.core.operations.security_headers",
        "tracing": "ponty.core.operations.tracing",
        "trusted_proxies": "ponty.core.operations.trusted_proxies",
        "Event": "ponty.core.streams.events",
        "Hub": "ponty.core.streams.hub",
        "Lagged": "ponty.core.streams.hub",
        "render_csv": "ponty.core.streams.csv_rows",
        "render_events": "ponty.core.streams.events",
        "render_lines": "ponty.core.streams.lines",
    }

    def __getattr__(name: str) -> object:
        home = _LATER.get(name)
        if home is None:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        value = globals()[name] = getattr(importlib.import_module(home), name)
        return value

    def __dir__() -> list[str]:
        return sorted({*globals(), *_LATER})


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
