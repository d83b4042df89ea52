"""Schemas that need not be compiled to know that they can be.

Those that are made of types consist of a few keywords, whose values are what they must be. What a program says besides
may be anything, a pattern that is none above all; a schema with such a keyword in it has to be compiled to tell.
"""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec


def is_surely_valid(schema: Mapping[str, Any]) -> bool:
    """Return whether a schema of the default dialect surely is one, and can be compiled.

    ::

        assert is_surely_valid({"type": "array", "items": {"type": "integer", "minimum": 1}})
        assert not is_surely_valid({"type": "string", "pattern": "("})
        assert not is_surely_valid({"type": "string", "pattern": "a"})  # it may be, but is not looked at
        assert not is_surely_valid({"properties": {"next": {"$ref": "#/$defs/Missing"}}})
    """
    definitions = schema.get("$defs", {})
    return _is_schema(schema, {"#", *(f"#/$defs/{name}" for name in definitions)})


def _is_schema(schema: Any, references: set[str]) -> bool:
    if type(schema) is not dict:
        return schema is True or schema is False
    for keyword, value in schema.items():
        is_sure = _SURE.get(keyword)
        if is_sure is None or not is_sure(value, references):
            return False
    return True


def _are_named(schemas: Any, references: set[str]) -> bool:
    return type(schemas) is dict and all(
        _is_text(name, references) and _is_schema(schema, references) for name, schema in schemas.items()
    )


def _are_listed(schemas: Any, references: set[str]) -> bool:
    return type(schemas) is list and bool(schemas) and all(_is_schema(schema, references) for schema in schemas)


def _is_reference(value: Any, references: set[str]) -> bool:
    return type(value) is str and value in references


def _is_text(value: Any, _: object) -> bool:
    return type(value) is str and (value.isascii() or _is_json(value, _))


def _is_flag(value: Any, _: object) -> bool:
    return type(value) is bool


def _is_number(value: Any, _: object) -> bool:
    return type(value) in {int, float} and -_EXACT < value < _EXACT


def _is_size(value: Any, _: object) -> bool:
    return type(value) is int and 0 <= value < _EXACT


def _are_types(value: Any, _: object) -> bool:
    names = value if type(value) is list else [value]
    return bool(names) and all(type(name) is str and name in _TYPES for name in names)


def _are_names(value: Any, _: object) -> bool:
    return type(value) is list and all(_is_text(name, _) for name in value) and len({*value}) == len(value)


def _are_values(value: Any, _: object) -> bool:
    return type(value) is list and _is_json(value, _)


def _is_json(value: Any, _: object) -> bool:
    try:
        msgspec.json.encode(value)
    except (TypeError, ValueError, OverflowError, RecursionError):
        return False
    return True


_EXACT = 2**53
_TYPES = frozenset({"string", "integer", "number", "boolean", "null", "array", "object"})

_SURE: dict[str, Callable[[Any, set[str]], bool]] = {
    "$ref": _is_reference,
    "type": _are_types,
    "required": _are_names,
    "enum": _are_values,
    "examples": _are_values,
    "x-enum-varnames": _are_values,
    "default": _is_json,
    **dict.fromkeys(("additionalProperties", "items"), _is_schema),
    **dict.fromkeys(("$defs", "properties"), _are_named),
    **dict.fromkeys(("anyOf", "prefixItems"), _are_listed),
    **dict.fromkeys(("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"), _is_number),
    **dict.fromkeys(("minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties"), _is_size),
    **dict.fromkeys(("$comment", "$schema", "contentEncoding", "description", "format", "title"), _is_text),
    **dict.fromkeys(("deprecated", "readOnly", "uniqueItems", "writeOnly"), _is_flag),
}
