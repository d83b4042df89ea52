"""What is wrong with a value, in words for people and in a code for programs: one catalogue of both.

The words contain what the schema says, and nothing of the value. The code is the keyword that the value violates.
"""

import json
from collections.abc import Callable
from typing import Any, NamedTuple

from ponty.request.validation.schemas.formats import EXPECTED

_MAX_LENGTH = 200

TEXTS: dict[str, Callable[[Any], str]] = {
    "additionalProperties": lambda _: "additional properties are not allowed",
    "anyOf": lambda _: "is not valid under any of the allowed schemas",
    "const": lambda value: f"is not {_quote(value)}",
    "contains": lambda _: "does not contain a matching item",
    "dependentRequired": lambda name: f"is required beside {_quote(name)}",
    "enum": lambda values: f"is not one of {', '.join(map(_quote, values))}",
    "exclusiveMaximum": lambda limit: f"is not less than the exclusive maximum of {_quote(limit)}",
    "exclusiveMinimum": lambda limit: f"is not greater than the exclusive minimum of {_quote(limit)}",
    "false": lambda _: "is not allowed",
    "format": lambda name: f"must be {EXPECTED[name]}" if name in EXPECTED else f"is not of the format {_quote(name)}",
    "items": lambda _: "is an additional item, which is not allowed",
    "maxContains": lambda limit: f"contains more than {limit} matching items",
    "maxItems": lambda limit: f"has more than {limit} items",
    "maxLength": lambda limit: f"is longer than {limit} characters",
    "maxProperties": lambda limit: f"has more than {limit} properties",
    "maximum": lambda limit: f"is greater than the maximum of {_quote(limit)}",
    "minContains": lambda limit: f"contains fewer than {limit} matching items",
    "minItems": lambda limit: f"has fewer than {limit} items",
    "minLength": lambda limit: f"is shorter than {limit} character{'s' if limit != 1 else ''}",
    "minProperties": lambda limit: f"has fewer than {limit} properties",
    "minimum": lambda limit: f"is less than the minimum of {_quote(limit)}",
    "multipleOf": lambda factor: f"is not a multiple of {_quote(factor)}",
    "not": lambda _: "matches a schema that it must not match",
    "oneOf": lambda _: "is valid under more than one of the allowed schemas",
    "pattern": lambda pattern: f"does not match {_quote(pattern)}",
    "propertyNames": lambda _: "has a property whose name is not valid",
    "required": lambda _: "is required",
    "type": lambda types: f"is not of type {', '.join(map(_quote, [types] if isinstance(types, str) else types))}",
    "unevaluatedItems": lambda _: "unevaluated items are not allowed",
    "unevaluatedProperties": lambda _: "unevaluated properties are not allowed",
    "uniqueItems": lambda _: "has items that are not unique",
}
"""The words for each keyword, by its value in the schema."""


class Reason(NamedTuple):
    """A fault of a value, without its place."""

    detail: str
    """What is wrong, in words."""

    code: str
    """The kind of fault, for programs."""


NOT_VALID = Reason("is not valid", "invalid")


def reason(keyword: str, value: object) -> Reason:
    """Return the reason for which a value that violates `keyword` is refused.

    Args:
        keyword: The keyword of the schema.
        value: The keyword's value there; for `dependentRequired`, the property that requires the other one.
    """
    if keyword not in TEXTS:
        return NOT_VALID
    text = TEXTS[keyword](value)
    return Reason(text if len(text) <= _MAX_LENGTH else f"{text[:_MAX_LENGTH]}…", keyword)


def _quote(value: object) -> str:
    return f"'{value}'" if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
