"""Routes, responses, errors, providers and the application lifecycle of Ponty."""

from ponty.core.answers.answer_settings import Envelope, ErrorAnswer
from ponty.core.answers.encoding import encode_json
from ponty.core.answers.entity_tags import etag_matches
from ponty.core.answers.errors import DoesNotExist, Fault, Location, PontyError, ValidationError, raise_status
from ponty.core.answers.rendering import etag_of, render_json
from ponty.core.answers.reply import Reply, json_response
from ponty.core.answers.returned_types import answer_drift
from ponty.core.app import build_app
from ponty.core.lifecycle.client import http_client_provider, lease_http_client
from ponty.core.lifecycle.providers import Provider
from ponty.core.retrying import retry
from ponty.core.routing.route import Route
from ponty.core.routing.table import Routes, delete, get, patch, post, put, route, route_iter, routes
from ponty.core.serving.startmeup import startmeup

__all__ = [
    "DoesNotExist",
    "Envelope",
    "ErrorAnswer",
    "Fault",
    "Location",
    "PontyError",
    "Provider",
    "Reply",
    "Route",
    "Routes",
    "ValidationError",
    "answer_drift",
    "build_app",
    "delete",
    "encode_json",
    "etag_matches",
    "etag_of",
    "get",
    "http_client_provider",
    "json_response",
    "lease_http_client",
    "patch",
    "post",
    "put",
    "raise_status",
    "render_json",
    "retry",
    "route",
    "route_iter",
    "routes",
    "startmeup",
]
