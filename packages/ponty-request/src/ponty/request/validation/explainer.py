"""Why a value is not valid: the first of its violations, each at its place, in the words of the catalogue.

The explainer walks through a schema and a value together, and asks jsonschema-rs on the way: of one keyword, or of one
part of the value, whether it is valid. It goes into what is not, and passes by what is.

- Each level of a value asks of all below it, so no more than 16 levels are gone into. What is wrong deeper is told at
  the sixteenth.
- Many items are asked of by the block, so that a long list costs little more than what is wrong in it.
- Of the alternatives of a choice, it goes into the one that was meant, if there is one; never into several.
- It stops at 51 violations, one more than an answer lists.

It never decides whether a value is valid: where it finds nothing to tell, jsonschema-rs has the last word.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from ponty.request.validation.alternatives import Alternative, Entry, choice
from ponty.request.validation.checks import (
    MAX_LEVELS,
    MAX_VIOLATIONS,
    Check,
    Found,
    Part,
    always,
    blocks,
    go_into,
    in_turn,
    never,
    nothing,
    unless,
)
from ponty.request.validation.dialects import DIALECT, dialect_of
from ponty.request.validation.documents import Documents, Place
from ponty.request.validation.evaluated import Evaluated
from ponty.request.validation.jsonschema_rs_backend import Backend, IsValid, Parts, assertion
from ponty.request.validation.messages import NOT_VALID, Reason, reason
from ponty.request.validation.pointer import token, within
from ponty.request.validation.type_tests import type_test

_ASSERTIONS = frozenset(
    {
        *("const", "enum", "exclusiveMaximum", "exclusiveMinimum", "format", "maxItems", "maxLength", "maxProperties"),
        *("maximum", "minItems", "minLength", "minProperties", "minimum", "multipleOf", "pattern", "type"),
        "uniqueItems",
    }
)
"""The keywords that look at nothing but their own value."""


class Explainer:
    """Explains by one schema.

    Args:
        documents: The schema and what it refers to.
        root: The schema.
        backend: Compiles schemas.
    """

    def __init__(self, documents: Documents, root: Any, backend: Backend) -> None:
        self._documents = documents
        self._backend = backend
        dialect = dialect_of(root).uri
        # Of the drafts since 2019-09, only the one knows `$recursiveRef`, and only the other `$dynamicRef`.
        self._parts = Parts(backend.compile, dialect if "2019-09" in dialect else DIALECT)
        self._known: dict[int, Part] = {}
        self._assertions: dict[str, IsValid] = {}
        self._todo: list[Callable[[], None]] = []
        self.may_repeat: bool = False
        """Whether two of its keywords may find the same."""
        self._explain = self._part(root).explain
        while self._todo:  # in place of a recursion, which a chain of definitions would exhaust
            self._todo.pop()()

    def compile(self) -> None:
        """Compile what is otherwise compiled at the first refusal."""
        self._parts.compile()

    def explain(self, value: object) -> list[Found]:
        """Return the first violations of a value."""
        found: list[Found] = []
        self._explain(value, found, MAX_LEVELS)
        return found[:MAX_VIOLATIONS]

    def _part(self, schema: Any) -> Part:
        """Make a part, once for each schema."""
        if not isinstance(schema, dict):
            return Part(lambda _: bool(schema), nothing if schema else always(reason("false", None)))
        known = self._known.get(id(schema))
        if known is not None:
            return known
        place = self._documents.places[id(schema)]
        keywords = place.dialect.keywords(schema)
        checks: list[Check] = []
        last: list[Check] = []
        own = {name: value for name, value in keywords.items() if name in _ASSERTIONS}
        alone = own.keys() == keywords.keys() - _SILENT and not isinstance(own.get("exclusiveMinimum"), bool)
        is_valid = self._alone(place, own) if alone else self._parts.add({"$ref": place.reference})
        why = reason(*own.popitem()) if alone and len(own) == 1 else None
        explain = unless(is_valid, why) if why else in_turn(checks, last)
        self._known[id(schema)] = part = Part(is_valid, explain, why)
        if not why:
            self._todo.append(lambda: self._fill(place, part, checks, last))
        return part

    def _fill(self, place: Place, part: Part, checks: list[Check], last: list[Check]) -> None:
        """Make the checks of a part."""
        keywords = place.dialect.keywords(place.schema)
        # These look at different things, or say different things of one.
        self.may_repeat |= not (keywords.keys() <= _OF_THEIR_OWN or keywords.keys() - _SILENT == {"$ref"})
        for keyword, argument in keywords.items():
            if keyword in _ASSERTIONS:
                checks += self._assertion(place, keyword, argument)
            elif keyword in _LAST and keyword in place.dialect.applicators:
                last.append(self._unevaluated(place, part, keyword, argument))
            elif keyword in _MAKERS and (keyword in place.dialect.applicators or keyword in _EVERYWHERE):
                checks.append(_MAKERS[keyword](self, place, argument))

    def _assertion(self, place: Place, keyword: str, argument: Any) -> Iterator[Check]:
        if isinstance(argument, bool) and keyword.startswith("exclusive"):  # draft 4
            limit = keyword.replace("exclusiveM", "m")
            if argument and limit in place.schema:
                bound = {limit: place.schema[limit]}
                beyond, at_least = self._alone(place, bound), self._alone(place, {**bound, keyword: True})
                why = reason(keyword, place.schema[limit])
                yield (
                    lambda value, found, _: found.append(["", *why]) if beyond(value) and not at_least(value) else None
                )
        else:
            yield unless(self._alone(place, {keyword: argument}), reason(keyword, argument))

    def _alone(self, place: Place, keywords: Mapping[str, Any]) -> IsValid:
        """Compile keywords that need no others; most schemas have few that differ."""
        if keywords.keys() == {"type"} and place.dialect.uri == DIALECT and (test := type_test(keywords["type"])):
            return test
        key = f"{place.dialect.uri}{keywords}"
        if key not in self._assertions:
            self._assertions[key] = self._backend.compile({"$schema": place.dialect.uri, **keywords})
        return self._assertions[key]

    def _referred(self, schema: Any) -> Any:
        """Return what refers to a schema."""
        return {"$ref": self._documents.places[id(schema)].reference} if isinstance(schema, dict) else schema

    # Keywords that look at the same value

    def _reference(self, place: Place, _: Any) -> Check:
        checks: list[Check] = []
        for target in self._documents.targets[id(place.schema)]:
            other = self._documents.places.get(id(target))
            if self._documents.is_dynamic and (other is None or {place.base, other.base} != {self._documents.root}):
                # The way to it says where it leads; asked about by itself, it may mean something else.
                checks.append(unless(self._parts.add({"$ref": place.reference}), NOT_VALID))
            else:
                checks.append(self._part(target).explain)
        return checks[0] if len(checks) == 1 else in_turn(checks)

    def _all_of(self, _: Place, schemas: Any) -> Check:
        return in_turn([self._part(schema).explain for schema in schemas])

    def _if(self, place: Place, condition: Any) -> Check:
        holds = self._part(condition).is_valid
        then, otherwise = (self._part(place.schema.get(name, True)).explain for name in ("then", "else"))

        def explain(value: Any, found: list[Found], levels: int) -> None:
            (then if holds(value) else otherwise)(value, found, levels)

        return explain

    def _not(self, _: Place, schema: Any) -> Check:
        is_valid, why = self._part(schema).is_valid, reason("not", None)

        def explain(value: Any, found: list[Found], _: int) -> None:
            if is_valid(value):
                found.append(["", *why])

        return explain

    def _dependent_schemas(self, _: Place, schemas: Any) -> Check:
        entries = {name: self._part(schema).explain for name, schema in schemas.items() if not isinstance(schema, list)}
        names = self._dependent_required(_, {name: given for name, given in schemas.items() if name not in entries})

        def explain(value: Any, found: list[Found], levels: int) -> None:
            if isinstance(value, dict):
                names(value, found, levels)
                for name, explain_all in entries.items():
                    if name in value:
                        explain_all(value, found, levels)

        return explain

    def _dependent_required(self, _: Place, dependencies: Any) -> Check:
        reasons = {given: reason("dependentRequired", given) for given in dependencies}

        def explain(value: Any, found: list[Found], _: int) -> None:
            if isinstance(value, dict):
                missing: dict[str, Reason] = {}
                for given, names in dependencies.items():
                    if given in value:
                        for name in names:
                            if name not in value:
                                missing.setdefault(name, reasons[given])
                found.extend([within(token(name), ""), *why] for name, why in missing.items())

        return explain

    def _choice(self, keyword: str, schemas: Any) -> Check:
        flat = self._flat(schemas)
        entries = [Entry(Alternative(self._follow(schema), assertion), self._part(schema)) for schema in flat]
        return choice(keyword, entries)

    def _flat(self, schemas: Iterable[Any]) -> Iterator[Any]:
        """Return the alternatives, with those of an `anyOf` among them in its place."""
        for schema in schemas:
            if isinstance(schema, dict) and schema.keys() - _SILENT == {"anyOf"}:
                yield from self._flat(schema["anyOf"])
            else:
                yield schema

    def _follow(self, schema: Any) -> Mapping[str, Any]:
        for _ in range(10):
            targets = self._documents.targets.get(id(schema))
            if not targets:
                break
            schema = targets[0]
        return schema if isinstance(schema, dict) else {}

    # Keywords that look into an object

    def _properties(self, _: Place, known: Any) -> Check:
        parts = {name: self._part(schema) for name, schema in known.items()}
        entries = [(name, token(name), part.is_valid, part) for name, part in parts.items()]

        def explain(value: Any, found: list[Found], levels: int) -> None:
            if isinstance(value, dict):
                for name, step, is_valid, part in entries:
                    if name in value and not is_valid(element := value[name]):
                        go_into(element, part, step, found, levels)

        return explain

    def _required(self, _: Place, names: Any) -> Check:
        steps = {name: within(token(name), "") for name in names} if isinstance(names, list) else {}
        why = reason("required", None)

        def explain(value: Any, found: list[Found], _: int) -> None:
            if isinstance(value, dict) and not steps.keys() <= value.keys():
                found.extend([step, *why] for name, step in steps.items() if name not in value)

        return explain

    def _pattern_properties(self, _: Place, patterns: Any) -> Check:
        return in_turn(
            [
                self._each_property({"patternProperties": {pattern: self._referred(schema)}}, self._part(schema))
                for pattern, schema in patterns.items()
            ]
        )

    def _additional_properties(self, place: Place, schema: Any) -> Check:
        known, patterns = (
            dict.fromkeys(place.schema.get(name, {}), True) for name in ("properties", "patternProperties")
        )
        part = Part(never, nothing, reason("additionalProperties", None)) if schema is False else self._part(schema)
        if schema is not False or patterns:
            alone = {"properties": known, "patternProperties": patterns, "additionalProperties": self._referred(schema)}
            return self._each_property(alone, part)

        def explain(value: Any, found: list[Found], levels: int) -> None:
            if isinstance(value, dict) and not value.keys() <= known.keys():
                for name in value:
                    if name not in known:
                        go_into(value[name], part, token(name), found, levels)
                        if len(found) >= MAX_VIOLATIONS:
                            break

        return explain

    def _each_property(self, schema: Any, part: Part) -> Check:
        """Explain those properties that are not valid under a schema which looks at each alone."""
        is_valid = self._parts.add(schema)

        def explain(value: Any, found: list[Found], levels: int) -> None:
            if isinstance(value, dict):
                for block in blocks([*value.items()]):
                    if not is_valid(dict(block)):
                        for name, element in block:
                            if not is_valid({name: element}):
                                go_into(element, part, token(name), found, levels)
                                if len(found) >= MAX_VIOLATIONS:
                                    return

        return explain

    def _property_names(self, _: Place, schema: Any) -> Check:
        """A pointer cannot point at a name, so it points at the object; the name is the client's and is not told."""
        return unless(self._parts.add({"propertyNames": self._referred(schema)}), reason("propertyNames", None))

    # Keywords that look into an array

    def _items(self, place: Place, schema: Any) -> Check:
        if isinstance(schema, list):
            return self._prefix_items(place, schema)
        start = len(place.schema.get("prefixItems", ())) if "prefixItems" in place.dialect.applicators else 0
        return self._further_items(schema, start)

    def _additional_items(self, place: Place, schema: Any) -> Check:
        listed = place.schema.get("items")
        return self._further_items(schema, len(listed)) if isinstance(listed, list) else nothing

    def _further_items(self, schema: Any, start: int) -> Check:
        part = Part(never, nothing, reason("items", None)) if schema is False else self._part(schema)
        are_valid = self._parts.add({"items": self._referred(schema)})
        is_valid = part.is_valid
        detail, code = part.reason or ("", "")

        def explain(value: Any, found: list[Found], levels: int) -> None:
            if isinstance(value, list):
                index = start
                for block in blocks(value[start:] if start else value):
                    if not are_valid(block):
                        if code:
                            places = [place for place, item in enumerate(block, index) if not is_valid(item)]
                            found += [[f"/{place}", detail, code] for place in places]
                        else:
                            _explain_items(block, part, index, found, levels)
                        if len(found) >= MAX_VIOLATIONS:
                            return
                    index += len(block)

        return explain

    def _prefix_items(self, _: Place, schemas: Any) -> Check:
        parts = [self._part(schema) for schema in schemas]

        def explain(value: Any, found: list[Found], levels: int) -> None:
            if isinstance(value, list):
                for index, (element, part) in enumerate(zip(value, parts, strict=False)):
                    if not part.is_valid(element):
                        go_into(element, part, f"/{index}", found, levels)

        return explain

    def _contains(self, place: Place, schema: Any) -> Check:
        self._part(schema)
        contains = {"contains": self._referred(schema)}
        counts = "unevaluatedItems" in place.dialect.applicators
        least = place.schema.get("minContains", 1) if counts else 1
        most = place.schema.get("maxContains") if counts else None
        has_one = self._parts.add(contains)
        has_enough = self._parts.add({**contains, "minContains": least})
        has_few = self._parts.add({**contains, "minContains": 0, "maxContains": most}) if most is not None else None

        def explain(value: Any, found: list[Found], _: int) -> None:
            if not has_enough(value):
                found.append(["", *(reason("minContains", least) if has_one(value) else reason("contains", None))])
            if has_few is not None and not has_few(value):
                found.append(["", *reason("maxContains", most)])

        return explain

    # Keywords that look at what others left

    def _unevaluated(self, place: Place, whole: Part, keyword: str, schema: Any) -> Check:
        part = self._part(schema)
        tp = list if keyword == "unevaluatedItems" else dict
        others = {name: value for name, value in place.schema.items() if name not in _LAST}
        evaluated = Evaluated(
            lambda part: self._documents.targets.get(id(part), ()),
            lambda part: self._part(part).is_valid,
            lambda pattern: assertion("pattern", pattern),
            counts_contained="prefixItems" in place.dialect.applicators,
        )
        self._documents.targets[id(others)] = self._documents.targets[id(place.schema)]
        if schema is False:
            part = Part(never, nothing, reason(keyword, None))

        def explain(value: Any, found: list[Found], levels: int) -> None:
            if isinstance(value, tp) and not whole.is_valid(value):
                known = evaluated.of(others, value)
                entries: Iterable[tuple[Any, Any]] = value.items() if isinstance(value, dict) else enumerate(value)
                for name, element in entries:
                    if name not in known and not part.is_valid(element):
                        go_into(element, part, token(name), found, levels)
                        if len(found) >= MAX_VIOLATIONS:
                            break

        return explain


