"""The keywords of JSON Schema that look at one value alone, not at what is in it.

Numbers are compared as they are written, as jsonschema-rs compares them: `1e30` is 10 to the 30th, although the float
nearest to it is not.
"""

import decimal
import fractions
import operator
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


def _bound(goes_by: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    return lambda limit, value: _is_number(value) and goes_by(as_written(value), as_written(limit))


BOUNDS: dict[str, Callable[[Any, Any], bool]] = {
    "exclusiveMaximum": _bound(operator.ge),
    "exclusiveMinimum": _bound(operator.le),
    "maximum": _bound(operator.gt),
    "minimum": _bound(operator.lt),
}

_VIOLATED: dict[str, Callable[[Any, Any], bool]] = {
    **BOUNDS,
    "const": lambda const, value: identity(const) != identity(value),
    "enum": lambda options, value: identity(value) not in map(identity, options),
    "maxItems": lambda limit, value: isinstance(value, list) and len(value) > limit,
    "maxLength": lambda limit, value: isinstance(value, str) and len(value) > limit,
    "maxProperties": lambda limit, value: isinstance(value, dict) and len(value) > limit,
    "minItems": lambda limit, value: isinstance(value, list) and len(value) < limit,
    "minLength": lambda limit, value: isinstance(value, str) and len(value) < limit,
    "minProperties": lambda limit, value: isinstance(value, dict) and len(value) < limit,
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


def as_written(number: float) -> int | float | decimal.Decimal:
    """Give the number that a text of JSON stands for; the float nearest to it may be another."""
    if isinstance(number, float) and not -_EXACT < number < _EXACT:
        return decimal.Decimal(repr(number))
    return number


_EXACT = 2**53
"""Below it, a float is compared with an integer as it is written."""


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
    number = as_written(value)
    return f"{int(number):x}" if number == int(number) else repr(value)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_multiple(value: float, factor: float) -> bool:
    """Divide the numbers as they are written: 0.3 is a multiple of 0.1."""
    return (_fraction(value) / _fraction(factor)).denominator == 1


def _fraction(number: float) -> fractions.Fraction:
    return fractions.Fraction(number if isinstance(number, int) else repr(number))
