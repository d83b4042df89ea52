"""The keywords that look into an object: at its properties, their names, and those that are missing."""

from collections.abc import Mapping
from typing import Any

from ponty.request.validation.explanations.checks import (
    MAX_VIOLATIONS,
    Check,
    Found,
    Part,
    blocks,
    go_into,
    in_turn,
    never,
    nothing,
    unless,
)
from ponty.request.validation.explanations.keywords.walk import Walk
from ponty.request.validation.explanations.messages import reason
from ponty.request.validation.explanations.pointer import token, within
from ponty.request.validation.schemas.dialects import SILENT
from ponty.request.validation.schemas.documents import Place
from ponty.request.validation.schemas.jsonschema_rs_backend import IsValid


def of_class(walk: Walk, keywords: Mapping[str, Any]) -> Check | None:
    """Make one check of the schema of a class, known by its keywords and their order; return None for any other."""
    names = [name for name in keywords if name not in SILENT]
    if names not in _OF_CLASSES or keywords["type"] != "object" or keywords["additionalProperties"] is not False:
        return None
    known = keywords["properties"]
    entries = _entries(walk, known)
    steps = _steps(keywords.get("required", ()))
    wrong_type, missing = reason("type", "object"), reason("required", None)
    too_many = reason("additionalProperties", None)

    def explain(value: Any, found: list[Found], levels: int, at: str) -> None:
        if type(value) is not dict:
            found.append((at, wrong_type))
            return
        for name, step, is_valid, part in entries:
            if name in value and not is_valid(element := value[name]):
                go_into(element, part, step, found, levels, at)
        if len(found) < MAX_VIOLATIONS:
            found += [(within(at, step), missing) for name, step in steps if name not in value]
        if len(found) < MAX_VIOLATIONS:
            others = [name for name in value if name not in known]
            found += [(within(at, token(name)), too_many) for name in others[:MAX_VIOLATIONS]]

    return explain


_OF_CLASSES = (
    ["type", "properties", "required", "additionalProperties"],
    ["type", "properties", "additionalProperties"],
)


def _entries(walk: Walk, known: Mapping[str, Any]) -> list[tuple[str, str, IsValid, Part]]:
    parts = {name: walk.part(schema) for name, schema in known.items()}
    return [(name, token(name), part.is_valid, part) for name, part in parts.items()]


def _steps(names: Any) -> list[tuple[str, str]]:
    return [(name, token(name)) for name in dict.fromkeys(names)] if isinstance(names, list) else []


def properties(walk: Walk, _: Place, known: Any) -> Check:
    """Explain the properties that have their own schema."""
    entries = _entries(walk, known)

    def explain(value: Any, found: list[Found], levels: int, at: str) -> None:
        if isinstance(value, dict):
            for name, step, is_valid, part in entries:
                if name in value and not is_valid(element := value[name]):
                    go_into(element, part, step, found, levels, at)

    return explain


def required(names: Any) -> Check:
    """Explain which properties are missing."""
    steps = _steps(names)
    why = reason("required", None)

    def explain(value: Any, found: list[Found], _: int, at: str) -> None:
        if isinstance(value, dict):
            found += [(within(at, step), why) for name, step in steps if name not in value]

    return explain


def pattern_properties(walk: Walk, _: Place, patterns: Any) -> Check:
    """Explain the properties whose names match a pattern."""
    return in_turn(
        [
            _each_property(walk, {"patternProperties": {pattern: walk.referred(schema)}}, walk.part(schema))
            for pattern, schema in patterns.items()
        ]
    )


def additional_properties(walk: Walk, place: Place, schema: Any) -> Check:
    """Explain the properties that no keyword beside it names."""
    known, patterns = (dict.fromkeys(place.schema.get(name, {}), True) for name in ("properties", "patternProperties"))
    part = Part(never, nothing, reason("additionalProperties", None)) if schema is False else walk.part(schema)
    if schema is not False or patterns:
        alone = {"properties": known, "patternProperties": patterns, "additionalProperties": walk.referred(schema)}
        return _each_property(walk, alone, part)

    def explain(value: Any, found: list[Found], levels: int, at: str) -> None:
        if isinstance(value, dict):
            for name in [name for name in value if name not in known]:
                go_into(value[name], part, token(name), found, levels, at)
                if len(found) >= MAX_VIOLATIONS:
                    break

    return explain


def _each_property(walk: Walk, schema: Any, part: Part) -> Check:
    """Explain the properties that are not valid under a schema that checks each alone."""
    is_valid = walk.ask(schema)

    def explain(value: Any, found: list[Found], levels: int, at: str) -> None:
        if isinstance(value, dict):
            for block in blocks([*value.items()]):
                if not is_valid(dict(block)):
                    for name, element in block:
                        if not is_valid({name: element}):
                            go_into(element, part, token(name), found, levels, at)
                            if len(found) >= MAX_VIOLATIONS:
                                return

    return explain


def property_names(walk: Walk, _: Place, schema: Any) -> Check:
    """Explain that a name is not valid.

    A pointer cannot point at a name, so it points at the object. The name comes from the client, and is not repeated.
    """
    return unless(walk.ask({"propertyNames": walk.referred(schema)}), reason("propertyNames", None))
