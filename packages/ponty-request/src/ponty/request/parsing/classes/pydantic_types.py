"""Types of pydantic: its models, its dataclasses, and its types of text. Only pydantic reads them, by its own rules.

The JSON Schema of a model shows little of these rules: pydantic may accept other values, too (`"3"` for an int, unless
the model is strict), and validators may run first. So a model's schema only describes, and does not validate. Faults
that pydantic finds are reported in Ponty's words, each at its place. The text of errors that a validator of the program
raises is not reported.

pydantic need not be installed: its types are known by their marks.
"""

import json
import sys
import typing
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import msgspec

from ponty.request.content.json_decoder import Json
from ponty.request.errors import Violation
from ponty.request.parsing.classes.kinds import is_pydantic_model, is_pydantic_type
from ponty.request.parsing.compiled_types.compiled_type import JSON_TYPES, MAX_FAULTS, Build, ConstructionError, Schema
from ponty.request.validation.explanations.messages import Reason, reason
from ponty.request.validation.explanations.pointer import pointer


class PydanticType(msgspec.Struct, frozen=True):
    """A type of pydantic, compiled.

    Args:
        schema: Its JSON Schema.
        definitions: The definitions that the schema refers to, by their names in pydantic.
        itself: Its own name among these, if it refers to itself.
        json_types: The types of JSON values that it may admit.
        build: Makes a value from a JSON value, or refuses it.
    """

    schema: Schema
    definitions: Mapping[str, Schema]
    itself: str
    json_types: frozenset[str]
    build: Build


def compile_pydantic(tp: Any, place: str) -> PydanticType:
    """Compile a type of pydantic.

    Raises:
        TypeError: pydantic has no JSON Schema for it.
    """
    adapter: Any = sys.modules["pydantic"].TypeAdapter(tp)
    try:
        whole: dict[str, Any] = adapter.json_schema(ref_template="#/$defs/{model}")
    except Exception as error:  # noqa: BLE001 - pydantic has several, of which one is a TypeError
        said = str(error).partition("\n")[0]
        raise TypeError(f"{place}: pydantic has no JSON Schema of {getattr(tp, '__qualname__', tp)}: {said}") from None
    definitions: dict[str, Any] = whole.pop("$defs", {})
    itself = ""
    if whole.keys() == {"$ref"}:  # a model that refers to itself
        itself = str(whole["$ref"]).rpartition("/")[2]
        whole = dict(definitions[itself])
    return PydanticType(whole, definitions, itself, _json_types(tp, whole), _make_build(adapter.validate_json))


def renamed_references(schema: Any, names: Mapping[str, str]) -> Any:
    """Return a schema of pydantic with other names for its definitions."""
    if isinstance(schema, list):
        return [renamed_references(part, names) for part in schema]
    if not isinstance(schema, dict):
        return schema
    found: dict[str, Any] = {}
    for key, part in schema.items():
        if key == "$ref" and isinstance(part, str):
            found[key] = _renamed(part, names)
        elif key == "discriminator" and isinstance(part, dict) and "mapping" in part:
            mapping: dict[str, str] = part["mapping"]
            found[key] = {**part, "mapping": {tag: _renamed(target, names) for tag, target in mapping.items()}}
        else:
            found[key] = renamed_references(part, names)
    return found


def _renamed(reference: str, names: Mapping[str, str]) -> str:
    start, _, name = reference.rpartition("/")
    return f"{start}/{names.get(name, name)}"


def _json_types(tp: Any, schema: Mapping[str, Any]) -> frozenset[str]:
    """Return the types of JSON values that a type may accept."""
    cls: Any = typing.get_origin(tp) or tp
    decorators = getattr(getattr(cls, "__pydantic_decorators__", None), "model_validators", {})
    if any(decorator.info.mode in {"before", "wrap"} for decorator in decorators.values()):
        return JSON_TYPES
    kind = schema.get("type")
    if kind == "object" and is_pydantic_model(cls):
        return frozenset({"object"})
    return frozenset({"string"}) if kind == "string" and is_pydantic_type(cls) else JSON_TYPES


def _make_build(validate_json: Callable[[bytes], Any]) -> Build:
    def build(value: Json) -> Any:
        refused: type[Exception] = sys.modules["pydantic_core"].ValidationError
        try:
            return validate_json(_text(value))
        except refused as error:
            errors: list[dict[str, Any]] = error.errors(include_url=False, include_input=False)  # type: ignore[attr-defined]
        raise _refusal(errors, value)

    return build


def _text(value: Json) -> bytes:
    try:
        return msgspec.json.encode(value)
    except OverflowError:  # an integer of more than 64 bits
        return json.dumps(value).encode()


class _Fault(typing.NamedTuple):
    steps: tuple[str | int, ...]
    keyword: str
    value: object
    labels: tuple[tuple[tuple[str | int, ...], str], ...]
    """The members of unions that it is about, each with the place of the union."""


