"""The keywords that look at the same value as the schema around them: references, choices, conditions."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ponty.request.validation.explanations.alternatives import Alternative, Entry
from ponty.request.validation.explanations.alternatives import choice as explain_choice
from ponty.request.validation.explanations.checks import Check, Found, in_turn, unless
from ponty.request.validation.explanations.keywords.walk import Walk
from ponty.request.validation.explanations.messages import NOT_VALID, Reason, reason
from ponty.request.validation.explanations.pointer import token, within
from ponty.request.validation.schemas.dialects import SILENT
from ponty.request.validation.schemas.documents import Place
from ponty.request.validation.schemas.jsonschema_rs_backend import assertion


def reference(walk: Walk, place: Place, _: Any) -> Check:
    """Explain by the target of a reference."""
    checks: list[Check] = []
    for target in walk.documents.targets[id(place.schema)]:
        other = walk.documents.places.get(id(target))
        if walk.documents.is_dynamic and (other is None or {place.base, other.base} != {walk.documents.root}):
            # The way to the reference decides where it leads; asked about by itself, it may mean something else.
            checks.append(unless(walk.ask({"$ref": place.reference}), NOT_VALID))
        else:
            checks.append(walk.part(target).explain)
    return checks[0] if len(checks) == 1 else in_turn(checks)


def all_of(walk: Walk, _: Place, schemas: Any) -> Check:
    """Explain by each of several schemas."""
    return in_turn([walk.part(schema).explain for schema in schemas])


def if_then_else(walk: Walk, place: Place, condition: Any) -> Check:
    """Explain by one of two schemas, which the condition selects."""
    holds = walk.part(condition).is_valid
    then, otherwise = (walk.part(place.schema.get(name, True)).explain for name in ("then", "else"))

    def explain(value: Any, found: list[Found], levels: int, at: str) -> None:
        (then if holds(value) else otherwise)(value, found, levels, at)

    return explain


def not_valid(walk: Walk, _: Place, schema: Any) -> Check:
    """Explain that a value is valid under a schema that must not admit it."""
    is_valid, why = walk.part(schema).is_valid, reason("not", None)

    def explain(value: Any, found: list[Found], _: int, at: str) -> None:
        if is_valid(value):
            found.append((at, why))

    return explain


def dependent_schemas(walk: Walk, _: Place, schemas: Any) -> Check:
    """Explain by the schemas of the properties that are there."""
    entries = {name: walk.part(schema).explain for name, schema in schemas.items() if not isinstance(schema, list)}
    names = dependent_required({name: given for name, given in schemas.items() if name not in entries})

    def explain(value: Any, found: list[Found], levels: int, at: str) -> None:
        if isinstance(value, dict):
            names(value, found, levels, at)
            for name, explain_all in entries.items():
                if name in value:
                    explain_all(value, found, levels, at)

    return explain


def dependent_required(dependencies: Any) -> Check:
    """Explain which properties are missing that other properties require."""
    reasons = {given: reason("dependentRequired", given) for given in dependencies}

    def explain(value: Any, found: list[Found], _: int, at: str) -> None:
        if isinstance(value, dict):
            missing: dict[str, Reason] = {}
            for given, names in dependencies.items():
                if given in value:
                    for name in names:
                        if name not in value:
                            missing.setdefault(name, reasons[given])
            found.extend((within(at, token(name)), why) for name, why in missing.items())

    return explain


def choice(walk: Walk, keyword: str, schemas: Any) -> Check:
    """Explain by the alternative that was meant."""
    flat = _flat(walk, schemas)
    entries = [Entry(Alternative(_follow(walk, schema), assertion), walk.part(schema)) for schema in flat]
    # In a `oneOf`, an `anyOf` is one alternative, however many of its own alternatives match.
    counted = [walk.part(schema).is_valid for schema in schemas] if keyword == "oneOf" else []
    return explain_choice(entries, counted)


def _flat(walk: Walk, schemas: Iterable[Any]) -> Iterator[Any]:
    """Return the alternatives; an `anyOf` among them is replaced by its own alternatives."""
    for schema in schemas:
        if isinstance(schema, dict) and schema.keys() - SILENT == {"anyOf"}:
            yield from _flat(walk, schema["anyOf"])
        else:
            yield schema


def _follow(walk: Walk, schema: Any) -> Mapping[str, Any]:
    for _ in range(10):
        targets = walk.documents.targets.get(id(schema))
        if not targets:
            break
        schema = targets[0]
    return schema if isinstance(schema, dict) else {}
