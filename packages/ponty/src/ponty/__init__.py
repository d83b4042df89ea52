"""Ponty, a framework for JSON APIs on aiohttp: every documented name in one place.

The names come from the layers `ponty.core` and `ponty.request`, and each is imported when it is first used. Memoizers
and locks are not here: import them from `ponty.memo`. The command is in `ponty.command`.
"""

import pkgutil
from typing import TYPE_CHECKING

# The layers may be installed in other places on the path, each in another `ponty` directory.
__path__ = pkgutil.extend_path(__path__, __name__)

if TYPE_CHECKING:
    from ponty.core import ADMISSION as ADMISSION
    from ponty.core import BACKGROUND_TASKS as BACKGROUND_TASKS
    from ponty.core import IDEMPOTENCY as IDEMPOTENCY
    from ponty.core import Admission as Admission
    from ponty.core import BackgroundTasks as BackgroundTasks
    from ponty.core import DoesNotExist as DoesNotExist
    from ponty.core import Envelope as Envelope
    from ponty.core import ErrorAnswer as ErrorAnswer
    from ponty.core import Event as Event
    from ponty.core import Fault as Fault
    from ponty.core import HeldAnswer as HeldAnswer
    from ponty.core import Hub as Hub
    from ponty.core import Idempotency as Idempotency
    from ponty.core import IdempotencyKeyInUse as IdempotencyKeyInUse
    from ponty.core import IdempotencyKeyReused as IdempotencyKeyReused
    from ponty.core import IdempotencyStore as IdempotencyStore
    from ponty.core import Lagged as Lagged
    from ponty.core import Limits as Limits
    from ponty.core import Location as Location
    from ponty.core import OutcomeUnknown as OutcomeUnknown
    from ponty.core import PontyError as PontyError
    from ponty.core import Provider as Provider
    from ponty.core import Reply as Reply
    from ponty.core import Route as Route
    from ponty.core import Routes as Routes
    from ponty.core import Serving as Serving
    from ponty.core import TooManyTasks as TooManyTasks
    from ponty.core import ValidationError as ValidationError
    from ponty.core import answer_drift as answer_drift
    from ponty.core import app_runner as app_runner
    from ponty.core import background_tasks as background_tasks
    from ponty.core import build_app as build_app
    from ponty.core import cache_events as cache_events
    from ponty.core import cors as cors
    from ponty.core import current_request_id as current_request_id
    from ponty.core import deadlines as deadlines
    from ponty.core import delete as delete
    from ponty.core import encode_as as encode_as
    from ponty.core import encode_json as encode_json
    from ponty.core import etag_matches as etag_matches
    from ponty.core import etag_of as etag_of
    from ponty.core import get as get
    from ponty.core import health as health
    from ponty.core import http_client_provider as http_client_provider
    from ponty.core import idempotent as idempotent
    from ponty.core import intercept_serving as intercept_serving
    from ponty.core import json_logs as json_logs
    from ponty.core import json_response as json_response
    from ponty.core import lease_http_client as lease_http_client
    from ponty.core import metrics as metrics
    from ponty.core import patch as patch
    from ponty.core import post as post
    from ponty.core import put as put
    from ponty.core import raise_status as raise_status
    from ponty.core import remaining_seconds as remaining_seconds
    from ponty.core import render_csv as render_csv
    from ponty.core import render_events as render_events
    from ponty.core import render_json as render_json
    from ponty.core import render_lines as render_lines
    from ponty.core import request_ids as request_ids
    from ponty.core import retry as retry
    from ponty.core import route as route
    from ponty.core import route_iter as route_iter
    from ponty.core import routes as routes
    from ponty.core import routes_of as routes_of
    from ponty.core import security_headers as security_headers
    from ponty.core import serve as serve
    from ponty.core import serve_async as serve_async
    from ponty.core import startmeup as startmeup
    from ponty.core import tracing as tracing
    from ponty.core import trusted_proxies as trusted_proxies
    from ponty.core import websocket as websocket
    from ponty.core import when_stopping as when_stopping
    from ponty.request import UNSET as UNSET
    from ponty.request import AIOHttpReq as AIOHttpReq
    from ponty.request import Alias as Alias
    from ponty.request import Annotation as Annotation
    from ponty.request import Answer as Answer
    from ponty.request import ApiKey as ApiKey
    from ponty.request import BasicCredentials as BasicCredentials
    from ponty.request import BearerToken as BearerToken
    from ponty.request import BodyStream as BodyStream
    from ponty.request import Change as Change
    from ponty.request import ContentLength as ContentLength
    from ponty.request import ContentType as ContentType
    from ponty.request import Cookie as Cookie
    from ponty.request import Credentials as Credentials
    from ponty.request import Description as Description
    from ponty.request import Endpoint as Endpoint
    from ponty.request import Field as Field
    from ponty.request import Header as Header
    from ponty.request import IfMatch as IfMatch
    from ponty.request import InvalidField as InvalidField
    from ponty.request import Items as Items
    from ponty.request import Json as Json
    from ponty.request import JsonBody as JsonBody
    from ponty.request import LastEventId as LastEventId
    from ponty.request import NotSendable as NotSendable
    from ponty.request import Outgoing as Outgoing
    from ponty.request import ParsedForm as ParsedForm
    from ponty.request import ParsedJsonBody as ParsedJsonBody
    from ponty.request import ParsedQuery as ParsedQuery
    from ponty.request import PosIntQueryParameter as PosIntQueryParameter
    from ponty.request import PosIntRouteParameter as PosIntRouteParameter
    from ponty.request import Precondition as Precondition
    from ponty.request import Provided as Provided
    from ponty.request import QueryParameter as QueryParameter
    from ponty.request import Request as Request
    from ponty.request import RouteParameter as RouteParameter
    from ponty.request import Scoped as Scoped
    from ponty.request import Socket as Socket
    from ponty.request import SocketClosed as SocketClosed
    from ponty.request import StringQueryParameter as StringQueryParameter
    from ponty.request import StringRouteParameter as StringRouteParameter
    from ponty.request import TextBody as TextBody
    from ponty.request import UnexpectedAnswer as UnexpectedAnswer
    from ponty.request import UnsetType as UnsetType
    from ponty.request import Upload as Upload
    from ponty.request import ValidatedJsonBody as ValidatedJsonBody
    from ponty.request import Violation as Violation
    from ponty.request import accept_socket as accept_socket
    from ponty.request import api_docs as api_docs
    from ponty.request import changes_between as changes_between
    from ponty.request import conforms_to as conforms_to
    from ponty.request import dataclass_to_jsonschema as dataclass_to_jsonschema
    from ponty.request import expect as expect
    from ponty.request import handle as handle
    from ponty.request import openapi as openapi
