"""References within a document, and the normal form in which schemas are compared."""

import urllib.parse
from collections.abc import Mapping
from typing import Any

import msgspec

from ponty.request.differences.change import Json

SILENT = frozenset(
    {
        *("$comment", "$schema", "$defs", "definitions", "$id", "default", "deprecated", "description", "example"),
        *("examples", "externalDocs", "readOnly", "title", "writeOnly", "xml"),
    }
)
"""Keywords that constrain no value."""

_TYPES: Mapping[type, str] = {
    bool: "boolean",
    int: "integer",
    float: "number",
    str: "string",
    list: "array",
    dict: "object",
    type(None): "null",
}


def reference(value: Json) -> str:
    """Return the reference in a value; an empty text if the value is no reference."""
    return str(value.get("$ref", "")) if isinstance(value, dict) else ""


def followed(document: Mapping[str, Any], value: Json) -> Json:
    """Follow a reference within the document, and those that it leads to; one that leads nowhere is returned itself."""
    for _ in range(32):
        if not reference(value).startswith("#"):
            return value
        target: Json = document
        try:
            for step in urllib.parse.unquote(value["$ref"]).removeprefix("#").split("/")[1:]:
                name = step.replace("~1", "/").replace("~0", "~")
                target = target[int(name) if isinstance(target, list) else name]
        except (LookupError, TypeError, ValueError):
            return value
        value = target
    return value


def known(value: object) -> str:
    """Return a value as a text, for comparisons and for messages; equal values have equal texts."""
    return msgspec.json.encode(value, order="sorted").decode()


def asserted(schema: Mapping[str, Any]) -> set[str]:
    """Return the keywords of a schema that constrain values."""
    return {keyword for keyword in schema if keyword not in SILENT and not keyword.startswith("x-")}


def normal(document: Mapping[str, Any], schema: Json) -> Json:
    """Return a schema in its normal form, or False if no value is valid.

    References are followed, types are a list, a const is an enum, an enum without a type has the types of its values,
    and the special notations of OpenAPI 3.0 are replaced by those of JSON Schema.
    """
    made = _merged(document, schema)
    if made is False or not isinstance(made, dict):
        return False if made is False else {}
    made = dict(made)
    if "const" in made:
        value = made.pop("const")
        made["enum"] = [each for each in made.get("enum", [value]) if known(each) == known(value)]
    if isinstance(made.get("type"), str):
        made["type"] = [made["type"]]
    elif "type" not in made and "enum" in made:
        made["type"] = sorted({_TYPES[type(value)] for value in made["enum"]})
    if made.pop("nullable", False) and "type" in made:
        made["type"] = [*made["type"], "null"]
    for keyword, bound in (("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")):
        if isinstance(made.get(keyword), bool) and made.pop(keyword) and bound in made:
            made[keyword] = made.pop(bound)
    return made


def _merged(document: Mapping[str, Any], schema: Json) -> Json:
    """Follow the reference of a schema, and keep the keywords beside it."""
    target = followed(document, schema)
    if target is not schema and isinstance(target, dict):
        beside = {keyword: value for keyword, value in schema.items() if keyword != "$ref"}
        if asserted(beside):
            return {**beside, "allOf": [{"$ref": schema["$ref"]}, *beside.get("allOf", ())]}
        return {**target, **beside} if beside else target
    return target


def conjunction(document: Mapping[str, Any], schema: Json) -> list[Json]:
    """Return the schemas that a schema with allOf is made of, without those that constrain no value."""
    rest = {keyword: value for keyword, value in schema.items() if keyword != "allOf"}
    parts = [rest] if asserted(rest) else []
    for member in schema.get("allOf", ()):
        inner = normal(document, member)
        if inner is not False and "allOf" in inner:
            parts += conjunction(document, inner)
        elif inner is False or asserted(inner):
            parts.append(member)
    return parts
