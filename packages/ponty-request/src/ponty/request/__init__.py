"""Typed and validated requests: a request is a class of fields, and `expect` fills it before the handler runs.

::

    at import   request, a class of fields ──┬── binding, to a handler; sockets, to a conversation
                                             ├── client, to the other end
                                             └── description ── differences, between two of them
    a request   binding ── fields ──┬── texts ───────────────────────────────────────────┬──> values, or errors
                                    └── content ── parsing, forms, large ── validation ──┘
"""

import gc
import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from msgspec import UNSET, UnsetType

    from ponty.request.binding.expect import expect
    from ponty.request.binding.handle import handle
    from ponty.request.client.answers import Answer
    from ponty.request.client.endpoint import Endpoint
    from ponty.request.client.errors import NotSendable, UnexpectedAnswer
    from ponty.request.client.items import Items
    from ponty.request.content.json_decoder import Json
    from ponty.request.description.document import openapi
    from ponty.request.description.pages.table import api_docs
    from ponty.request.differences.change import Change
    from ponty.request.differences.documents import changes_between, conforms_to
    from ponty.request.errors import InvalidField, Violation
    from ponty.request.fields.base import Description, Field
    from ponty.request.fields.bodies.form import ParsedForm
    from ponty.request.fields.bodies.json_body import JsonBody, ValidatedJsonBody
    from ponty.request.fields.bodies.parsed_json_body import ParsedJsonBody
    from ponty.request.fields.bodies.stream import BodyStream
    from ponty.request.fields.bodies.text_body import TextBody
    from ponty.request.fields.guards.api_key import ApiKey
    from ponty.request.fields.guards.basic_credentials import BasicCredentials, Credentials
    from ponty.request.fields.guards.bearer_token import BearerToken
    from ponty.request.fields.outgoing import Outgoing
    from ponty.request.fields.parameters.cookie import Cookie
    from ponty.request.fields.parameters.header import ContentLength, ContentType, Header
    from ponty.request.fields.parameters.if_match import IfMatch, Precondition
    from ponty.request.fields.parameters.last_event_id import LastEventId
    from ponty.request.fields.parameters.parsed_query import ParsedQuery
    from ponty.request.fields.parameters.path import PosIntRouteParameter, RouteParameter, StringRouteParameter
    from ponty.request.fields.parameters.query import PosIntQueryParameter, QueryParameter, StringQueryParameter
    from ponty.request.fields.provided import Provided
    from ponty.request.fields.raw import AIOHttpReq
    from ponty.request.fields.scoped import Scoped
    from ponty.request.forms.upload import Upload
    from ponty.request.parsing.annotations.annotation import Annotation
    from ponty.request.parsing.annotations.json_names import Alias
    from ponty.request.parsing.parser import dataclass_to_jsonschema
    from ponty.request.request import Request
    from ponty.request.sockets.accept import accept_socket
    from ponty.request.sockets.socket import Socket, SocketClosed
