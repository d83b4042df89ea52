"""The type of a form: its fields, and the JSON value that its texts stand for.

A form is an object whose properties are scalars, lists of scalars, and uploads. A text stands for the JSON value that
is written like it, where the type of its place admits one; so a form is validated, refused and built as a JSON body is,
by the schema of its type. In that JSON value an upload stands as a text, which nobody sees, until the value is built.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from ponty.request.content.json_decoder import Json, decode_json
from ponty.request.errors import InvalidField
from ponty.request.forms.upload import Upload
from ponty.request.parsing.compiled_type import Node, Schema
from ponty.request.parsing.parser import Parser
from ponty.request.validation.pointer import find, pointer

Values = Mapping[str, Sequence[str | Upload]]
"""What came under each name, in its order."""

_UPLOAD: Schema = {"type": "string", "contentMediaType": "application/octet-stream", "contentEncoding": "binary"}
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*+)(?:\.[0-9]++)?(?:[eE][+-]?[0-9]++)?")
_TYPES: dict[type, str] = {str: "string", bool: "boolean", int: "integer", float: "number", type(None): "null"}


class Place(msgspec.Struct, frozen=True):
    """What a form has under a name.

    Args:
        kinds: The JSON types of its values, or of those of its list.
        is_upload: Whether it is a file.
        is_list: Whether there may be several.
    """

    kinds: frozenset[str]
    is_upload: bool
    is_list: bool


class FormType:
    """A dataclass whose fields are scalars, lists of them, and uploads.

    Args:
        cls: The dataclass.

    Raises:
        TypeError: A form cannot hold a field of it.
        ValueError: JSON cannot hold a default.
    """

    def __init__(self, cls: Any) -> None:
        name = getattr(cls, "__qualname__", str(cls))
        self._parser: Parser = Parser(cls, opaque={Upload: Node(dict(_UPLOAD), frozenset({"string"}))})
        self.schema: Schema = self._parser.schema
        properties: Any = self.schema.get("properties")
        if properties is None:
            raise TypeError(f"ParsedForm({name}): the type of a form is a dataclass")
        self.is_open: bool = self.schema.get("additionalProperties") is not False
        self.places: dict[str, Place] = {
            key: _place(f"ParsedForm({name}): the field {key!r}", self.schema, schema)
            for key, schema in properties.items()
        }

    def build(self, values: Values, unread: Mapping[str, str]) -> Any:
        """Validate what came in a form, and build of it.

        Args:
            values: What came.
            unread: What else is wrong, by the pointer to it. There is a value at each of these places.

        Raises:
            InvalidField: The form is not valid, or the class's own `__init__` refuses it.
        """
        faults = dict(unread)
        form: dict[str, Any] = {}
        for name, entries in values.items():
            place = self.places.get(name)
            if place is None:
                form[name] = ""  # that it is there is at fault, whatever it is
            elif place.is_list:
                form[name] = [
                    _json_value(place, entry, number, pointer([name, number]), faults)
                    for number, entry in enumerate(entries)
                ]
            else:
                form[name] = _json_value(place, entries[0], 0, pointer([name]), faults)
        try:
            self._parser.validator.check(form)
        except InvalidField as invalid:
            known = [where.split("/") for where in faults]
            for where, detail in invalid.violations:
                steps = where.split("/")
                if not any(steps[: len(outer)] == outer for outer in known):
                    faults.setdefault(where, detail)
        if faults:
            (where, detail), *more = faults.items()
            raise InvalidField(detail, pointer=where, more=more)
        for name, entries in values.items():
            if name in self.places and self.places[name].is_upload:
                form[name] = [*entries] if self.places[name].is_list else entries[0]
        return self._parser.build(form)


def _json_value(place: Place, entry: str | Upload, number: int, where: str, faults: dict[str, str]) -> Json:
    if isinstance(entry, Upload):
        return str(number)  # each another, for a set of them
    try:
        return _read_text(place.kinds, entry)
    except InvalidField as invalid:
        faults[where] = invalid.detail
        return entry


def _read_text(kinds: frozenset[str], text: str) -> Json:
    """Return the JSON value that a text stands for; the text itself where it stands for none of the types `kinds`."""
    if "string" in kinds:
        return text
    if "null" in kinds and not text:
        return None  # as an empty input of a page comes
    if "boolean" in kinds and text in {"true", "false"}:
        return text == "true"
    if {"integer", "number"} & kinds and _NUMBER.fullmatch(text):
        return decode_json(text.encode())
    return text


def _place(where: str, root: Schema, schema: Any) -> Place:
    alternatives = [*_alternatives(root, schema)]
    lists = [part for part in alternatives if "array" in _kinds(part)]
    if not lists:
        return _scalar_place(where, alternatives, is_list=False)
    if len(lists) < len([part for part in alternatives if _kinds(part) != {"null"}]) or len(lists) > 1:
        raise TypeError(f"{where} may be a list and something else, which a form cannot tell apart")
    if not isinstance(lists[0].get("items"), dict):
        raise TypeError(f"{where} is a tuple of a fixed length; a form has lists of one type")
    return _scalar_place(where, [*_alternatives(root, lists[0]["items"])], is_list=True)


def _scalar_place(where: str, alternatives: list[Any], *, is_list: bool) -> Place:
    kinds = frozenset(kind for part in alternatives for kind in _kinds(part))
    if {"array", "object"} & kinds:
        raise TypeError(f"{where} is of a type that a form cannot hold: it has texts, numbers, booleans and files")
    uploads = [part for part in alternatives if _UPLOAD.items() <= part.items()]
    if uploads and any(part not in uploads and _kinds(part) != {"null"} for part in alternatives):
        raise TypeError(f"{where} may be a file or something else, which a form cannot tell apart")
    return Place(kinds - {"null"} if uploads else kinds, bool(uploads), is_list)


def _alternatives(root: Schema, schema: Any) -> Iterator[Any]:
    while "$ref" in schema:
        schema = find(root, schema["$ref"])
    if "anyOf" in schema:
        for part in schema["anyOf"]:
            yield from _alternatives(root, part)
    else:
        yield schema


def _kinds(schema: Any) -> set[str]:
    if "enum" in schema:
        return {_TYPES[type(value)] for value in schema["enum"]}
    kinds = schema.get("type", "string")
    return {kinds} if isinstance(kinds, str) else {*kinds}
