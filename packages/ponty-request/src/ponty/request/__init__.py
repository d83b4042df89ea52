"""Typed and validated requests: a request is a class of fields, and `expect` fills it before the handler runs."""

from ponty.request.annotation import Annotation
from ponty.request.body import JsonBody, ParsedJsonBody, TextBody, ValidatedJsonBody
from ponty.request.cookie import Cookie
from ponty.request.decoding import Json
from ponty.request.field import Description, Field, InvalidField
from ponty.request.header import ContentLength, ContentType, Header
from ponty.request.query import PosIntQueryParameter, QueryParameter, StringQueryParameter
from ponty.request.request import Request, expect
from ponty.request.route import PosIntRouteParameter, RouteParameter, StringRouteParameter
from ponty.request.schema import dataclass_to_jsonschema
from ponty.request.whole import AIOHttpReq

__all__ = [
    "AIOHttpReq",
    "Annotation",
    "ContentLength",
    "ContentType",
    "Cookie",
    "Description",
    "Field",
    "Header",
    "InvalidField",
    "Json",
    "JsonBody",
    "ParsedJsonBody",
    "PosIntQueryParameter",
    "PosIntRouteParameter",
    "QueryParameter",
    "Request",
    "RouteParameter",
    "StringQueryParameter",
    "StringRouteParameter",
    "TextBody",
    "ValidatedJsonBody",
    "dataclass_to_jsonschema",
    "expect",
]
