"""What the JSON type of a value alone tells of it under a schema: of most values, all there is to tell."""

from typing import Any, NamedTuple

from ponty.request.validation.assertions import ALL_TYPES, types_of
from ponty.request.validation.messages import message
from ponty.request.validation.plain import SILENT

_NONE: frozenset[type] = frozenset()
_NUMBERS, _TEXT, _ARRAYS, _OBJECTS = (types_of(kind) for kind in ("number", "string", "array", "object"))

_LOOKS_AT: dict[str, frozenset[type]] = {
    **dict.fromkeys(["exclusiveMaximum", "exclusiveMinimum", "maximum", "minimum", "multipleOf"], _NUMBERS),
    **dict.fromkeys(["format", "maxLength", "minLength", "pattern"], _TEXT),
    **dict.fromkeys(["items", "maxItems", "minItems", "prefixItems", "uniqueItems"], _ARRAYS),
    **dict.fromkeys(["additionalProperties", "maxProperties", "minProperties", "properties", "required"], _OBJECTS),
}
"""The keywords that look at values of one kind only; any other one may look at all."""


class Outlook(NamedTuple):
    """What a schema says of values of each type.

    The types are Python's, which `decode_json` makes.
    """

    valid: frozenset[type]
    """Every value of these types is valid."""
    asked: frozenset[type]
    """Of a value of these types, the schema has more to say."""
    wrong: str
    """What is wrong with any other value; nothing else is."""


UNTOLD = Outlook(_NONE, ALL_TYPES, "")
"""What says nothing."""


def never(wrong: str) -> Outlook:
    """Say the same of every value."""
    return Outlook(_NONE, _NONE, wrong)


def outlook(schema: Any) -> Outlook:
    """Give what a plain schema (see `ponty.request.validation.plain`) says of values of each type."""
    if not isinstance(schema, dict):
        return Outlook(ALL_TYPES, _NONE, "") if schema else never(message("false", None))
    looked_at = _NONE.union(*(_LOOKS_AT.get(keyword, ALL_TYPES) for keyword in schema.keys() - SILENT - {"type"}))
    kinds = schema.get("type", [])
    types = types_of(kinds) if kinds else ALL_TYPES
    valid = types - looked_at
    possible = types | _NUMBERS if "integer" in kinds else types  # 1.0 is one
    if not (kinds and looked_at <= possible):
        return Outlook(valid, ALL_TYPES - valid, "")
    return Outlook(valid, possible - valid, message("type", kinds))