def _refusal(errors: Iterable[dict[str, Any]], value: Json) -> ConstructionError:
    faults = [_fault(error, value) for error in errors]
    members: dict[tuple[str | int, ...], set[str]] = {}
    for fault in faults:
        for place, label in fault.labels:
            members.setdefault(place, set()).add(label)
    found: dict[str, Reason] = {}
    for fault in faults:
        # The client may have meant any of several members of a union.
        union = next((place for place, _ in fault.labels if len(members[place]) > 1), None)
        if union is not None:
            found.setdefault(pointer([*union]), reason("anyOf", None))
        else:
            found.setdefault(pointer([*fault.steps]), reason(fault.keyword, fault.value))
    refusal = ConstructionError()
    refusal.faults = [Violation(where, *why) for where, why in found.items()][:MAX_FAULTS]
    return refusal


def _fault(error: Mapping[str, Any], value: Json) -> _Fault:
    """Return the place of a pydantic error in a JSON value, and the keyword that it is about."""
    location: tuple[str | int, ...] = error["loc"]
    kind: str = error["type"]
    context: dict[str, Any] = error.get("ctx", {})
    steps: list[str | int] = []
    labels: list[tuple[tuple[str | int, ...], str]] = []
    at: Any = value
    missing: str | int = ""
    for index, step in enumerate(location):
        entered = _enter(at, step)
        if entered is not None:
            known, at = entered
            steps.append(known)
        elif index == len(location) - 1 and kind in _MISSING:
            missing = step
        else:
            labels.append((tuple(steps), str(step)))
    keyword, about = _meaning(kind, context)
    if keyword == "required":
        if isinstance(missing, str):
            steps.append(missing)
        else:
            keyword, about = "minItems", missing + 1
    if kind == "union_tag_invalid" and context["discriminator"].startswith("'"):
        steps.append(context["discriminator"].strip("'"))
    return _Fault(tuple(steps), keyword, about, tuple(labels))


def _enter(at: Any, step: str | int) -> tuple[str | int, Any] | None:
    """Return a step of pydantic as one within a JSON value, and the value there; None if there is no such place."""
    if isinstance(at, dict):
        name = str(step)  # in Python, it may be a number
        return (name, at[name]) if name in at else None
    if isinstance(at, list) and isinstance(step, int) and 0 <= step < len(at):
        return step, at[step]
    return None


_MISSING = {"missing", "missing_argument", "missing_keyword_only_argument"}
_TYPES: dict[str, str] = {
    "int": "integer",
    "float": "number",
    "finite": "number",
    "string": "string",
    "bytes": "string",
    "bool": "boolean",
    "none": "null",
    "list": "array",
    "tuple": "array",
    "set": "array",
    "frozen": "array",
    "iterable": "array",
    "dict": "object",
    "mapping": "object",
    "model": "object",
    "dataclass": "object",
}
"""The JSON types that pydantic's errors are about, by the first word of their names."""

_FORMATS: dict[str, str] = {
    "date": "date",
    "datetime": "date-time",
    "timezone": "date-time",
    "time": "time",
    "time_delta": "duration",
    "uuid": "uuid",
    "url": "uri",
    "decimal": "decimal",
    "ip_v4_address": "ipv4",
    "ip_v6_address": "ipv6",
}
"""The formats that the errors are about, by the beginning of their names."""

_LIMITS: dict[str, tuple[str, str]] = {
    "greater_than": ("exclusiveMinimum", "gt"),
    "greater_than_equal": ("minimum", "ge"),
    "less_than": ("exclusiveMaximum", "lt"),
    "less_than_equal": ("maximum", "le"),
    "multiple_of": ("multipleOf", "multiple_of"),
    "string_too_short": ("minLength", "min_length"),
    "string_too_long": ("maxLength", "max_length"),
    "too_short": ("minItems", "min_length"),
    "too_long": ("maxItems", "max_length"),
    "string_pattern_mismatch": ("pattern", "pattern"),
}
"""The keywords of JSON Schema that the errors are about, and the names of their values in an error's context."""


def _meaning(kind: str, context: Mapping[str, Any]) -> tuple[str, object]:  # noqa: PLR0911 - one for each family
    """Return the keyword that an error of pydantic is about, with its value; an empty keyword if there is none."""
    if kind in _MISSING:
        return "required", ""
    if kind in {"extra_forbidden", "unexpected_keyword_argument"}:
        return "additionalProperties", False
    if kind in _LIMITS:
        keyword, name = _LIMITS[kind]
        limit = context.get(name)
        if context.get("field_type") == "Dictionary":
            keyword = keyword.replace("Items", "Properties")
        return (keyword, limit) if isinstance(limit, int | float | str) else ("", None)
    if kind in {"enum", "literal_error"}:
        return "enum", _listed(str(context.get("expected", "")))
    if kind == "union_tag_invalid":
        return "enum", _listed(str(context.get("expected_tags", "")))
    if kind == "union_tag_not_found" and str(context.get("discriminator", "")).startswith("'"):
        return "anyOf", None
    first = kind.partition("_")[0]
    if kind.endswith(("_type", "_parsing", "_number", "_from_float", "_parsing_size", "_required")) and first in _TYPES:
        return "type", _TYPES[first]
    formats = [name for name in _FORMATS if kind == name or kind.startswith(f"{name}_")]
    return ("format", _FORMATS[max(formats, key=len)]) if formats else ("", None)


def _listed(words: str) -> list[str]:
    """Return the values that pydantic lists in words, as `'a', 'b' or 'c'`."""
    return [word.strip("'") for word in words.replace(" or ", ", ").split(", ")]
