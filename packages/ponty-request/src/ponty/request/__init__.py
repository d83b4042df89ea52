"""Typed and validated requests: a request is a class of fields, and `expect` fills it before the handler runs."""

import gc
import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from msgspec import UNSET, UnsetType

    from ponty.request.binding import expect
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
    from ponty.request.fields.body import JsonBody, ParsedJsonBody, TextBody, ValidatedJsonBody
    from ponty.request.fields.cookie import Cookie
    from ponty.request.fields.form import ParsedForm
    from ponty.request.fields.guards import ApiKey, BasicCredentials, BearerToken, Credentials
    from ponty.request.fields.header import ContentLength, ContentType, Header
    from ponty.request.fields.if_match import IfMatch, Precondition
    from ponty.request.fields.last_event_id import LastEventId
    from ponty.request.fields.parsed_query import ParsedQuery
    from ponty.request.fields.path import PosIntRouteParameter, RouteParameter, StringRouteParameter
    from ponty.request.fields.provided import Provided
    from ponty.request.fields.query import PosIntQueryParameter, QueryParameter, StringQueryParameter
    from ponty.request.fields.raw import AIOHttpReq
    from ponty.request.fields.scoped import Scoped
    from ponty.request.fields.stream import BodyStream
    from ponty.request.forms.upload import Upload
    from ponty.request.handling import handle
    from ponty.request.outgoing import Outgoing
    from ponty.request.parsing.annotations.annotation import Annotation
    from ponty.request.parsing.annotations.json_names import Alias
    from ponty.request.parsing.parser import dataclass_to_jsonschema
    from ponty.request.request import Request
    from ponty.request.sockets.accept import accept_socket
    from ponty.request.sockets.socket import Socket, SocketClosed
else:
    # Each is imported when it is first used, so that a program starts with what it uses alone.
    _HOMES = {
        "AIOHttpReq": "ponty.request.fields.raw",
        "Alias": "ponty.request.parsing.annotations.json_names",
        "Annotation": "ponty.request.parsing.annotations.annotation",
        "Answer": "ponty.request.client.answers",
        "ApiKey": "ponty.request.fields.guards",
        "BasicCredentials": "ponty.request.fields.guards",
        "BearerToken": "ponty.request.fields.guards",
        "BodyStream": "ponty.request.fields.stream",
        "Change": "ponty.request.differences.change",
        "ContentLength": "ponty.request.fields.header",
        "ContentType": "ponty.request.fields.header",
        "Cookie": "ponty.request.fields.cookie",
        "Credentials": "ponty.request.fields.guards",
        "Description": "ponty.request.fields.base",
        "Endpoint": "ponty.request.client.endpoint",
        "Field": "ponty.request.fields.base",
        "Header": "ponty.request.fields.header",
        "IfMatch": "ponty.request.fields.if_match",
        "InvalidField": "ponty.request.errors",
        "Items": "ponty.request.client.items",
        "Json": "ponty.request.content.json_decoder",
        "JsonBody": "ponty.request.fields.body",
        "LastEventId": "ponty.request.fields.last_event_id",
        "NotSendable": "ponty.request.client.errors",
        "Outgoing": "ponty.request.outgoing",
        "ParsedForm": "ponty.request.fields.form",
        "ParsedJsonBody": "ponty.request.fields.body",
        "ParsedQuery": "ponty.request.fields.parsed_query",
        "PosIntQueryParameter": "ponty.request.fields.query",
        "PosIntRouteParameter": "ponty.request.fields.path",
        "Precondition": "ponty.request.fields.if_match",
        "Provided": "ponty.request.fields.provided",
        "QueryParameter": "ponty.request.fields.query",
        "Request": "ponty.request.request",
        "RouteParameter": "ponty.request.fields.path",
        "Scoped": "ponty.request.fields.scoped",
        "Socket": "ponty.request.sockets.socket",
        "SocketClosed": "ponty.request.sockets.socket",
        "StringQueryParameter": "ponty.request.fields.query",
        "StringRouteParameter": "ponty.request.fields.path",
        "TextBody": "ponty.request.fields.body",
        "UNSET": "msgspec",
        "UnexpectedAnswer": "ponty.request.client.errors",
        "UnsetType": "msgspec",
        "Upload": "ponty.request.forms.upload",
        "ValidatedJsonBody": "ponty.request.fields.body",
        "Violation": "ponty.request.errors",
        "accept_socket": "ponty.request.sockets.accept",
        "api_docs": "ponty.request.description.pages.table",
        "changes_between": "ponty.request.differences.documents",
        "conforms_to": "ponty.request.differences.documents",
        "dataclass_to_jsonschema": "ponty.request.parsing.parser",
        "expect": "ponty.request.binding",
        "handle": "ponty.request.handling",
        "openapi": "ponty.request.description.document",
    }

    def __getattr__(name: str) -> object:
        home = _HOMES.get(name)
        if home is None:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        # Of what modules are made of, nothing is garbage; to look for it takes a tenth of the time of importing them.
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