def _explain_items(items: list[Any], part: Part, start: int, found: list[Found], levels: int) -> None:
    is_valid = part.is_valid
    for place, item in enumerate(items, start):
        if not is_valid(item):
            go_into(item, part, f"/{place}", found, levels)
            if len(found) >= MAX_VIOLATIONS:
                return


_LAST = frozenset({"unevaluatedItems", "unevaluatedProperties"})
_EVERYWHERE = frozenset({"$ref", "$dynamicRef", "$recursiveRef", "dependentRequired", "required"})
_SILENT = frozenset(
    {
        *("$anchor", "$comment", "$defs", "$schema", "contentEncoding", "contentMediaType", "default", "definitions"),
        *("deprecated", "description", "examples", "readOnly", "title", "writeOnly"),
    }
)

_OF_THEIR_OWN = _ASSERTIONS | _SILENT | {"additionalProperties", "items", "prefixItems", "properties", "required"}

_Maker = Callable[[Explainer, Place, Any], Check]

# ruff: noqa: SLF001 - the table of the class above
_MAKERS: dict[str, _Maker] = {
    **dict.fromkeys(("$ref", "$dynamicRef", "$recursiveRef"), Explainer._reference),
    "additionalItems": Explainer._additional_items,
    "additionalProperties": Explainer._additional_properties,
    "allOf": Explainer._all_of,
    "anyOf": lambda self, _, schemas: self._choice("anyOf", schemas),
    "contains": Explainer._contains,
    "dependencies": Explainer._dependent_schemas,
    "dependentRequired": Explainer._dependent_required,
    "dependentSchemas": Explainer._dependent_schemas,
    "if": Explainer._if,
    "items": Explainer._items,
    "not": Explainer._not,
    "oneOf": lambda self, _, schemas: self._choice("oneOf", schemas),
    "patternProperties": Explainer._pattern_properties,
    "prefixItems": Explainer._prefix_items,
    "properties": Explainer._properties,
    "propertyNames": Explainer._property_names,
    "required": Explainer._required,
}
