"""Text forms: how the values of a type are written in a query, a path, a header or a cookie, one form for each type.

::

    type ── parsing.compiler ──> schema ── text_form ──> TextForm
    text ── the JSON value that it stands for ── validation and building, as of a body ──> value

The schema is that of the type in a body, from the same walk, so that a text is held to the same bounds. Where it has
no bounds, the text is read in one step. What is read is the form alone: no blanks around it, no digits of other
scripts, no other notation.
"""

import collections
import decimal
import math
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec

from ponty.request.content.json_decoder import Json
from ponty.request.errors import InvalidField, Violation, refusal
from ponty.request.fields.converters import CAST_ERRORS
from ponty.request.parsing.compiled_type import Schema, is_hashable
from ponty.request.parsing.compiler import Compiler
from ponty.request.parsing.defaults import json_form
from ponty.request.parsing.parser import Parser
from ponty.request.validation.formats import EXPECTED, FORMATS
from ponty.request.validation.pointer import find

_INTEGER = re.compile("-?[0-9]+")
_NUMBER = re.compile(r"-?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
_BOOLEANS = {"true": True, "false": False}
_MAX_WORDS = 200

_IS_NARROWED_BY_NONE_OF = {
    "type",
    "format",
    "contentEncoding",
    "enum",
    "title",
    "description",
    "examples",
    "deprecated",
    "readOnly",
    "writeOnly",
    "default",
    "$comment",
    "x-enum-varnames",
}


class TextForm(msgspec.Struct, frozen=True, kw_only=True):
    """How the values of a type are read of text.

    Args:
        type: The type.
        schema: The JSON Schema of its values.
        expected: What a text must be, for messages.
        pattern: What matches the texts and perhaps others, for the path of a route; no text takes it more than one
            pass.
        code: The code of the fault of a text that is none.
        read: Makes a value of a text, or of a list of texts where the form is a list; None where it is the text itself.
            Raises one of `CAST_ERRORS`, or an InvalidField that says more.
        is_list: Whether it is written as several texts.
    """

    type: Any
    schema: Schema
    expected: str
    pattern: str
    read: Callable[[Any], Any] | None
    code: str = "cast"
    is_list: bool = False


def text_form(tp: Any) -> TextForm:
    """Compile a type: a scalar, a scalar or None, or a list of scalars.

    Raises:
        TypeError: It has no text form.
        ValueError: An Annotation is not valid.
    """
    node, whole = Compiler(tp).whole()
    schema: Schema = {name: value for name, value in whole.items() if name != "$schema"}
    inner, is_optional = _without_null(schema)
    if inner.get("type") == "array":
        return _list_form(tp, schema)
    if not inner:
        raise _no_form(tp)
    # What has no hash is no value of a format as such: a bytearray is made of what is read.
    is_plain = (
        schema.keys() - {"anyOf"} <= _IS_NARROWED_BY_NONE_OF
        and inner.keys() <= _IS_NARROWED_BY_NONE_OF
        and is_hashable(node)
    )
    if "enum" in inner:
        texts = _texts(tp, inner["enum"])
        build = Parser(tp).parse if is_optional or not is_plain else node.build
        values = {text: build(value) if build else value for text, value in texts.items()}
        return TextForm(
            type=tp,
            schema=schema,
            expected=_one_of(texts),
            pattern=_alternatives(texts),
            read=values.__getitem__,
            code="enum",
        )
    kind = _kind(tp, inner)
    return TextForm(
        type=tp,
        schema=schema,
        expected=kind.expected,
        pattern=kind.pattern,
        read=kind.read if is_plain else _bounded(kind.to_json, Parser(tp)),
    )


class _Kind(msgspec.Struct, frozen=True):
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


def _text(name: str, pattern: str) -> _Kind:
    return _Kind(EXPECTED[name], pattern, FORMATS[name], _of_format(name))


_NUMBER_PATTERN = _NUMBER.pattern
_OF_TYPES: dict[str, _Kind] = {
    "boolean": _Kind("true or false", "true|false", _BOOLEANS.__getitem__, _BOOLEANS.__getitem__),
    "integer": _Kind("an integer, in the digits 0 to 9", _INTEGER.pattern, read_integer, read_integer),
    "number": _Kind("a number, as -1.5 or 2e3", _NUMBER_PATTERN, read_float, _read_number),
    "string": _Kind("a text", "[^/]+", None),
}
_OF_FORMATS: dict[str, _Kind] = {
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


def _kind(tp: Any, schema: Mapping[str, Json]) -> _Kind:
    form, kind = schema.get("format"), schema.get("type")
    found = _OF_FORMATS.get(form) if isinstance(form, str) else None
    if found is None and isinstance(kind, str):
        found = _OF_TYPES.get(kind)
    if found is None:
        raise _no_form(tp)
    return found


def _no_form(tp: Any) -> TypeError:
    return TypeError(f"{_name(tp)} has no form as a text")


def _without_null(schema: Schema) -> tuple[Mapping[str, Json], bool]:
    """Return the schema of what is not null, and whether null is admitted."""
    members = schema.get("anyOf")
    if not isinstance(members, list):
        return schema, False
    others = [member for member in members if isinstance(member, dict) and member != {"type": "null"}]
    return (others[0], True) if len(others) == 1 else ({}, True)


def _texts(tp: Any, values: object) -> dict[str, Json]:
    """Return the values of an Enum or a Literal by the texts that stand for them."""
    texts: dict[str, Json] = {}
    for value in values if isinstance(values, list) else ():
        text = value if isinstance(value, str) else msgspec.json.encode(value).decode()
        if value is None or text in texts:
            raise TypeError(f"{_name(tp)}: {text!r} does not stand for one value alone")
        texts[text] = value
    return texts


def _one_of(texts: Mapping[str, object]) -> str:
    words = f"one of {', '.join(map(repr, texts))}"
    return words if len(words) <= _MAX_WORDS else f"{words[:_MAX_WORDS]}…"


def _alternatives(texts: Mapping[str, object]) -> str:
    """Return a pattern of these texts, or of any segment where a path writes one of them in another way."""
    if all(re.fullmatch("[A-Za-z0-9_.~-]+", text) for text in texts):
        return "|".join(map(re.escape, texts))
    return "[^/]+"


def _bounded(to_json: Callable[[str], Json], parser: Parser) -> Callable[[str], Any]:
    def read(text: str) -> Any:
        value = parser.parse(to_json(text))
        if isinstance(value, decimal.Decimal) and value != decimal.Decimal(text):
            raise ValueError("more digits than the bounds are checked with")
        return value

    return read


class TextPart(msgspec.Struct, frozen=True):
    """How the JSON value of a schema is read of texts.

    Args:
        expected: What a text must be, for messages.
        element: Makes the JSON value that a text stands for, of one element where it is a list.
        is_list: Whether there may be several texts.
        code: The code of the fault of a text that is none.
    """

    expected: str
    element: Callable[[str], Json]
    is_list: bool
    code: str = "cast"

    def to_json(self, texts: Sequence[str]) -> Json:
        """Make the JSON value that texts stand for.

        Raises:
            InvalidField: There are several and it is no list, or some stand for none.
        """
        if not self.is_list and len(texts) > 1:
            raise InvalidField("must be given once", code="repeated")
        values: list[Json] = []
        violations: list[Violation] = []
        for index, text in enumerate(texts):
            try:
                values.append(self.element(text))
            except CAST_ERRORS:
                place = f"/{index}" if self.is_list else ""
                violations.append(Violation(place, f"must be {self.expected}", self.code))
        if violations:
            raise refusal(violations)
        return values if self.is_list else values[0]


def text_part(name: Any, schema: Schema, root: Schema | None = None) -> TextPart:
    """Make what reads the texts of a schema: of a scalar, of one or null, or of a list of scalars.

    Args:
        name: What to call it in a message.
        schema: The schema.
        root: The whole schema, of which it may refer to parts.

    Raises:
        TypeError: It is none of these.
    """
    inner, _ = _without_null(_followed(schema, root))
    inner = _followed(inner, root)
    is_list = inner.get("type") == "array"
    if is_list:
        items = inner.get("items", {})
        if "prefixItems" in inner or not isinstance(items, dict):
            raise _no_form(name)
        inner = _followed(items, root)
    if "enum" in inner:
        texts = _texts(name, inner["enum"])
        return TextPart(_one_of(texts), texts.__getitem__, is_list, code="enum")
    kind = _kind(name, inner)
    return TextPart(kind.expected, kind.to_json, is_list)


def _followed(schema: Mapping[str, Json], root: Schema | None) -> Any:
    reference = schema.get("$ref")
    return find(root, reference) if isinstance(reference, str) and root is not None else schema


def _list_form(tp: Any, schema: Schema) -> TextForm:
    part = text_part(tp, schema)
    parse = Parser(tp).parse

    def read(texts: Sequence[str]) -> Any:
        return parse(part.to_json(texts))

    return TextForm(type=tp, schema=schema, expected=part.expected, pattern="", read=read, is_list=True)


def check_default(place: str, form: TextForm, default: object) -> None:
    """See that a default is a value of its type, by writing it down and reading it again; None is one always.

    Raises:
        TypeError: It is of another type.
        ValueError: It is out of the bounds of its type.
    """
    if default is None:
        return
    wrong = TypeError(f"{place}: the default {default!r} is not of the type {_name(form.type)}")
    try:
        text: Any = [*map(_written, default)] if form.is_list and isinstance(default, _LISTS) else _written(default)
        value = text if form.read is None else form.read(text)
    except CAST_ERRORS:
        raise wrong from None
    except InvalidField as invalid:
        raise ValueError(f"{place}: the default {default!r} {invalid.detail}") from None
    is_alike = isinstance(default, type(value)) or (isinstance(value, float) and isinstance(default, int))
    if value != default or not is_alike:
        raise wrong


def described(form: TextForm, default: object) -> Mapping[str, object]:
    """Return the schema of a parameter, with its default where it has one that is not None."""
    return form.schema if default is None else {**form.schema, "default": json_form(default)}


_LISTS = (list, tuple, set, frozenset, collections.deque)


def _written(value: object) -> str:
    plain = json_form(value)
    return plain if isinstance(plain, str) else msgspec.json.encode(plain).decode()


def _name(tp: Any) -> str:
    return getattr(tp, "__qualname__", None) or str(tp)
