"""Routes, responses, errors, providers and the application lifecycle of Ponty."""

from ponty.core.answers.errors import DoesNotExist, Fault, Location, PontyError, ValidationError, raise_status
from ponty.core.answers.rendering import render_json
from ponty.core.app import build_app
from ponty.core.lifecycle.client import http_client_provider, lease_http_client
from ponty.core.lifecycle.providers import Provider
from ponty.core.retrying import retry
from ponty.core.routing.route import Route
from ponty.core.routing.table import Routes, delete, get, patch, post, put, route, route_iter, routes
from ponty.core.serving.limits import Limits
from ponty.core.serving.runner import app_runner
from ponty.core.serving.serve import serve, serve_async
from ponty.core.serving.startmeup import startmeup

__all__ = [
    "DoesNotExist",
    "Fault",
    "Limits",
    "Location",
    "PontyError",
    "Provider",
    "Route",
    "Routes",
    "ValidationError",
    "app_runner",
    "build_app",
    "delete",
    "get",
    "http_client_provider",
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
    "serve",
    "serve_async",
    "startmeup",
]
