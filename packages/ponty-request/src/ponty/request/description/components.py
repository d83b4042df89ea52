"""The schemas of a document: each schema that has a name is under `components`, once, and others refer to it.

A schema comes with its own definitions (`$defs`). Each of these becomes a component of the document under its name. Two
definitions are one component if they are the same graph, whatever their parts are called. Two different definitions
with the same name are told apart: if the name is used for values that are sent, a definition of values that are taken
from clients gets `Input` behind its name; others get a number. Names are given when all definitions are known, so until
then a reference is a `_Reference` to a definition.

What can never happen: two schemas under one name; one schema twice under one name; a reference that leads nowhere.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any, Final, Literal

import msgspec

from ponty.request.validation.schemas.dialects import DIALECT

Side = Literal["input", "output"]
"""Whether clients send the values of a schema, or get them."""

Schema = dict[str, Any]

PREFIX: Final = "#/components/schemas/"

_OF_NAMES = frozenset({"properties", "patternProperties", "$defs", "definitions", "dependentSchemas"})
"""The keywords whose value is an object of schemas."""

_OF_DATA = frozenset({"const", "default", "enum", "example", "examples"})
"""The keywords whose value is not a schema."""


class _Definition(msgspec.Struct, eq=False):
    """A schema with a name.

    Args:
        wanted: The name that it comes with.
        schema: The schema, with references to others.
        uses: The definitions that it refers to.
        sides: The sides on which it is used.
        name: The name that it gets.
    """

    wanted: str
    schema: Schema
    uses: list["_Definition"]
    sides: set[Side]
    name: str = ""


class _Reference(str):
    """Stands for the text of a `$ref`, until definitions have names."""

    __slots__ = ("definition",)

    definition: _Definition


class Components:
    """The named schemas of one document."""

    def __init__(self) -> None:
        self._definitions: dict[tuple[str, bytes], _Definition] = {}

    def add(self, given: Mapping[str, Any], side: Side, name: str = "", *, otherwise: str = "Schema") -> Schema:
        """Add the definitions of a schema to the components, and return the schema for its place in the document.

        Args:
            given: The whole schema.
            side: Whether clients send or get its values.
            name: The name under which the schema itself is a component; without one, it stays at its place, unless it
                refers to itself.
            otherwise: The name of a schema that has none, but needs one.
        """
        found = _Found(given)
        if not found.is_simple:
            return self._add_whole(given, side, name or str(given.get("title", "")) or otherwise)
        adding = _Adding(self._definitions, given, side, name or otherwise)
        if name or "#" in found.references:
            return adding.reference("#")
        return adding.rewritten(adding.root, None) if found.references else adding.root

    def _add_whole(self, given: Mapping[str, Any], side: Side, name: str) -> Schema:
        """Add a schema as one component, since it refers to places within itself other than definitions."""
        key = (_word(name), msgspec.json.encode(given, order="sorted"))
        definition = self._definitions.get(key)
        if definition is None:
            definition = self._definitions[key] = _Definition(key[0], {}, [], set())
            own = {keyword: value for keyword, value in given.items() if keyword != "$schema" or value != DIALECT}
            # If it has an identifier, its references are relative to that.
            definition.schema = own if "$id" in own else _map_references(own, _within(definition))
        definition.sides.add(side)
        return {"$ref": _reference_to(definition)}

    def finish(self, document: dict[str, Any]) -> dict[str, Any]:
        """Name the components, and return the document with them."""
        by_name: dict[str, list[_Definition]] = {}
        for definition in self._definitions.values():
            by_name.setdefault(definition.wanted, []).append(definition)
        taken: set[str] = set()
        for wanted, definitions in by_name.items():
            is_sent = any("output" in definition.sides for definition in definitions)
            for definition in sorted(definitions, key=lambda definition: "output" not in definition.sides):
                suffix = "Input" if is_sent and "output" not in definition.sides else ""
                definition.name = _free(f"{wanted}{suffix}", taken)
                taken.add(definition.name)
        finished: dict[str, Any] = _named(document)
        if self._definitions:
            schemas = {definition.name: _named(definition.schema) for definition in self._definitions.values()}
            finished.setdefault("components", {})["schemas"] = dict(sorted(schemas.items()))
        return finished


class _Adding:
    """One schema on its way into the document.

    Args:
        definitions: The known definitions, by the name that each came with and its graph.
        given: The whole schema.
        side: Whether clients send or get its values.
        name: The name of the root, if it needs one.
    """

    def __init__(
        self, definitions: dict[tuple[str, bytes], _Definition], given: Mapping[str, Any], side: Side, name: str
    ) -> None:
        self._known = definitions
        self._side: Side = side
        self._name = name
        self._local: Mapping[str, Any] = _definitions_of(given)
        self.root: Schema = {keyword: value for keyword, value in given.items() if keyword not in _NOT_OF_THE_ROOT}
        self._met: dict[str, _Definition] = {}

    def reference(self, target: str) -> Schema:
        """Return a reference to `#` or `#/$defs/…`."""
        return {"$ref": _reference_to(self._definition(target))}

    def rewritten(self, schema: Any, user: _Definition | None) -> Any:
        """Return a schema whose references lead to components."""

        def to_component(target: str) -> str:
            definition = self._definition(target)
            if user is not None and definition not in user.uses:
                user.uses.append(definition)
            return _reference_to(definition)

        return _map_references(schema, to_component)

    def _definition(self, target: str) -> _Definition:
        if target in self._met:
            return self._met[target]
        key = (self._wanted(target), self._graph(target))
        definition = self._known.get(key)
        if definition is None:
            definition = self._known[key] = self._met[target] = _Definition(key[0], {}, [], {self._side})
            definition.schema = self.rewritten(self._schema(target), definition)
        else:
            self._met[target] = definition
            _mark(definition, self._side)
        return definition

    def _schema(self, target: str) -> Any:
        return self.root if target == "#" else self._local[_local_name(target)]

    def _wanted(self, target: str) -> str:
        if target == "#":
            return _word(self._name)
        name = _local_name(target)
        stem = re.sub(r"_\d+$", "", name)
        # A definition that is numbered within its schema may be the only one of its name in the document.
        return _word(stem if stem != name and (stem in self._local or stem == self._name) else name)

    def _graph(self, target: str) -> bytes:
        """Return a text that is equal for two definitions that are the same graph."""
        numbers = {target: 0}
        order = [target]

        def number(met: str) -> str:
            if met not in numbers:
                numbers[met] = len(order)
                order.append(met)
            return str(numbers[met])

        texts: list[bytes] = []
        for each in order:  # the list grows meanwhile
            schema = _map_references(self._schema(each), number)
            texts.append(msgspec.json.encode(schema, order="sorted"))
        return b"\n".join(texts)


class _Found:
    """The references of a schema, and whether it is of draft 2020-12 and refers to definitions only.

    Args:
        schema: The whole schema.
    """

    def __init__(self, schema: Mapping[str, Any]) -> None:
        self.references: set[str] = set()
        self.is_simple: bool = schema.get("$schema", DIALECT) == DIALECT
        self._look(schema)
        local = _definitions_of(schema)
        self._look([*local.values()])
        for target in self.references:
            self.is_simple = self.is_simple and (target == "#" or _local_name(target) in local)

    def _look(self, schema: Any, *, is_root: bool = True) -> None:
        if isinstance(schema, list):
            for part in schema:
                self._look(part, is_root=False)
        elif isinstance(schema, dict):
            if isinstance(schema.get("$ref"), str):
                self.references.add(schema["$ref"])
            if not _IDENTIFIERS.isdisjoint(schema) or not (is_root or _DEFINITIONS.isdisjoint(schema)):
                self.is_simple = False
            for keyword, value in schema.items():
                if keyword in _OF_NAMES and isinstance(value, dict):
                    if keyword not in _DEFINITIONS:
                        self._look([*value.values()], is_root=False)
                elif keyword not in _OF_DATA and isinstance(value, dict | list):
                    self._look(value, is_root=False)


_DEFINITIONS = frozenset({"$defs", "definitions"})
"""The keywords of definitions; the second is the older name, which schemas still use."""

_NOT_OF_THE_ROOT = _DEFINITIONS | {"$schema"}

_IDENTIFIERS = frozenset({"$id", "$anchor", "$dynamicAnchor", "$dynamicRef"})


def _definitions_of(schema: Mapping[str, Any]) -> dict[str, Any]:
    """Return the definitions of a schema by their names; none, if both keywords have the same name."""
    some, others = schema.get("$defs", {}), schema.get("definitions", {})
    return {} if some.keys() & others.keys() else {**some, **others}


def _local_name(target: str) -> str:
    for prefix in ("#/$defs/", "#/definitions/"):
        if target.startswith(prefix):
            return target.removeprefix(prefix).replace("~1", "/").replace("~0", "~")
    return "\0"


def _map_references(schema: Any, change: Callable[[str], str]) -> Any:
    """Return a copy of a schema with other references."""
    if isinstance(schema, list):
        return [_map_references(part, change) for part in schema]
    if not isinstance(schema, dict):
        return schema
    changed: dict[str, Any] = {}
    for keyword, value in schema.items():
        if keyword == "$ref" and isinstance(value, str):
            changed[keyword] = change(value)
        elif not isinstance(value, dict | list) or keyword in _OF_DATA:
            changed[keyword] = value
        elif keyword in _OF_NAMES and isinstance(value, dict):
            changed[keyword] = {name: _map_references(part, change) for name, part in value.items()}
        else:
            changed[keyword] = _map_references(value, change)
    return changed


def _within(definition: _Definition) -> Callable[[str], str]:
    """Return a function that turns a reference within a whole schema into one within its component."""

    def change(target: str) -> str:
        if target != "#" and not target.startswith("#/"):
            return target
        reference = _Reference(target[1:])
        reference.definition = definition
        return reference

    return change


def _reference_to(definition: _Definition) -> _Reference:
    reference = _Reference("")
    reference.definition = definition
    return reference


def _mark(definition: _Definition, side: Side) -> None:
    if side not in definition.sides:
        definition.sides.add(side)
        for used in definition.uses:
            _mark(used, side)


def _named(value: Any) -> Any:
    """Return a copy of a part of the document, in which references are texts."""
    if isinstance(value, dict):
        if value.get("items") is False and "maxItems" not in value:  # some tools do not read `items: false`
            value = {name: part for name, part in value.items() if name != "items"}
            value["maxItems"] = len(value.get("prefixItems", ()))
        return {name: _named(part) for name, part in value.items()} | _implied(value)
    if isinstance(value, list | tuple):
        return [_named(part) for part in value]
    if isinstance(value, _Reference):
        return f"{PREFIX}{value.definition.name}{value!s}"
    return value


def _implied(schema: Mapping[str, Any]) -> Schema:
    """Return what a schema implies, for tools that do not know it: the type of an enum, the pattern of a format."""
    values = schema.get("enum")
    if isinstance(values, list) and "type" not in schema:
        types = {_type_of(value) for value in values}
        return {"type": types.pop()} if len(types) == 1 else {}
    known = _FORMATS.get(str(schema.get("format", "")))
    if known is None or "type" not in schema or not known.keys().isdisjoint(schema):
        return {}
    return known if _NARROWING.isdisjoint(schema) else {"pattern": known["pattern"]}


def _type_of(value: object) -> str:
    return _TYPES.get(type(value), "string")


_TYPES: Mapping[type, str] = {bool: "boolean", int: "integer", float: "number", type(None): "null"}

_FORMATS: Mapping[str, Schema] = {
    "decimal": {"pattern": r"^-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]{1,3})?$", "examples": ["1.50"]},
    "base64": {"pattern": "^([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$", "examples": ["AAEC"]},
}
"""Ponty's own formats."""

_NARROWING = frozenset(
    {"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "minLength", "maxLength"}
)


def _word(name: str) -> str:
    """Return a name in the characters of component names: letters, digits, dots, hyphens and underscores."""
    return re.sub(r"[^A-Za-z0-9._-]+", "_", name).strip("_") or "Schema"


def _free(name: str, taken: set[str]) -> str:
    number, found = 1, name
    while found in taken:
        number += 1
        found = f"{name}_{number}"
    return found
