"""Why a value is not valid: the first of its violations.

A flood of bad bodies must cost no more than one of good ones. So the keywords that most schemas are made of are
explained here, without the bookkeeping of jsonschema. A schema with any other keyword is left to jsonschema as a whole,
from the place where it stands.

What is made of a schema, once, is a step: it adds to the violations those of a value. Where they are, is said on the
way back, by whoever stands around the value, so that nothing is spent on what is valid.
"""

import itertools
from collections.abc import Callable, Mapping
from typing import Any

from ponty.request.assertions import ASSERTIONS, IsValid, Matches, is_violated
from ponty.request.branches import Branch, follow
from ponty.request.decoding import is_deeper
from ponty.request.messages import TOO_DEEP, message
from ponty.request.plain import SILENT, is_plain
from ponty.request.pointer import find, pointer, token, within

Violation = list[str]
"""A pointer to a value, and what is wrong with it."""

_Step = Callable[[Any, list[Violation]], None]

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
        self._step: Callable[[Any], _Step] = self._compile if alone else self._by_engine
        self._explain: _Step = self._step(schema)

    def explain(self, value: object) -> list[Violation]:
        """Give the first violations of a value."""
        found: list[Violation] = []
        self._explain(value, found)
        return found[: self._limit]

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

    def _compile(self, schema: Any) -> _Step:
        """Make what explains by a schema, once for each."""
        if not isinstance(schema, dict):
            return _nothing if schema else _always(message("false", None))
        if id(schema) in self._known:
            return self._known[id(schema)]
        steps: list[_Step] = []

        def explain(value: Any, found: list[Violation]) -> None:
            for step in steps:
                step(value, found)

        self._known[id(schema)] = explain  # for those who meet the schema inside itself
        if is_plain(schema, self._schema):
            for known, keywords in itertools.groupby(schema.items(), lambda item: item[0] in ASSERTIONS):
                if known:
                    steps.append(_assertions([(is_violated(*item), message(*item)) for item in keywords]))
                else:
                    steps += [self._makers[name](schema, value) for name, value in keywords if name not in SILENT]
        else:
            steps.append(self._by_engine(schema))
        if len(steps) == 1:
            self._known[id(schema)] = steps[0]
        return self._known[id(schema)]

    def _by_engine(self, schema: Any) -> _Step:
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

    def _into(self, schema: Any) -> _Step:
        """Make what explains by a subschema, and passes by what is valid where that is sooner known."""
        explain_invalid = self._compile(schema)
        is_valid = self._is_valid_under.get(id(schema))
        if is_valid is None or schema.keys() <= ASSERTIONS | SILENT:
            return explain_invalid

        def explain(value: Any, found: list[Violation]) -> None:
            if not is_valid(value):
                explain_invalid(value, found)

        return explain

    def _reference(self, _: Any, reference: Any) -> _Step:
        return self._compile(find(self._schema, reference))

    def _choice(self, keyword: str, branches: Any) -> _Step:
        """Explain by the one branch that the client must have meant, if there is one.

        It did not mean those that are of another JSON type, or of another tag: a property with a few legal values. That
        is told without a look below, so that branches within branches do not multiply.
        """
        entries: list[tuple[Branch, IsValid, _Step]] = [
            (Branch(follow(self._schema, branch)), self.validity(branch), self._compile(branch)) for branch in branches
        ]
        none_of = message(keyword, None)

        def explain(value: Any, found: list[Violation]) -> None:
            types: list[str] = []
            meant: list[tuple[IsValid, _Step]] = []
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

    def _properties(self, _: Any, known: Any) -> _Step:
        entries = [(name, token(name), self._into(subschema)) for name, subschema in known.items()]

        def explain(value: Any, found: list[Violation]) -> None:
            if isinstance(value, dict):
                for name, step, explain_property in entries:
                    if name in value:
                        before = len(found)
                        explain_property(value[name], found)
                        if len(found) > before:
                            _place(found, before, step)

        return explain

    def _required(self, _: Any, names: Any) -> _Step:
        details = {name: message("required", name) for name in names}

        def explain(value: Any, found: list[Violation]) -> None:
            if isinstance(value, dict) and not details.keys() <= value.keys():
                found.extend(["", detail] for name, detail in details.items() if name not in value)

        return explain

    def _additional_properties(self, schema: Any, allowed: Any) -> _Step:
        known = frozenset(schema.get("properties", {}))
        closed = allowed is False
        explain_element = _always(message("additionalProperties", allowed)) if closed else self._into(allowed)

        def explain(value: Any, found: list[Violation]) -> None:
            if isinstance(value, dict) and not value.keys() <= known:
                for name, element in value.items():
                    if name not in known:
                        before = len(found)
                        explain_element(element, found)
                        if len(found) > before:
                            _place(found, before, token(name))
                            if len(found) >= self._limit:
                                break

        return explain

    def _prefix_items(self, _: Any, subschemas: Any) -> _Step:
        explain_elements = [self._into(subschema) for subschema in subschemas]

        def explain(value: Any, found: list[Violation]) -> None:
            if isinstance(value, list):
                for index, (element, explain_element) in enumerate(zip(value, explain_elements, strict=False)):
                    before = len(found)
                    explain_element(element, found)
                    if len(found) > before:
                        _place(found, before, f"/{index}")

        return explain

    def _items(self, schema: Any, subschema: Any) -> _Step:
        start = len(schema.get("prefixItems", ()))
        explain_element = _always(message("items", False)) if subschema is False else self._into(subschema)

        def explain(value: Any, found: list[Violation]) -> None:
            if isinstance(value, list):
                for index, element in enumerate(value[start:] if start else value, start):
                    before = len(found)
                    explain_element(element, found)
                    if len(found) > before:
                        _place(found, before, f"/{index}")
                        if len(found) >= self._limit:
                            break

        return explain

    def _format(self, _: Any, name: Any) -> _Step:
        check = self._formats.get(name)
        return _nothing if check is None else _assertions([(lambda value: not check(value), message("format", name))])

    def _pattern(self, _: Any, pattern: Any) -> _Step:
        matches = self._matches[pattern]
        return _assertions([(lambda value: isinstance(value, str) and not matches(value), message("pattern", pattern))])


def _place(found: list[Violation], start: int, step: str) -> None:
    """Say of the violations from `start` on that they are within what stands at `step`."""
    for violation in found[start:]:
        violation[0] = within(step, violation[0])


def _assertions(assertions: list[tuple[Callable[[Any], bool], str]]) -> _Step:
    def explain(value: Any, found: list[Violation]) -> None:
        for violated, detail in assertions:
            if violated(value):
                found.append(["", detail])

    return explain


def _always(detail: str) -> _Step:
    def explain(_: Any, found: list[Violation]) -> None:
        found.append(["", detail])

    return explain


def _nothing(_value: Any, _found: list[Violation]) -> None: ...
