"""The keywords of JSON Schema that look at one value alone, not at what is in it."""

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


ALL_TYPES: frozenset[type] = frozenset[type]().union(*_TYPES.values())
"""The Python types of JSON values."""


def types_of(kinds: str | list[str]) -> frozenset[type]:
    """Give the Python types of the values that are of one of these JSON types; a float that is an integer apart."""
    return frozenset(tp for kind in ([kinds] if isinstance(kinds, str) else kinds) for tp in _TYPES[kind])


def _is_none_of(options: list[Any]) -> IsViolated:
    known = frozenset(map(identity, options))
    return lambda value: identity(value) not in known


def _has_doubles(value: Any) -> bool:
    return isinstance(value, list) and len(set(map(identity, value))) < len(value)


def _never(_: Any) -> bool:
    return False


def _is_of_another_type(kinds: str | list[str]) -> IsViolated:
    types = types_of(kinds)
    if "integer" in kinds and "number" not in kinds:
        return lambda value: type(value) not in types and not (type(value) is float and value.is_integer())
    return lambda value: type(value) not in types


def identity(value: Any) -> str:
    """Write what is the same for values that are equal in JSON, where 1 is 1.0 but not true.

    It is a text, since the hash of a text holds a secret: see `ponty.request.parsing.hash_flooding`.
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


def _is_multiple_of(factor: float) -> Callable[[float], bool]:
    """Divide the numbers as they are written: 0.3 is a multiple of 0.1."""
    from fractions import Fraction  # noqa: PLC0415 - few schemas need it, and it imports much

    def fraction(number: float) -> Fraction:
        return Fraction(number if isinstance(number, int) else repr(number))

    divisor = fraction(factor)
    return lambda value: (fraction(value) / divisor).denominator == 1


def _is_no_multiple(factor: float) -> IsViolated:
    is_multiple = _is_multiple_of(factor)
    return lambda value: type(value) in _NUMBERS and not is_multiple(value)


_NUMBERS = _TYPES["number"]

_MAKERS: dict[str, Callable[[Any], IsViolated]] = {
    "const": lambda const: _is_none_of([const]),
    "enum": _is_none_of,
    "exclusiveMaximum": lambda limit: lambda value: type(value) in _NUMBERS and value >= limit,
    "exclusiveMinimum": lambda limit: lambda value: type(value) in _NUMBERS and value <= limit,
    "maxItems": lambda limit: lambda value: isinstance(value, list) and len(value) > limit,
    "maxLength": lambda limit: lambda value: isinstance(value, str) and len(value) > limit,
    "maxProperties": lambda limit: lambda value: isinstance(value, dict) and len(value) > limit,
    "maximum": lambda limit: lambda value: type(value) in _NUMBERS and value > limit,
    "minItems": lambda limit: lambda value: isinstance(value, list) and len(value) < limit,
    "minLength": lambda limit: lambda value: isinstance(value, str) and len(value) < limit,
    "minProperties": lambda limit: lambda value: isinstance(value, dict) and len(value) < limit,
    "minimum": lambda limit: lambda value: type(value) in _NUMBERS and value < limit,
    "multipleOf": _is_no_multiple,
    "type": _is_of_another_type,
    "uniqueItems": lambda wanted: _has_doubles if wanted else _never,
}

ASSERTIONS: frozenset[str] = frozenset(_MAKERS)
"""The names of these keywords."""


def is_violated(keyword: str, argument: Any) -> IsViolated:
    """Make what tells whether a value violates one of these keywords."""
    return _MAKERS[keyword](argument)
