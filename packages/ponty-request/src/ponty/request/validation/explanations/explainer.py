"""Why a value is not valid: its first violations, each at its place, in the words of `messages`.

The explainer walks through a schema and a value together. On the way, it asks jsonschema-rs whether one keyword, or one
part of the value, is valid. It goes into parts that are not valid, and skips those that are.

- Each level of a value asks about all levels below it, so at most 16 levels are examined. Deeper faults are reported at
  the sixteenth.
- Many items are asked about in blocks, so that a long list costs little more than its faults.
- Among the alternatives of a choice, it goes into the one that was meant, if there is one; never into several.
- It stops at 51 violations, one more than an answer lists.

`ponty.request.validation.explanations.keywords` makes the checks of the keywords.

It never decides whether a value is valid: if it finds no fault, jsonschema-rs has the last word.
"""

from collections.abc import Callable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from typing import Any

from ponty.request.validation.explanations.checks import (
    MAX_LEVELS,
    MAX_VIOLATIONS,
    Check,
    Found,
    Part,
    always,
    in_turn,
    nothing,
    unless,
)
from ponty.request.validation.explanations.keywords import arrays, in_place, objects
from ponty.request.validation.explanations.keywords.left_over import LAST, unevaluated
from ponty.request.validation.explanations.keywords.walk import Walk
from ponty.request.validation.explanations.messages import reason
from ponty.request.validation.explanations.type_tests import type_test
from ponty.request.validation.schemas.dialects import DIALECT, SILENT, dialect_of
from ponty.request.validation.schemas.documents import Documents, Place
from ponty.request.validation.schemas.jsonschema_rs_backend import Backend, IsValid, Parts

_ASSERTIONS = frozenset(
    {
        *("const", "enum", "exclusiveMaximum", "exclusiveMinimum", "format", "maxItems", "maxLength", "maxProperties"),
        *("maximum", "minItems", "minLength", "minProperties", "minimum", "multipleOf", "pattern", "type"),
        "uniqueItems",
    }
)
"""The keywords that depend on nothing but their own value."""

_TYPE: AbstractSet[str] = frozenset({"type"})
_TYPE_AND_FORMAT: AbstractSet[str] = frozenset({"type", "format"})


