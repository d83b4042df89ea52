"""Schemas that can surely be compiled, known without compiling them.

Schemas that are made from types consist of a few keywords, whose values are as they must be. What a program adds may be
anything, above all a pattern that is not valid; a schema with such a keyword must be compiled to find out.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import msgspec


def is_surely_valid(schema: Mapping[str, Any]) -> bool:
    """Return whether a schema of the default dialect surely is valid, and can be compiled.

    ::

        assert is_surely_valid({"type": "array", "items": {"type": "integer", "minimum": 1}})
        assert not is_surely_valid({"type": "string", "pattern": "("})
        assert not is_surely_valid({"type": "string", "pattern": "a"})  # it is valid, but patterns are not checked
        assert not is_surely_valid({"properties": {"next": {"$ref": "#/$defs/Missing"}}})
    """
    references = {"#", *(f"#/$defs/{name}" for name in schema.get("$defs", ()))}
    left: list[Any] = [schema]
    for each in left:
        if type(each) is bool:
            continue
        if type(each) is not dict:
            return False
        for keyword, value in each.items():
            if keyword == "type" and type(value) is str and value in _TYPES:
                continue  # most schemas have nothing else
            if keyword == "$ref" and type(value) is str and value in references:
                continue
            if (below := _schemas_of(keyword, value)) is not None:
                left += below
            elif not _SURE.get(keyword, _is_unsure)(value):
                return False
    return True


def _schemas_of(keyword: str, value: Any) -> Iterable[Any] | None:
    """Return the values within a keyword's that must be schemas; None if there are none, or it has another form."""
    if keyword in _ONE:
        return (value,)
    if keyword in _NAMED and type(value) is dict and all(map(_is_text, value)):
        return value.values()
    return value if keyword in _LISTS and type(value) is list and value else None


def _is_unsure(_: Any) -> bool:
    return False


def _is_text(value: Any) -> bool:
    return type(value) is str and (value.isascii() or _is_json(value))


def _is_flag(value: Any) -> bool:
    return type(value) is bool


def _is_number(value: Any) -> bool:
    return type(value) in {int, float} and -_EXACT < value < _EXACT


def _is_size(value: Any) -> bool:
    return type(value) is int and 0 <= value < _EXACT


def _are_types(value: Any) -> bool:
    names = value if type(value) is list else [value]
    return bool(names) and _are_names(names) and _TYPES.issuperset(names)


def _are_names(value: Any) -> bool:
    return type(value) is list and all(map(_is_text, value)) and len({*value}) == len(value)


def _are_values(value: Any) -> bool:
    return type(value) is list and _is_json(value)


def _is_json(value: Any) -> bool:
    try:
        msgspec.json.encode(value)
    except (TypeError, ValueError, OverflowError, RecursionError):
        return False
    return True


_EXACT = 2**53
_TYPES = frozenset({"string", "integer", "number", "boolean", "null", "array", "object"})

_ONE = frozenset({"additionalProperties", "items"})
_NAMED = frozenset({"$defs", "properties"})
_LISTS = frozenset({"anyOf", "prefixItems"})

_SURE: dict[str, Callable[[Any], bool]] = {
    "type": _are_types,
    "required": _are_names,
    "default": _is_json,
    **dict.fromkeys(("enum", "examples", "x-enum-varnames"), _are_values),
    **dict.fromkeys(("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"), _is_number),
    **dict.fromkeys(("minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties"), _is_size),
    **dict.fromkeys(("$comment", "$schema", "contentEncoding", "description", "format", "title"), _is_text),
    **dict.fromkeys(("deprecated", "readOnly", "uniqueItems", "writeOnly"), _is_flag),
}
