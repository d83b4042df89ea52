"""The text forms of scalars: how a text is read, and which texts stand for the values of an enum."""

import re
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from ponty.request.content.json_decoder import Json
from ponty.request.parsing.compiled_types.compiled_type import Schema
from ponty.request.texts.plain_texts import NUMBER_PATTERN, OF_TYPES, Kind, type_name
from ponty.request.validation.schemas.formats import EXPECTED, FORMATS

_MAX_WORDS = 200


def _of_format(name: str) -> Callable[[str], Json]:
    read = FORMATS[name]

    def to_json(text: str) -> Json:
        read(text)
        return text

    return to_json


def _text(name: str, pattern: str) -> Kind:
    return Kind(EXPECTED[name], pattern, FORMATS[name], _of_format(name))


_OF_FORMATS: dict[str, Kind] = {
    "date": _text("date", "[0-9]{4}-[0-9]{2}-[0-9]{2}"),
    "date-time": _text("date-time", "[0-9]{4}-[0-9TtZz:.+-]+"),
    "time": _text("time", "[0-9]{2}:[0-9Zz:.+-]+"),
    "duration": _text("duration", "-?P[0-9WDTHMS.]+"),
    "uuid": _text("uuid", "[0-9A-Fa-f]{8}-[0-9A-Fa-f-]+"),
    "decimal": _text("decimal", NUMBER_PATTERN),
    "base64": _text("base64", "[^/]+"),
    "ipv4": _text("ipv4", "[0-9.]+"),
    "ipv6": _text("ipv6", "[0-9A-Fa-f:.]+"),
    "ipv4-network": _text("ipv4-network", "[^/]+"),
    "ipv6-network": _text("ipv6-network", "[^/]+"),
    "ipv4-interface": _text("ipv4-interface", "[^/]+"),
    "ipv6-interface": _text("ipv6-interface", "[^/]+"),
}


def kind_of(tp: Any, schema: Mapping[str, Json]) -> Kind:
    """Return how the values of a schema are read; raise a TypeError if they have no form as a text."""
    form, kind = schema.get("format"), schema.get("type")
    found = _OF_FORMATS.get(form) if isinstance(form, str) else None
    if found is None and isinstance(kind, str):
        found = OF_TYPES.get(kind)
    if found is None:
        raise no_form(tp)
    return found


def no_form(tp: Any) -> TypeError:
    """Return the error of a type that cannot be written as text."""
    return TypeError(f"{type_name(tp)} cannot be written as text")


def without_null(schema: Schema) -> tuple[Mapping[str, Json], bool]:
    """Return the schema without null, and whether null is admitted."""
    members = schema.get("anyOf")
    if not isinstance(members, list):
        return schema, False
    others = [member for member in members if isinstance(member, dict) and member != {"type": "null"}]
    return (others[0], True) if len(others) == 1 else ({}, True)


def texts_of(tp: Any, values: object) -> dict[str, Json]:
    """Return the values of an Enum or a Literal, by the texts that stand for them."""
    texts: dict[str, Json] = {}
    for value in values if isinstance(values, list) else ():
        text = value if isinstance(value, str) else msgspec.json.encode(value).decode()
        if value is None or text in texts:
            raise TypeError(f"{type_name(tp)}: {text!r} stands for several values, or for null")
        texts[text] = value
    return texts


def one_of(texts: Mapping[str, object]) -> str:
    """Return the words of a message for a text that must be one of these."""
    words = f"one of {', '.join(map(repr, texts))}"
    return words if len(words) <= _MAX_WORDS else f"{words[:_MAX_WORDS]}…"


def alternatives(texts: Mapping[str, object]) -> str:
    """Return a pattern of these texts; if a path may write one of them in another way, a pattern of any segment."""
    if all(re.fullmatch("[A-Za-z0-9_.~-]+", text) for text in texts):
        return "|".join(map(re.escape, texts))
    return "[^/]+"