else:
    # Each name is imported when it is first used, so that a program loads only the modules that it needs.
    _HOMES = {
        "AIOHttpReq": "ponty.request.fields.raw",
        "Alias": "ponty.request.parsing.annotations.json_names",
        "Annotation": "ponty.request.parsing.annotations.annotation",
        "Answer": "ponty.request.client.answers",
        "ApiKey": "ponty.request.fields.guards.api_key",
        "BasicCredentials": "ponty.request.fields.guards.basic_credentials",
        "BearerToken": "ponty.request.fields.guards.bearer_token",
        "BodyStream": "ponty.request.fields.bodies.stream",
        "Change": "ponty.request.differences.change",
        "ContentLength": "ponty.request.fields.parameters.header",
        "ContentType": "ponty.request.fields.parameters.header",
        "Cookie": "ponty.request.fields.parameters.cookie",
        "Credentials": "ponty.request.fields.guards.basic_credentials",
        "Description": "ponty.request.fields.base",
        "Endpoint": "ponty.request.client.endpoint",
        "Field": "ponty.request.fields.base",
        "Header": "ponty.request.fields.parameters.header",
        "IfMatch": "ponty.request.fields.parameters.if_match",
        "InvalidField": "ponty.request.errors",
        "Items": "ponty.request.client.items",
        "Json": "ponty.request.content.json_decoder",
        "JsonBody": "ponty.request.fields.bodies.json_body",
        "LastEventId": "ponty.request.fields.parameters.last_event_id",
        "NotSendable": "ponty.request.client.errors",
        "Outgoing": "ponty.request.fields.outgoing",
        "ParsedForm": "ponty.request.fields.bodies.form",
        "ParsedJsonBody": "ponty.request.fields.bodies.parsed_json_body",
        "ParsedQuery": "ponty.request.fields.parameters.parsed_query",
        "PosIntQueryParameter": "ponty.request.fields.parameters.query",
        "PosIntRouteParameter": "ponty.request.fields.parameters.path",
        "Precondition": "ponty.request.fields.parameters.if_match",
        "Provided": "ponty.request.fields.provided",
        "QueryParameter": "ponty.request.fields.parameters.query",
        "Request": "ponty.request.request",
        "RouteParameter": "ponty.request.fields.parameters.path",
        "Scoped": "ponty.request.fields.scoped",
        "Socket": "ponty.request.sockets.socket",
        "SocketClosed": "ponty.request.sockets.socket",
        "StringQueryParameter": "ponty.request.fields.parameters.query",
        "StringRouteParameter": "ponty.request.fields.parameters.path",
        "TextBody": "ponty.request.fields.bodies.text_body",
        "UNSET": "msgspec",
        "UnexpectedAnswer": "ponty.request.client.errors",
        "UnsetType": "msgspec",
        "Upload": "ponty.request.forms.upload",
        "ValidatedJsonBody": "ponty.request.fields.bodies.json_body",
        "Violation": "ponty.request.errors",
        "accept_socket": "ponty.request.sockets.accept",
        "api_docs": "ponty.request.description.pages.table",
        "changes_between": "ponty.request.differences.documents",
        "conforms_to": "ponty.request.differences.documents",
        "dataclass_to_jsonschema": "ponty.request.parsing.parser",
        "expect": "ponty.request.binding.expect",
        "handle": "ponty.request.binding.handle",
        "openapi": "ponty.request.description.document",
    }

    def __getattr__(name: str) -> object:
        home = _HOMES.get(name)
        if home is None:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        # Importing makes no garbage, and the search for it would add a tenth to the time.
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
    "UNSET",
    "AIOHttpReq",
    "Alias",
    "Annotation",
    "Answer",
    "ApiKey",
    "BasicCredentials",
    "BearerToken",
    "BodyStream",
    "Change",
    "ContentLength",
    "ContentType",
    "Cookie",
    "Credentials",
    "Description",
    "Endpoint",
    "Field",
    "Header",
    "IfMatch",
    "InvalidField",
    "Items",
    "Json",
    "JsonBody",
    "LastEventId",
    "NotSendable",
    "Outgoing",
    "ParsedForm",
    "ParsedJsonBody",
    "ParsedQuery",
    "PosIntQueryParameter",
    "PosIntRouteParameter",
    "Precondition",
    "Provided",
    "QueryParameter",
    "Request",
    "RouteParameter",
    "Scoped",
    "Socket",
    "SocketClosed",
    "StringQueryParameter",
    "StringRouteParameter",
    "TextBody",
    "UnexpectedAnswer",
    "UnsetType",
    "Upload",
    "ValidatedJsonBody",
    "Violation",
    "accept_socket",
    "api_docs",
    "changes_between",
    "conforms_to",
    "dataclass_to_jsonschema",
    "expect",
    "handle",
    "openapi",
]
