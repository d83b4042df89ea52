"""Why a value is not valid: the first of its violations.

A flood of bad bodies must cost no more than one of good ones. So the keywords that most schemas are made of are
explained here, without the bookkeeping of jsonschema. A schema with any other keyword is left to jsonschema as a whole,
from the place where it stands.

What is made of a schema, once, are steps (see `ponty.request.validation.steps`).
"""

import itertools
from collections.abc import Callable, Mapping
from typing import Any

from ponty.request.content.json_decoder import is_deeper
from ponty.request.validation.alternatives import Branch, follow
from ponty.request.validation.assertions import ASSERTIONS, IsValid, Matches, is_violated
from ponty.request.validation.messages import TOO_DEEP, message
from ponty.request.validation.outlook import UNTOLD, never, outlook
from ponty.request.validation.plain import SILENT, is_plain
from ponty.request.validation.pointer import find, pointer
from ponty.request.validation.steps import (
    Part,
    Step,
    Violation,
    always,
    assertions,
    closed_object,
    first_items,
    further_properties,
    in_turn,
    items,
    nothing,
    properties,
    required,
)

MAX_ENGINE_DEPTH = 40
"""How deep a value may be for jsonschema where it recurs; each level takes a dozen frames of Python's stack."""


class Explainer:
    """Explains by one schema.

    Args:
        schema: The schema.
        engine: jsonschema's validator of it, with Ponty's keywords; None if all of it is plain.
        formats: What checks each format.
        matches: What matches each pattern.
        is_valid_under: Faster validators of subschemas, by the identity of these.
        told: Where it is noted under which branches a value was found valid, as `Keywords` does.
        alone: Whether the dialect is one whose keywords may be explained here.
        recursive: Whether a part of the schema leads to itself.
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
        told: dict[tuple[int, int], bool],
        alone: bool,
        recursive: bool,
        limit: int,
    ) -> None:
        self._schema = schema
        self._engine = engine
        self._formats = formats
        self._matches = matches
        self._is_valid_under = is_valid_under
        self._told = told
        self._recursive = recursive
        self._limit = limit
        self._known: dict[int, Step] = {}
        self._further: dict[int, Step] = {}  # the same, for values of a type that the outlook leaves open
        self._makers: dict[str, Callable[[Any, Any], Step]] = {
            "$ref": self._reference,
            "additionalProperties": self._additional_properties,
            "anyOf": lambda _, branches: self._choice("anyOf", branches),
            "format": self._format,
            "items": self._items,
            "oneOf": lambda _, branches: self._choice("oneOf", branches),
            "pattern": self._pattern,
            "prefixItems": self._prefix_items,
            "properties": self._properties,
            "required": lambda _, names: required(names),
        }
        self._step: Callable[[Any], Step] = self._compile if alone else self._by_engine
        self._explain: Step = self._step(schema)

    def explain(self, value: object) -> list[Violation]:
        """Give the first violations of a value."""
        found: list[Violation] = []
        try:
            self._explain(value, found)
        finally:
            self._told.clear()  # whose values may be gone by the next call
        return found if len(found) <= self._limit else found[: self._limit]

    def validity(self, schema: Any) -> IsValid:
        """Make what tells whether a value is valid under a part of the schema."""
        known = self._is_valid_under.get(id(schema))
        if known is not None:
            return known
        step, branch, told = self._step(schema), id(schema), self._told

        def is_valid(value: object) -> bool:
            key = (branch, id(value))
            if key not in told:
                found: list[Violation] = []
                step(value, found)
                told[key] = not found
            return told[key]

        return is_valid

    def _compile(self, schema: Any) -> Step:
        """Make what explains by a schema, once for each."""
        if not isinstance(schema, dict):
            return nothing if schema else always(message("false", None))
        if id(schema) in self._known:
            return self._known[id(schema)]
        steps: list[Step] = []
        self._known[id(schema)] = in_turn(steps)  # for those who meet the schema inside itself
        if is_plain(schema, self._schema):
            steps += self._outside_in(schema)
        else:
            steps.append(self._by_engine(schema))
        if len(steps) == 1:
            self._known[id(schema)] = steps[0]
        return self._known[id(schema)]

    def _outside_in(self, schema: dict[str, Any]) -> list[Step]:
        """Make what explains by a plain schema: by the outlook first, where that tells all of what is wrong."""
        valid, asked, wrong = outlook(schema)
        keywords = [(name, value) for name, value in schema.items() if name not in SILENT]
        if wrong and "integer" not in schema["type"]:
            keywords.remove(("type", schema["type"]))
        further = self._keywords(schema, keywords)
        if not wrong:
            return further
        self._further[id(schema)] = go_on = further[0] if len(further) == 1 else in_turn(further)

        def explain(value: Any, found: list[Violation]) -> None:
            kind = type(value)
            if kind in asked:
                go_on(value, found)
            elif kind not in valid:
                found.append(["", wrong])

        return [explain]

    def _keywords(self, schema: dict[str, Any], keywords: list[tuple[str, Any]]) -> list[Step]:
        if [name for name, _ in keywords] in _CLOSED_OBJECT and schema["additionalProperties"] is False:
            return [self._closed_object(schema)]
        steps: list[Step] = []
        for known, alike in itertools.groupby(keywords, lambda item: item[0] in ASSERTIONS):
            if known:
                steps.append(assertions([(is_violated(*item), message(*item)) for item in alike]))
            else:
                steps += [self._makers[name](schema, value) for name, value in alike]
        return steps

    def _by_engine(self, schema: Any) -> Step:
        engine = self._engine.evolve(schema=schema)

        def explain(value: Any, found: list[Violation]) -> None:
            if self._recursive and is_deeper(value, MAX_ENGINE_DEPTH):
                found.append(["", TOO_DEEP])
                return
            for error in itertools.islice(engine.iter_errors(value), max(self._limit - len(found), 0)):
                keyword = "false" if error.validator is None else str(error.validator)
                argument = error.validator_value
                if keyword == "dependentRequired":
                    argument = next((n for names in argument.values() for n in names if n not in error.instance), "")
                found.append([pointer(error.absolute_path), message(keyword, argument)])

        return explain

    def _into(self, schema: Any, *, many: bool = False) -> Part:
        """Make what explains by a subschema, and passes by what is valid where that is sooner known.

        Args:
            schema: The subschema.
            many: Whether a value may have many parts of this kind.
        """
        explain_any = self._compile(schema)
        told = outlook(schema) if not isinstance(schema, dict) or is_plain(schema, self._schema) else UNTOLD
        explain_invalid = self._further.get(id(schema), explain_any)
        is_valid = self._is_valid_under.get(id(schema))
        if is_valid is None or schema.keys() <= ASSERTIONS | SILENT or (not many and self._is_shallow(schema)):
            return Part(told, explain_invalid)

        def explain(value: Any, found: list[Violation]) -> None:
            if not is_valid(value):
                explain_invalid(value, found)

        return Part(told, explain)

    def _is_shallow(self, schema: dict[str, Any]) -> bool:
        """Tell whether a value has only so many parts as the schema names: to walk through them is soon done."""
        if "$ref" in schema:
            target = find(self._schema, schema["$ref"])
            return schema.keys() <= {"$ref"} | SILENT and isinstance(target, dict) and self._is_shallow(target)
        parts = [schema.get(name, True) for name in ("additionalProperties", "items")]
        return schema.keys() <= _SHALLOW and all(
            isinstance(part, bool) or part.keys() - SILENT == {"type"} for part in parts
        )

    def _reference(self, _: Any, reference: Any) -> Step:
        return self._compile(find(self._schema, reference))

    def _choice(self, keyword: str, branches: Any) -> Step:
        """Explain by the one branch that the client must have meant, if there is one.

        It did not mean those that are of another JSON type, or of another tag: a property with a few legal values. That
        is told without a look below, so that branches within branches do not multiply.
        """
        entries: list[tuple[Branch, IsValid, Step]] = [
            (Branch(follow(self._schema, branch)), self.validity(branch), self._compile(branch)) for branch in branches
        ]
        none_of = message(keyword, None)

        def explain(value: Any, found: list[Violation]) -> None:
            types: list[str] = []
            meant: list[tuple[IsValid, Step]] = []
            tagged = False
            for branch, is_valid, explain_branch in entries:
                if branch.is_of_another_type(value):
                    types += [kind for kind in branch.types if kind not in types]
                elif branch.has_another_tag(value):
                    tagged = True
                else:
                    meant.append((is_valid, explain_branch))
            if len(meant) == 1:
                meant[0][1](value, found)
            elif not meant and not tagged:
                found.append(["", message("type", types)])
            else:
                count = sum(is_valid(value) for is_valid, _ in meant)
                if count == 0 or (count > 1 and keyword == "oneOf"):
                    found.append(["", none_of])

        return explain

    def _properties(self, _: Any, known: Any) -> Step:
        return properties({name: self._into(subschema) for name, subschema in known.items()})

    def _additional_properties(self, schema: Any, allowed: Any) -> Step:
        known = frozenset(schema.get("properties", {}))
        if allowed is False:
            return further_properties(known, Part(never(message("additionalProperties", None)), nothing), self._limit)
        return further_properties(known, self._into(allowed, many=True), self._limit)

    def _closed_object(self, schema: Any) -> Step:
        known, needed = schema["properties"], schema.get("required", [])
        of_known, of_others = self._properties(schema, known), self._additional_properties(schema, False)
        return closed_object(frozenset(known), frozenset(needed), of_known, required(needed), of_others)

    def _prefix_items(self, _: Any, subschemas: Any) -> Step:
        return first_items([self._into(subschema) for subschema in subschemas])

    def _items(self, schema: Any, subschema: Any) -> Step:
        start = len(schema.get("prefixItems", ()))
        part = Part(never(message("items", None)), nothing) if subschema is False else self._into(subschema, many=True)
        return items(part, start, self._limit)

    def _format(self, _: Any, name: Any) -> Step:
        check = self._formats.get(name)
        return nothing if check is None else assertions([(lambda value: not check(value), message("format", name))])

    def _pattern(self, _: Any, pattern: Any) -> Step:
        matches = self._matches[pattern]
        return assertions([(lambda value: isinstance(value, str) and not matches(value), message("pattern", pattern))])


_CLOSED_OBJECT = (["properties", "additionalProperties"], ["properties", "required", "additionalProperties"])
_SHALLOW = ASSERTIONS | SILENT | {"additionalProperties", "items", "properties", "required"}
