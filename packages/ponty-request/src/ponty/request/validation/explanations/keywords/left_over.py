"""The keywords for what the others of a schema leave: `unevaluatedItems` and `unevaluatedProperties`."""

from collections.abc import Iterable
from typing import Any

from ponty.request.validation.explanations.checks import MAX_VIOLATIONS, Check, Found, Part, go_into, never, nothing
from ponty.request.validation.explanations.evaluated import Evaluated
from ponty.request.validation.explanations.keywords.walk import Walk
from ponty.request.validation.explanations.messages import reason
from ponty.request.validation.explanations.pointer import token
from ponty.request.validation.schemas.documents import Place
from ponty.request.validation.schemas.jsonschema_rs_backend import assertion

LAST = frozenset({"unevaluatedItems", "unevaluatedProperties"})


def unevaluated(walk: Walk, place: Place, whole: Part, keyword: str, schema: Any) -> Check:
    """Explain the parts of a value that no other keyword has evaluated."""
    part = walk.part(schema)
    tp = list if keyword == "unevaluatedItems" else dict
    others = {name: value for name, value in place.schema.items() if name not in LAST}
    evaluated = Evaluated(
        lambda part: walk.documents.targets.get(id(part), ()),
        lambda part: walk.part(part).is_valid,
        lambda pattern: assertion("pattern", pattern),
        counts_contained="prefixItems" in place.dialect.applicators,
    )
    walk.documents.targets[id(others)] = walk.documents.targets[id(place.schema)]
    if schema is False:
        part = Part(never, nothing, reason(keyword, None))

    def explain(value: Any, found: list[Found], levels: int, at: str) -> None:
        if isinstance(value, tp) and not whole.is_valid(value):
            known = evaluated.of(others, value)
            entries: Iterable[tuple[Any, Any]] = value.items() if isinstance(value, dict) else enumerate(value)
            for name, element in entries:
                if name not in known and not part.is_valid(element):
                    go_into(element, part, token(name), found, levels, at)
                    if len(found) >= MAX_VIOLATIONS:
                        break

    return explain
