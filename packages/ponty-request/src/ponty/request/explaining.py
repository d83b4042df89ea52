"""Why a value is not valid: the first of its violations.

A flood of bad bodies must cost no more than one of good ones. So the keywords that most schemas are made of are
explained here, without the bookkeeping of jsonschema. A schema with any other keyword is left to jsonschema as a whole,
from the place where it stands.
"""

import itertools
from collections.abc import Callable, Mapping
from typing import Any

from ponty.request.keywords import IsValid, Matches, identity, is_multiple
from ponty.request.pointer import find

Path = tuple[str | int, ...]
Violation = tuple[Path, str, Any]
"""Where it is, the keyword that is violated, and the keyword's value or the name that is missing."""


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


_IS_OF: dict[str, Callable[[Any], bool]] = {
    "array": lambda value: isinstance(value, list),
    "boolean": lambda value: isinstance(value, bool),
    "integer": lambda value: _is_number(value) and (isinstance(value, int) or value.is_integer()),
    "null": lambda value: value is None,
    "number": _is_number,
    "object": lambda value: isinstance(value, dict),
    "string": lambda value: isinstance(value, str),
}

_VIOLATED: dict[str, Callable[[Any, Any], bool]] = {
    "const": lambda const, value: identity(const) != identity(value),
    "enum": lambda options, value: identity(value) not in map(identity, options),
    "exclusiveMaximum": lambda limit, value: _is_number(value) and value >= limit,
    "exclusiveMinimum": lambda limit, value: _is_number(value) and value <= limit,
    "maxItems": lambda limit, value: isinstance(value, list) and len(value) > limit,
    "maxLength": lambda limit, value: isinstance(value, str) and len(value) > limit,
    "maxProperties": lambda limit, value: isinstance(value, dict) and len(value) > limit,
    "maximum": lambda limit, value: _is_number(value) and value > limit,
    "minItems": lambda limit, value: isinstance(value, list) and len(value) < limit,
    "minLength": lambda limit, value: isinstance(value, str) and len(value) < limit,
    "minProperties": lambda limit, value: isinstance(value, dict) and len(value) < limit,
    "minimum": lambda limit, value: _is_number(value) and value < limit,
    "multipleOf": lambda factor, value: _is_number(value) and not is_multiple(value, factor),
    "type": lambda types, value: (
        not any(_IS_OF[kind](value) for kind in ([types] if isinstance(types, str) else types))
    ),
    "uniqueItems": lambda wanted, value: (
        wanted and isinstance(value, list) and len(set(map(identity, value))) < len(value)
    ),
}

_SILENT = {
    *["$comment", "$defs", "$schema", "contentEncoding", "contentMediaType", "default", "deprecated", "description"],
    *["examples", "readOnly", "title", "writeOnly"],
}


_Step = Callable[[Any, Path, list[Violation]], None]
"""Adds to the violations those of a value at a path."""


