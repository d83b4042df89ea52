"""The type of a form: its fields, and the JSON value that its texts stand for.

A form is an object whose properties are scalars, lists of scalars, and uploads. A text is read by the text form of its
type, as in a query, and becomes a JSON value. So a form is validated, refused and built like a JSON body, by the schema
of its type. In that JSON value, a text which nobody sees stands for an upload, until the instance is built.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import msgspec

from ponty.request.content.json_decoder import Json
from ponty.request.errors import InvalidField, Violation, refusal
from ponty.request.forms.upload import Upload
from ponty.request.parsing.compiled_types.compiled_type import CompiledType, Schema
from ponty.request.parsing.parser import Parser
from ponty.request.texts.converters import CAST_ERRORS
from ponty.request.texts.text_parts import text_part
from ponty.request.validation.explanations.messages import NOT_VALID, Reason
from ponty.request.validation.explanations.pointer import find, pointer

Values = Mapping[str, Sequence[str | Upload]]
"""The texts and files under each name, in their order."""

UPLOAD: Schema = {"type": "string", "contentMediaType": "application/octet-stream", "contentEncoding": "binary"}
"""The schema of a file."""


class Place(msgspec.Struct, frozen=True):
    """The place for a name in a form.

    Args:
        is_upload: Whether it takes a file.
        is_list: Whether it takes several entries.
        wrong: The reason for which a text that is not valid is refused.
        to_json: Makes the JSON value from a text; raises one of `CAST_ERRORS` if the text is not valid.
        empty_is_null: Whether an empty text means null, as browsers send it for an empty input.
    """

    is_upload: bool
    is_list: bool
    wrong: Reason = NOT_VALID
    to_json: Callable[[str], Json] = str
    empty_is_null: bool = False


class FormType:
    """A dataclass whose fields are scalars, lists of them, and uploads.

    Args:
        cls: The dataclass.

    Raises:
        TypeError: A form cannot hold a field of the class.
        ValueError: JSON cannot hold a default.
    """

    def __init__(self, cls: Any) -> None:
        name = getattr(cls, "__qualname__", str(cls))
        self._parser: Parser = Parser(cls, opaque={Upload: CompiledType(dict(UPLOAD), frozenset({"string"}))})
        self.schema: Schema = self._parser.schema
        properties: Any = self.schema.get("properties")
        if properties is None:
            raise TypeError(f"ParsedForm({name}): the type of a form must be a dataclass")
        self.is_open: bool = self.schema.get("additionalProperties") is not False
        self.places: dict[str, Place] = {
            key: _place(f"ParsedForm({name}): the field {key!r}", self.schema, schema)
            for key, schema in properties.items()
        }

    def build(self, values: Values, unread: Mapping[str, Reason]) -> Any:
        """Validate the entries of a form, and build the instance.

        Args:
            values: The entries, by name.
            unread: The faults that were found while reading, by their pointers. There is a value at each of these
                places.

        Raises:
            InvalidField: The form is not valid, or the class's own `__init__` refuses it.
        """
        faults = dict(unread)
        form: dict[str, Any] = {}
        for name, entries in values.items():
            place = self.places.get(name)
            if place is None:
                form[name] = ""  # that the name is there is the fault, whatever its value
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
            for where, *why in invalid.violations:
                steps = where.split("/")
                if not any(steps[: len(outer)] == outer for outer in known):
                    faults.setdefault(where, Reason(*why))
        if faults:
            raise refusal(Violation(where, *why) for where, why in faults.items())
        for name, entries in values.items():
            if name in self.places and self.places[name].is_upload:
                form[name] = [*entries] if self.places[name].is_list else entries[0]
        return self._parser.build(form)


def _json_value(place: Place, entry: str | Upload, number: int, where: str, faults: dict[str, Reason]) -> Json:
    if isinstance(entry, Upload):
        return str(number)  # a different text for each, as they may be in a set
    if place.empty_is_null and not entry:
        return None
    try:
        return place.to_json(entry)
    except CAST_ERRORS:
        faults.setdefault(where, place.wrong)
        return entry


def _place(where: str, root: Schema, schema: Any) -> Place:
    members, is_optional = _members(root, schema)
    if len(members) == 1 and members[0].get("type") == "array":
        items = members[0].get("items")
        if not isinstance(items, dict):
            raise TypeError(f"{where} is a tuple of a fixed length; a form has lists of one type")
        members, is_optional = _members(root, items)
        return _scalar_place(where, members, is_optional=is_optional, is_list=True)
    return _scalar_place(where, members, is_optional=is_optional, is_list=False)


def _scalar_place(where: str, members: list[Any], *, is_optional: bool, is_list: bool) -> Place:
    if len(members) != 1:
        raise TypeError(f"{where} may be of several types, which a form cannot tell apart")
    member = members[0]
    if UPLOAD.items() <= member.items():
        return Place(is_upload=True, is_list=is_list)
    if member.get("type") in ("array", "object"):
        raise TypeError(f"{where} is of a type that a form cannot hold: it has texts, numbers, booleans and files")
    try:
        part = text_part(where, member)
    except TypeError:
        raise TypeError(f"{where} cannot be written as text") from None
    is_text = member.get("type") == "string" and "format" not in member
    empty_is_null = is_optional and not is_text
    return Place(
        is_upload=False,
        is_list=is_list,
        wrong=Reason(f"must be {part.expected}", part.code),
        to_json=part.element,
        empty_is_null=empty_is_null,
    )


def _members(root: Schema, schema: Any) -> tuple[list[Any], bool]:
    """Return the schemas of which a value must fit one, without those of null, and whether it may be null."""
    members = [*_alternatives(root, schema)]
    others = [member for member in members if member.get("type") != "null"]
    return others, len(others) < len(members)


def _alternatives(root: Schema, schema: Any) -> Iterator[Any]:
    while "$ref" in schema:
        schema = find(root, schema["$ref"])
    if "anyOf" in schema:
        for part in schema["anyOf"]:
            yield from _alternatives(root, part)
    else:
        yield schema
