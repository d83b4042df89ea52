"""The keywords that look into an array: at all of its items, or at some."""

from typing import Any

from ponty.request.validation.explanations.checks import (
    MAX_VIOLATIONS,
    Check,
    Found,
    Part,
    blocks,
    go_into,
    never,
    nothing,
)
from ponty.request.validation.explanations.keywords.walk import Walk
from ponty.request.validation.explanations.messages import Reason, reason
from ponty.request.validation.explanations.pointer import MAX_LENGTH, within
from ponty.request.validation.explanations.type_tests import tested_class
from ponty.request.validation.schemas.documents import Place


def items(walk: Walk, place: Place, schema: Any) -> Check:
    """Explain the items of an array: those after `prefixItems`, or, in older drafts, the first ones."""
    if isinstance(schema, list):
        return prefix_items(walk, place, schema)
    start = len(place.schema.get("prefixItems", ())) if "prefixItems" in place.dialect.applicators else 0
    return _further_items(walk, schema, start)


def additional_items(walk: Walk, place: Place, schema: Any) -> Check:
    """Explain the items after those that older drafts list in `items`."""
    listed = place.schema.get("items")
    return _further_items(walk, schema, len(listed)) if isinstance(listed, list) else nothing


def _further_items(walk: Walk, schema: Any, start: int) -> Check:
    part = Part(never, nothing, reason("items", None)) if schema is False else walk.part(schema)
    are_valid = walk.ask({"items": walk.referred(schema)})
    is_valid, cls, why = part.is_valid, tested_class(part.is_valid), part.reason

    def explain(value: Any, found: list[Found], levels: int, at: str) -> None:
        if isinstance(value, list):
            index = start
            for block in blocks(value[start:] if start else value):
                if why is not None and cls is not None:
                    places = [place for place, item in enumerate(block, index) if type(item) is not cls]
                    _name_items(places, why, found, at)
                elif not are_valid(block):
                    if why is not None:
                        places = [place for place, item in enumerate(block, index) if not is_valid(item)]
                        _name_items(places, why, found, at)
                    else:
                        _explain_items(block, part, index, found, levels, at)
                if len(found) >= MAX_VIOLATIONS:
                    return
                index += len(block)

    return explain


def _name_items(places: list[int], why: Reason, found: list[Found], at: str) -> None:
    """Add one reason for the items at each of these places."""
    if len(places) > MAX_VIOLATIONS:
        del places[MAX_VIOLATIONS:]
    if places and places[-1] < len(_STEPS) and len(at) < _FAR:
        found += [(at + _STEPS[place], why) for place in places]
    else:
        found += [(within(at, f"/{place}"), why) for place in places]


_STEPS = [f"/{place}" for place in range(64)]
"""The steps to the first items, which are needed most often."""
_FAR = MAX_LENGTH - len(_STEPS[-1])
"""The greatest length of a pointer to which such a step can be added."""


def _explain_items(  # noqa: PLR0917 - likewise by position
    items: list[Any], part: Part, start: int, found: list[Found], levels: int, at: str
) -> None:
    is_valid = part.is_valid
    for place, item in enumerate(items, start):
        if not is_valid(item):
            go_into(item, part, f"/{place}", found, levels, at)
            if len(found) >= MAX_VIOLATIONS:
                return


def prefix_items(walk: Walk, _: Place, schemas: Any) -> Check:
    """Explain the first items, each of which has its own schema."""
    parts = [walk.part(schema) for schema in schemas]

    def explain(value: Any, found: list[Found], levels: int, at: str) -> None:
        if isinstance(value, list):
            for index, (element, part) in enumerate(zip(value, parts, strict=False)):
                if not part.is_valid(element):
                    go_into(element, part, f"/{index}", found, levels, at)

    return explain


def contains(walk: Walk, place: Place, schema: Any) -> Check:
    """Explain that too few or too many items match a schema."""
    walk.part(schema)
    contains = {"contains": walk.referred(schema)}
    counts = "unevaluatedItems" in place.dialect.applicators
    least = place.schema.get("minContains", 1) if counts else 1
    most = place.schema.get("maxContains") if counts else None
    has_one = walk.ask(contains)
    has_enough = walk.ask({**contains, "minContains": least})
    has_few = walk.ask({**contains, "minContains": 0, "maxContains": most}) if most is not None else None

    def explain(value: Any, found: list[Found], _: int, at: str) -> None:
        if not has_enough(value):
            found.append((at, reason("minContains", least) if has_one(value) else reason("contains", None)))
        if has_few is not None and not has_few(value):
            found.append((at, reason("maxContains", most)))

    return explain