class Explainer:
    """Explains by one schema.

    Args:
        schema: The schema.
        engine: jsonschema's validator of it, with Ponty's keywords.
        formats: What checks each format.
        matches: What matches each pattern.
        is_valid_under: Faster validators of subschemas, by the identity of these.
        alone: Whether the dialect is one whose keywords may be explained here.
        limit: How many violations are looked for.
    """

    def __init__(
        self,
        schema: Any,
        engine: Any,
        *,
        formats: Mapping[str, Callable[[object], bool]],
        matches: Mapping[str, Matches],
        is_valid_under: Mapping[int, IsValid],
        alone: bool,
        limit: int,
    ) -> None:
        self._schema = schema
        self._engine = engine
        self._formats = formats
        self._matches = matches
        self._is_valid_under = is_valid_under
        self._limit = limit
        self._known: dict[int, _Step] = {}
        self._makers: dict[str, Callable[[Any, Any], _Step]] = {
            "$ref": self._reference,
            "additionalProperties": self._additional_properties,
            "anyOf": lambda _, branches: self._choice("anyOf", branches),
            "format": self._format,
            "items": self._items,
            "oneOf": lambda _, branches: self._choice("oneOf", branches),
            "pattern": self._pattern,
            "prefixItems": self._prefix_items,
            "properties": self._properties,
            "required": self._required,
        }
        self._explain: _Step = self._compile(schema) if alone else self._by_engine(schema)

    def explain(self, value: object) -> list[Violation]:
        """Give the first violations of a value."""
        found: list[Violation] = []
        self._explain(value, (), found)
        return found[: self._limit]

    def _compile(self, schema: Any) -> _Step:
        """Make what explains by a schema, once for each."""
        if not isinstance(schema, dict):
            return _explain_nothing if schema else _explain_false
        if id(schema) in self._known:
            return self._known[id(schema)]
        steps: list[_Step] = []

        def explain(value: Any, path: Path, found: list[Violation]) -> None:
            for step in steps:
                step(value, path, found)

        self._known[id(schema)] = explain
        if self._is_plain(schema):
            for keyword, argument in schema.items():
                if keyword in _VIOLATED:
                    steps.append(_leaf(keyword, argument))
                elif keyword not in _SILENT:
                    steps.append(self._makers[keyword](schema, argument))
        else:
            steps.append(self._by_engine(schema))
        return explain

    def _is_plain(self, schema: dict[str, Any]) -> bool:
        return all(keyword in _VIOLATED or keyword in _SILENT or keyword in self._makers for keyword in schema) and (
            "$ref" not in schema or isinstance(find(self._schema, schema["$ref"]), dict | bool)
        )

    def _by_engine(self, schema: Any) -> _Step:
        engine = self._engine.evolve(schema=schema)

        def explain(value: Any, path: Path, found: list[Violation]) -> None:
            for error in itertools.islice(engine.iter_errors(value), max(self._limit - len(found), 0)):
                keyword = "false" if error.validator is None else str(error.validator)
                argument = error.validator_value
                if keyword == "dependentRequired":
                    argument = next((n for names in argument.values() for n in names if n not in error.instance), "")
                found.append(((*path, *error.absolute_path), keyword, argument))

        return explain

    def _into(self, schema: Any) -> _Step:
        """Make what explains by a subschema, and passes by what is valid where that is soon known."""
        explain_invalid = self._compile(schema)
        is_valid = self._is_valid_under.get(id(schema))
        if is_valid is None:
            return explain_invalid

        def explain(value: Any, path: Path, found: list[Violation]) -> None:
            if not is_valid(value):
                explain_invalid(value, path, found)

        return explain

    def _reference(self, _: Any, reference: Any) -> _Step:
        return self._compile(find(self._schema, reference))

    def _choice(self, keyword: str, branches: Any) -> _Step:
        """Explain by the one branch that the client must have meant, if there is one.

        It did not mean those that are of another JSON type, or of another tag: a property with a few legal values. That
        is told without a look below, so that branches within branches do not multiply.
        """
        entries: list[tuple[Any, IsValid, _Step]] = []
        for branch in branches:
            is_valid = self._is_valid_under.get(id(branch)) or self._engine.evolve(schema=branch).is_valid
            entries.append((branch, is_valid, self._compile(branch)))

        def explain(value: Any, path: Path, found: list[Violation]) -> None:
            types: list[str] = []
            meant: list[tuple[IsValid, _Step]] = []
            tagged = False
            for branch, is_valid, explain_branch in entries:
                known = self._target(branch)
                if "type" in known and _VIOLATED["type"](known["type"], value):
                    kinds = known["type"]
                    types += [kind for kind in ([kinds] if isinstance(kinds, str) else kinds) if kind not in types]
                elif _has_another_tag(known, value):
                    tagged = True
                else:
                    meant.append((is_valid, explain_branch))
            if len(meant) == 1:
                meant[0][1](value, path, found)
            elif not meant and not tagged:
                found.append((path, "type", types))
            else:
                count = sum(is_valid(value) for is_valid, _ in meant)
                if count == 0 or (count > 1 and keyword == "oneOf"):
                    found.append((path, keyword, None))

        return explain

    def _target(self, schema: Any) -> dict[str, Any]:
        """Follow the references of a branch."""
        for _ in range(10):
            if not (isinstance(schema, dict) and "$ref" in schema):
                break
            schema = find(self._schema, schema["$ref"])
        return schema if isinstance(schema, dict) else {}

    def _properties(self, _: Any, known: Any) -> _Step:
        entries = [(name, self._into(subschema)) for name, subschema in known.items()]

        def explain(value: Any, path: Path, found: list[Violation]) -> None:
            if isinstance(value, dict):
                for name, explain_property in entries:
                    if name in value:
                        explain_property(value[name], (*path, name), found)

        return explain

    def _required(self, _: Any, names: Any) -> _Step:
        def explain(value: Any, path: Path, found: list[Violation]) -> None:
            if isinstance(value, dict):
                found.extend((path, "required", name) for name in names if name not in value)

        return explain

    def _additional_properties(self, schema: Any, allowed: Any) -> _Step:
        known = schema.get("properties", {})
        explain_element = _explain_additional if allowed is False else self._into(allowed)

        def explain(value: Any, path: Path, found: list[Violation]) -> None:
            if isinstance(value, dict):
                for name, element in value.items():
                    if name not in known:
                        explain_element(element, (*path, name), found)
                        if len(found) >= self._limit:
                            break

        return explain

    def _prefix_items(self, _: Any, subschemas: Any) -> _Step:
        explain_elements = [self._into(subschema) for subschema in subschemas]

        def explain(value: Any, path: Path, found: list[Violation]) -> None:
            if isinstance(value, list):
                for index, (element, explain_element) in enumerate(zip(value, explain_elements, strict=False)):
                    explain_element(element, (*path, index), found)

        return explain

    def _items(self, schema: Any, subschema: Any) -> _Step:
        start = len(schema.get("prefixItems", ()))
        explain_element = _explain_extra_item if subschema is False else self._into(subschema)

        def explain(value: Any, path: Path, found: list[Violation]) -> None:
            if isinstance(value, list):
                for index in range(start, len(value)):
                    explain_element(value[index], (*path, index), found)
                    if len(found) >= self._limit:
                        break

        return explain

    def _format(self, _: Any, name: Any) -> _Step:
        check = self._formats.get(name)
        if check is None:
            return _explain_nothing

        def explain(value: Any, path: Path, found: list[Violation]) -> None:
            if not check(value):
                found.append((path, "format", name))

        return explain

    def _pattern(self, _: Any, pattern: Any) -> _Step:
        matches = self._matches[pattern]

        def explain(value: Any, path: Path, found: list[Violation]) -> None:
            if isinstance(value, str) and not matches(value):
                found.append((path, "pattern", pattern))

        return explain


def _has_another_tag(schema: Mapping[str, Any], value: Any) -> bool:
    if not isinstance(value, dict):
        return False
    for name, known in schema.get("properties", {}).items():
        if name in value and isinstance(known, dict):
            for keyword in ("enum", "const"):
                if keyword in known and _VIOLATED[keyword](known[keyword], value[name]):
                    return True
    return False


def _leaf(keyword: str, argument: Any) -> _Step:
    violated = _VIOLATED[keyword]

    def explain(value: Any, path: Path, found: list[Violation]) -> None:
        if violated(argument, value):
            found.append((path, keyword, argument))

    return explain


def _explain_nothing(_value: Any, _path: Path, _found: list[Violation]) -> None: ...


def _explain_false(_: Any, path: Path, found: list[Violation]) -> None:
    found.append((path, "false", None))


def _explain_additional(_: Any, path: Path, found: list[Violation]) -> None:
    found.append((path, "additionalProperties", False))


def _explain_extra_item(_: Any, path: Path, found: list[Violation]) -> None:
    found.append((path, "items", False))