else:
    import gc
    import importlib

    _HOMES = {
        "ADMISSION": "ponty.core",
        "AIOHttpReq": "ponty.request",
        "Admission": "ponty.core",
        "Alias": "ponty.request",
        "Annotation": "ponty.request",
        "Answer": "ponty.request",
        "ApiKey": "ponty.request",
        "BACKGROUND_TASKS": "ponty.core",
        "BackgroundTasks": "ponty.core",
        "BasicCredentials": "ponty.request",
        "BearerToken": "ponty.request",
        "BodyStream": "ponty.request",
        "Change": "ponty.request",
        "ContentLength": "ponty.request",
        "ContentType": "ponty.request",
        "Cookie": "ponty.request",
        "Credentials": "ponty.request",
        "Description": "ponty.request",
        "DoesNotExist": "ponty.core",
        "Endpoint": "ponty.request",
        "Envelope": "ponty.core",
        "ErrorAnswer": "ponty.core",
        "Event": "ponty.core",
        "Fault": "ponty.core",
        "Field": "ponty.request",
        "Header": "ponty.request",
        "HeldAnswer": "ponty.core",
        "Hub": "ponty.core",
        "IDEMPOTENCY": "ponty.core",
        "Idempotency": "ponty.core",
        "IdempotencyKeyInUse": "ponty.core",
        "IdempotencyKeyReused": "ponty.core",
        "IdempotencyStore": "ponty.core",
        "IfMatch": "ponty.request",
        "InvalidField": "ponty.request",
        "Items": "ponty.request",
        "Json": "ponty.request",
        "JsonBody": "ponty.request",
        "Lagged": "ponty.core",
        "LastEventId": "ponty.request",
        "Limits": "ponty.core",
        "Location": "ponty.core",
        "NotSendable": "ponty.request",
        "OutcomeUnknown": "ponty.core",
        "Outgoing": "ponty.request",
        "ParsedForm": "ponty.request",
        "ParsedJsonBody": "ponty.request",
        "ParsedQuery": "ponty.request",
        "PontyError": "ponty.core",
        "PosIntQueryParameter": "ponty.request",
        "PosIntRouteParameter": "ponty.request",
        "Precondition": "ponty.request",
        "Provided": "ponty.request",
        "Provider": "ponty.core",
        "QueryParameter": "ponty.request",
        "Reply": "ponty.core",
        "Request": "ponty.request",
        "Route": "ponty.core",
        "RouteParameter": "ponty.request",
        "Routes": "ponty.core",
        "Scoped": "ponty.request",
        "Serving": "ponty.core",
        "Socket": "ponty.request",
        "SocketClosed": "ponty.request",
        "StringQueryParameter": "ponty.request",
        "StringRouteParameter": "ponty.request",
        "TextBody": "ponty.request",
        "TooManyTasks": "ponty.core",
        "UNSET": "ponty.request",
        "UnexpectedAnswer": "ponty.request",
        "UnsetType": "ponty.request",
        "Upload": "ponty.request",
        "ValidatedJsonBody": "ponty.request",
        "ValidationError": "ponty.core",
        "Violation": "ponty.request",
        "accept_socket": "ponty.request",
        "answer_drift": "ponty.core",
        "api_docs": "ponty.request",
        "app_runner": "ponty.core",
        "background_tasks": "ponty.core",
        "build_app": "ponty.core",
        "cache_events": "ponty.core",
        "changes_between": "ponty.request",
        "conforms_to": "ponty.request",
        "cors": "ponty.core",
        "current_request_id": "ponty.core",
        "dataclass_to_jsonschema": "ponty.request",
        "deadlines": "ponty.core",
        "delete": "ponty.core",
        "encode_as": "ponty.core",
        "encode_json": "ponty.core",
        "etag_matches": "ponty.core",
        "etag_of": "ponty.core",
        "expect": "ponty.request",
        "get": "ponty.core",
        "handle": "ponty.request",
        "health": "ponty.core",
        "http_client_provider": "ponty.core",
        "idempotent": "ponty.core",
        "intercept_serving": "ponty.core",
        "json_logs": "ponty.core",
        "json_response": "ponty.core",
        "lease_http_client": "ponty.core",
        "metrics": "ponty.core",
        "openapi": "ponty.request",
        "patch": "ponty.core",
        "post": "ponty.core",
        "put": "ponty.core",
        "raise_status": "ponty.core",
        "remaining_seconds": "ponty.core",
        "render_csv": "ponty.core",
        "render_events": "ponty.core",
        "render_json": "ponty.core",
        "render_lines": "ponty.core",
        "request_ids": "ponty.core",
        "retry": "ponty.core",
        "route": "ponty.core",
        "route_iter": "ponty.core",
        "routes": "ponty.core",
        "routes_of": "ponty.core",
        "security_headers": "ponty.core",
        "serve": "ponty.core",
        "serve_async": "ponty.core",
        "startmeup": "ponty.core",
        "tracing": "ponty.core",
        "trusted_proxies": "ponty.core",
        "websocket": "ponty.core",
        "when_stopping": "ponty.core",
    }

    def __getattr__(name: str) -> object:
        home = _HOMES.get(name)
        if home is None:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        # Imports make no garbage, and to look for it would take a tenth of their time.
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
    "UNSET",
    "AIOHttpReq",
    "Admission",
    "Alias",
    "Annotation",
    "Answer",
    "ApiKey",
    "BackgroundTasks",
    "BasicCredentials",
    "BearerToken",
    "BodyStream",
    "Change",
    "ContentLength",
    "ContentType",
    "Cookie",
    "Credentials",
    "Description",
    "DoesNotExist",
    "Endpoint",
    "Envelope",
    "ErrorAnswer",
    "Event",
    "Fault",
    "Field",
    "Header",
    "HeldAnswer",
    "Hub",
    "Idempotency",
    "IdempotencyKeyInUse",
    "IdempotencyKeyReused",
    "IdempotencyStore",
    "IfMatch",
    "InvalidField",
    "Items",
    "Json",
    "JsonBody",
    "Lagged",
    "LastEventId",
    "Limits",
    "Location",
    "NotSendable",
    "OutcomeUnknown",
    "Outgoing",
    "ParsedForm",
    "ParsedJsonBody",
    "ParsedQuery",
    "PontyError",
    "PosIntQueryParameter",
    "PosIntRouteParameter",
    "Precondition",
    "Provided",
    "Provider",
    "QueryParameter",
    "Reply",
    "Request",
    "Route",
    "RouteParameter",
    "Routes",
    "Scoped",
    "Serving",
    "Socket",
    "SocketClosed",
    "StringQueryParameter",
    "StringRouteParameter",
    "TextBody",
    "TooManyTasks",
    "UnexpectedAnswer",
    "UnsetType",
    "Upload",
    "ValidatedJsonBody",
    "ValidationError",
    "Violation",
    "accept_socket",
    "answer_drift",
    "api_docs",
    "app_runner",
    "background_tasks",
    "build_app",
    "cache_events",
    "changes_between",
    "conforms_to",
    "cors",
    "current_request_id",
    "dataclass_to_jsonschema",
    "deadlines",
    "delete",
    "encode_as",
    "encode_json",
    "etag_matches",
    "etag_of",
    "expect",
    "get",
    "handle",
    "health",
    "http_client_provider",
    "idempotent",
    "intercept_serving",
    "json_logs",
    "json_response",
    "lease_http_client",
    "metrics",
    "openapi",
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
