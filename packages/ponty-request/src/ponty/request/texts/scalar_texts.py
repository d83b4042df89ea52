"""The text forms of scalars: what a text is, what reads it, and which texts stand for the values of an enum."""

import math
import re
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from ponty.request.content.json_decoder import Json
from ponty.request.parsing.compiled_type import Schema
from ponty.request.validation.formats import EXPECTED, FORMATS

_INTEGER = re.compile("-?[0-9]+")
_NUMBER = re.compile(r"-?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
_BOOLEANS = {"true": True, "false": False}
_MAX_WORDS = 200


class Kind(msgspec.Struct, frozen=True):
    """How the values of one kind of scalar are read of text.

    Args:
        expected: What a text must be, for messages.
        pattern: What matches the texts and perhaps others, for the path of a route.
        read: Makes a value of a text; None where it is the text itself.
        to_json: Makes the JSON value that a text stands for.
    """

    expected: str
    pattern: str
    read: Callable[[str], Any] | None
    to_json: Callable[[str], Json] = str


def read_integer(text: str) -> int:
    """Read an integer: ASCII digits, with a minus before them where it is negative."""
    digits = text.removeprefix("-")
    if not (digits.isascii() and digits.isdigit()):
        raise ValueError("not an integer")
    return int(text)


def read_float(text: str) -> float:
    """Read a finite number, as JSON writes it; zeros may stand before it."""
    value = float(text) if _NUMBER.fullmatch(text) else math.inf
    if not math.isfinite(value):
        raise ValueError("not a number")
    return value


def _read_number(text: str) -> float:
    return int(text) if _INTEGER.fullmatch(text) else read_float(text)


def _of_format(name: str) -> Callable[[str], Json]:
    read = FORMATS[name]

    def to_json(text: str) -> Json:
        read(text)
        return text

    return to_json


def _text(name: str, pattern: str) -> Kind:
    return Kind(EXPECTED[name], pattern, FORMATS[name], _of_format(name))


_NUMBER_PATTERN = _NUMBER.pattern
_OF_TYPES: dict[str, Kind] = {
    "boolean": Kind("true or false", "true|false", _BOOLEANS.__getitem__, _BOOLEANS.__getitem__),
    "integer": Kind("an integer, in the digits 0 to 9", _INTEGER.pattern, read_integer, read_integer),
    "number": Kind("a number, as -1.5 or 2e3", _NUMBER_PATTERN, read_float, _read_number),
    "string": Kind("a text", "[^/]+", None),
}
_OF_FORMATS: dict[str, Kind] = {
    "date": _text("date", "[0-9]{4}-[0-9]{2}-[0-9]{2}"),
    "date-time": _text("date-time", "[0-9]{4}-[0-9TtZz:.+-]+"),
    "time": _text("time", "[0-9]{2}:[0-9Zz:.+-]+"),
    "duration": _text("duration", "-?P[0-9WDTHMS.]+"),
    "uuid": _text("uuid", "[0-9A-Fa-f]{8}-[0-9A-Fa-f-]+"),
    "decimal": _text("decimal", _NUMBER_PATTERN),
    "base64": _text("base64", "[^/]+"),
    "ipv4": _text("ipv4", "[0-9.]+"),
    "ipv6": _text("ipv6", "[0-9A-Fa-f:.]+"),
    "ipv4-network": _text("ipv4-network", "[^/]+"),
    "ipv6-network": _text("ipv6-network", "[^/]+"),
    "ipv4-interface": _text("ipv4-interface", "[^/]+"),
    "ipv6-interface": _text("ipv6-interface", "[^/]+"),
}


def kind_of(tp: Any, schema: Mapping[str, Json]) -> Kind:
    """Return how the values of a schema are read; a TypeError where they have no form as a text."""
    form, kind = schema.get("format"), schema.get("type")
    found = _OF_FORMATS.get(form) if isinstance(form, str) else None
    if found is None and isinstance(kind, str):
        found = _OF_TYPES.get(kind)
    if found is None:
        raise no_form(tp)
    return found


def no_form(tp: Any) -> TypeError:
    """Say that a type has no form as a text."""
    return TypeError(f"{type_name(tp)} has no form as a text")


def without_null(schema: Schema) -> tuple[Mapping[str, Json], bool]:
    """Return the schema of what is not null, and whether null is admitted."""
    members = schema.get("anyOf")
    if not isinstance(members, list):
        return schema, False
    others = [member for member in members if isinstance(member, dict) and member != {"type": "null"}]
    return (others[0], True) if len(others) == 1 else ({}, True)


def texts_of(tp: Any, values: object) -> dict[str, Json]:
    """Return the values of an Enum or a Literal by the texts that stand for them."""
    texts: dict[str, Json] = {}
    for value in values if isinstance(values, list) else ():
        text = value if isinstance(value, str) else msgspec.json.encode(value).decode()
        if value is None or text in texts:
            raise TypeError(f"{type_name(tp)}: {text!r} does not stand for one value alone")
        texts[text] = value
    return texts


def one_of(texts: Mapping[str, object]) -> str:
    """Say that a text must be one of these."""
    words = f"one of {', '.join(map(repr, texts))}"
    return words if len(words) <= _MAX_WORDS else f"{words[:_MAX_WORDS]}…"


def alternatives(texts: Mapping[str, object]) -> str:
    """Return a pattern of these texts, or of any segment where a path writes one of them in another way."""
    if all(re.fullmatch("[A-Za-z0-9_.~-]+", text) for text in texts):
        return "|".join(map(re.escape, texts))
    return "[^/]+"


def type_name(tp: Any) -> str:
    """Return how an error speaks of a type."""
    return getattr(tp, "__qualname__", None) or str(tp)
