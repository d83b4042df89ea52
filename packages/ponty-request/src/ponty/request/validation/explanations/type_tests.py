"""Tests of JSON types, for values that were decoded from JSON: a test in Python costs less than jsonschema-rs."""

from collections.abc import Callable

from ponty.request.validation.schemas.jsonschema_rs_backend import IsValid


def type_test(name: object) -> IsValid | None:
    """Return the test of a type of JSON Schema, as drafts since 6 define it; None if it is not so simple."""
    return _TESTS.get(name) if isinstance(name, str) else None


def _is_integer(value: object) -> bool:
    return type(value) is int or (type(value) is float and value.is_integer())


_TESTS: dict[str, Callable[[object], bool]] = {
    "array": lambda value: type(value) is list,
    "boolean": lambda value: type(value) is bool,
    "integer": _is_integer,
    "null": lambda value: value is None,
    "number": lambda value: type(value) is int or type(value) is float,
    "object": lambda value: type(value) is dict,
    "string": lambda value: type(value) is str,
}

_CLASSES = {_TESTS["array"]: list, _TESTS["boolean"]: bool, _TESTS["object"]: dict, _TESTS["string"]: str}


def tested_class(is_valid: IsValid) -> type | None:
    """Return the class that a type test asks for, if it is only one; then values can be tested without a call each."""
    return _CLASSES.get(is_valid)
