"""The keywords of JSON Schema that look at one value alone, not at what is in it."""

import fractions
from collections.abc import Callable
from typing import Any

IsViolated = Callable[[Any], bool]
IsValid = Callable[[object], bool]
Matches = Callable[[str], bool]

_TYPES: dict[str, frozenset[type]] = {
    "array": frozenset({list}),
    "boolean": frozenset({bool}),
    "integer": frozenset({int}),
    "null": frozenset({type(None)}),
    "number": frozenset({int, float}),
    "object": frozenset({dict}),
    "string": frozenset({str}),
}


_VIOLATED: dict[str, Callable[[Any, Any], bool]] = {
    "const": lambda const, value: identity(const) != identity(value),
    "enum": lambda options, value: identity(value) not in map(identity, options),
    "exclusiveMaximum": lambda limit, value: _is_number(value) and value >= limit,
    "exclusiveMinimum": lambda limit, value: _is_number(value) and value <= limit,
    "maxItems": lambda limit, value: isinstance(value, list) and len(value) > limit,
    "maxLength": lambda limit, value: isinstance(value, str) and len(value) > limit,
    "maxProperties": lambda limit, value: isinstance(value, dict) and len(value) > limit,
    "maximum": lambda limit, value: _is_number(value) and value > limit,
    "minItems": lambda limit, value: isinstance(value, list) and len(value) < limit,
    "minLength": lambda limit, value: isinstance(value, str) and len(value) < limit,
    "minProperties": lambda limit, value: isinstance(value, dict) and len(value) < limit,
    "minimum": lambda limit, value: _is_number(value) and value < limit,
    "multipleOf": lambda factor, value: _is_number(value) and not _is_multiple(value, factor),
    "uniqueItems": lambda wanted, value: (
        wanted and isinstance(value, list) and len(set(map(identity, value))) < len(value)
    ),
}

ASSERTIONS: frozenset[str] = frozenset({"type", *_VIOLATED})
"""The names of these keywords."""


def is_violated(keyword: str, argument: Any) -> IsViolated:
    """Make what tells whether a value violates one of these keywords."""
    if keyword == "type":
        return _is_of_another_type([argument] if isinstance(argument, str) else argument)
    violated = _VIOLATED[keyword]
    return lambda value: violated(argument, value)


def _is_of_another_type(kinds: list[str]) -> IsViolated:
    types = frozenset(tp for kind in kinds for tp in _TYPES[kind])
    if "integer" in kinds and "number" not in kinds:
        return lambda value: type(value) not in types and not (type(value) is float and value.is_integer())
    return lambda value: type(value) not in types


def identity(value: Any) -> str:
    """Write what is the same for values that are equal in JSON, where 1 is 1.0 but not true.

    It is a text, since the hash of a text holds a secret: see `ponty.request.collisions`.
    """
    if isinstance(value, str):
        return f"{len(value)}:{value}"
    if isinstance(value, dict):
        return f"{{{','.join(sorted([f'{identity(name)}{identity(element)}' for name, element in value.items()]))}}}"
    if isinstance(value, list):
        return f"[{','.join(map(identity, value))}]"
    if isinstance(value, bool) or value is None:
        return str(value)
    return f"{int(value):x}" if value == int(value) else repr(value)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_multiple(value: float, factor: float) -> bool:
    """Divide the numbers as they are written: 0.3 is a multiple of 0.1."""
    return (_fraction(value) / _fraction(factor)).denominator == 1


def _fraction(number: float) -> fractions.Fraction:
    return fractions.Fraction(number if isinstance(number, int) else repr(number))