class Explainer:
    """Explains by one schema.

    Args:
        documents: The schema, with the documents that it refers to.
        root: The schema.
        backend: Compiles schemas.
    """

    def __init__(self, documents: Documents, root: Any, backend: Backend) -> None:
        self.documents = documents
        self._backend = backend
        dialect = dialect_of(root).uri
        # Only draft 2019-09 knows `$recursiveRef`, and only the later ones know `$dynamicRef`.
        self._parts = Parts(backend.compile, dialect if "2019-09" in dialect else DIALECT)
        self._known: dict[int, Part] = {}
        self._assertions: dict[str, IsValid] = {}
        self._todo: list[Callable[[], None]] = []
        self.may_repeat: bool = False
        """Whether two of its keywords may find the same fault."""
        self._explain = self.part(root).explain
        while self._todo:  # instead of a recursion, which a chain of definitions would exhaust
            self._todo.pop()()

    def compile(self) -> None:
        """Compile what would otherwise be compiled at the first refusal."""
        self._parts.compile()

    def explain(self, value: object) -> list[Found]:
        """Return the first violations of a value."""
        found: list[Found] = []
        self._explain(value, found, MAX_LEVELS, "")
        return found if len(found) <= MAX_VIOLATIONS else found[:MAX_VIOLATIONS]

    def ask(self, schema: Any) -> IsValid:
        """Compile a schema together with all others that are asked about."""
        return self._parts.add(schema)

    def part(self, schema: Any) -> Part:
        """Make a part, once for each schema."""
        if not isinstance(schema, dict):
            return Part(lambda _: bool(schema), nothing if schema else always(reason("false", None)))
        known = self._known.get(id(schema))
        if known is not None:
            return known
        place = self.documents.places[id(schema)]
        keywords = place.dialect.keywords(schema)
        checks: list[Check] = []
        last: list[Check] = []
        own = {name: value for name, value in keywords.items() if name in _ASSERTIONS}
        alone = own.keys() == keywords.keys() - SILENT and not isinstance(own.get("exclusiveMinimum"), bool)
        is_valid = self._alone(place, own) if alone else self.ask({"$ref": place.reference})
        why = reason(*own.popitem()) if alone and len(own) == 1 else None
        explain = unless(is_valid, why) if why else in_turn(checks, last)
        self._known[id(schema)] = part = Part(is_valid, explain, why)
        if not why:
            self._todo.append(lambda: self._fill(place, part, checks, last))
        return part

    def referred(self, schema: Any) -> Any:
        """Return a reference to a schema."""
        return {"$ref": self.documents.places[id(schema)].reference} if isinstance(schema, dict) else schema

    def _fill(self, place: Place, part: Part, checks: list[Check], last: list[Check]) -> None:
        """Make the checks of a part."""
        keywords = place.dialect.keywords(place.schema)
        if (check := objects.of_class(self, keywords)) is not None:
            checks.append(check)
            return
        # These keywords look at different things, or report different faults of the same thing.
        self.may_repeat |= not (keywords.keys() <= _OF_THEIR_OWN or keywords.keys() - SILENT == {"$ref"})
        for keyword, argument in keywords.items():
            if keyword in _ASSERTIONS:
                checks += self._assertion(place, keyword, argument)
            elif keyword in LAST and keyword in place.dialect.applicators:
                last.append(unevaluated(self, place, part, keyword, argument))
            elif keyword in _MAKERS and (keyword in place.dialect.applicators or keyword in _EVERYWHERE):
                checks.append(_MAKERS[keyword](self, place, argument))

    def _assertion(self, place: Place, keyword: str, argument: Any) -> Iterator[Check]:
        if isinstance(argument, bool) and keyword.startswith("exclusive"):  # draft 4
            limit = keyword.replace("exclusiveM", "m")
            if argument and limit in place.schema:
                bound = {limit: place.schema[limit]}
                beyond, at_least = self._alone(place, bound), self._alone(place, {**bound, keyword: True})
                yield unless(lambda value: not beyond(value) or at_least(value), reason(keyword, place.schema[limit]))
        else:
            yield unless(self._alone(place, {keyword: argument}), reason(keyword, argument))

    def _alone(self, place: Place, keywords: Mapping[str, Any]) -> IsValid:
        """Compile keywords that need no others; the results are kept, since most schemas have few different ones."""
        if keywords.keys() == _TYPE and place.dialect.uri == DIALECT and (test := type_test(keywords["type"])):
            return test
        if keywords.keys() == _TYPE_AND_FORMAT and keywords["type"] == "string":
            known = self._backend.formats.get(keywords["format"])
            if known is not None:  # Python checks this format, so there is no need to ask jsonschema-rs
                return lambda value: type(value) is str and known(value)
        key = f"{place.dialect.uri}{keywords}"
        if key not in self._assertions:
            self._assertions[key] = self._backend.compile({"$schema": place.dialect.uri, **keywords})
        return self._assertions[key]


_EVERYWHERE = frozenset({"$ref", "$dynamicRef", "$recursiveRef", "dependentRequired", "required"})

_OF_THEIR_OWN = _ASSERTIONS | SILENT | {"additionalProperties", "items", "prefixItems", "properties", "required"}

_Maker = Callable[[Walk, Place, Any], Check]

_MAKERS: dict[str, _Maker] = {
    **dict.fromkeys(("$ref", "$dynamicRef", "$recursiveRef"), in_place.reference),
    "additionalItems": arrays.additional_items,
    "additionalProperties": objects.additional_properties,
    "allOf": in_place.all_of,
    "anyOf": lambda walk, _, schemas: in_place.choice(walk, "anyOf", schemas),
    "contains": arrays.contains,
    "dependencies": in_place.dependent_schemas,
    "dependentRequired": lambda _walk, _place, names: in_place.dependent_required(names),
    "dependentSchemas": in_place.dependent_schemas,
    "if": in_place.if_then_else,
    "items": arrays.items,
    "not": in_place.not_valid,
    "oneOf": lambda walk, _, schemas: in_place.choice(walk, "oneOf", schemas),
    "patternProperties": objects.pattern_properties,
    "prefixItems": arrays.prefix_items,
    "properties": objects.properties,
    "propertyNames": objects.property_names,
    "required": lambda _walk, _place, names: objects.required(names),
}
