"""The texts of booleans, numbers and strings, the types of most parameters; they are read without a schema."""

import math
import re
import typing
from collections.abc import Callable
from typing import Any

import msgspec

from ponty.request.content.json_decoder import Json

_INTEGER = "-?[0-9]+"
NUMBER_PATTERN = r"-?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?"
"""Matches the texts of numbers."""

_BOOLEANS = {"true": True, "false": False}


class Kind(msgspec.Struct, frozen=True):
    """How the values of one kind of scalar are read from text.

    Args:
        expected: What a text must be, for messages.
        pattern: A regular expression that matches all texts, and perhaps others, for the path of a route.
        read: Makes a value from a text; None if the value is the text itself.
        to_json: Makes the JSON value from a text.
    """

    expected: str
    pattern: str
    read: Callable[[str], Any] | None
    to_json: Callable[[str], Json] = str


def read_integer(text: str) -> int:
    """Read an integer: ASCII digits, with a minus before them if it is negative."""
    digits = text.removeprefix("-")
    if not (digits.isascii() and digits.isdigit()):
        raise ValueError("not an integer")
    return int(text)


def read_float(text: str) -> float:
    """Read a finite number as JSON writes it; leading zeros are allowed."""
    value = float(text) if re.fullmatch(NUMBER_PATTERN, text) else math.inf
    if not math.isfinite(value):
        raise ValueError("not a number")
    return value


def _read_number(text: str) -> float:
    return int(text) if re.fullmatch(_INTEGER, text) else read_float(text)


OF_TYPES: dict[str, Kind] = {
    "boolean": Kind("true or false", "true|false", _BOOLEANS.__getitem__, _BOOLEANS.__getitem__),
    "integer": Kind("an integer, in the digits 0 to 9", _INTEGER, read_integer, read_integer),
    "number": Kind("a number, as -1.5 or 2e3", NUMBER_PATTERN, read_float, _read_number),
    "string": Kind("a text", "[^/]+", None),
}
"""How the values of each JSON type are read, if the schema says nothing more."""


def type_name(tp: Any) -> str:
    """Return the name of a type for an error message."""
    if isinstance(tp, type) and not typing.get_args(tp):
        return tp.__qualname__
    return repr(tp).replace("typing.", "")
