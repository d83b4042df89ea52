"""Two schemas of one object, compared: its properties, which of them are required, and which others are admitted.

In objects that are sent, a property that the schema does not name is not sent, as long as the schema names any. Clients
ignore properties that they do not know.
"""

from collections.abc import Iterator
from typing import Protocol

from ponty.request.differences.change import Change, Direction, Json, Place


class Comparing(Protocol):
    """Compares two schemas."""

    def changes(self, place: Place, old: Json, new: Json, on: Direction) -> Iterator[Change]:
        """Yield the differences between two schemas."""
        ...


def properties(schemas: Comparing, place: Place, before: Json, after: Json, on: Direction) -> Iterator[Change]:
    """Yield the differences between the properties of two schemas.

    Args:
        schemas: Compares the schemas of the properties.
        place: The place of the first schema.
        before: The first schema.
        after: The second schema.
        on: The direction of the values.
    """
    olds, news = before.get("properties", {}), after.get("properties", {})
    was, now = {*before.get("required", ())}, {*after.get("required", ())}
    for name in sorted(was ^ now):
        if (name in olds) is not (name in news) and name not in was - now:
            continue  # reported below
        if on == "sent" and name in olds and name not in news:
            continue
        words, instead = (
            ("is required now", "leave it optional")
            if name in now
            else ("may be missing now", "send it in each answer, null if need be")
        )
        inner = place.named(name, "properties", name)
        yield inner.directed(words, on, narrower=name in now, wider=name in was, instead=instead)
    for name in [*olds, *(name for name in news if name not in olds)]:
        inner = place.named(name, "properties", name)
        if name in olds and name in news:
            yield from schemas.changes(inner, olds[name], news[name], on)
        elif name in olds:
            is_required = name in (now - was if on == "taken" else was)
            yield from _gone(schemas, inner, olds[name], after, on, is_required=is_required)
        else:
            yield from _added(schemas, inner, news[name], before, on, is_required=name in now - was)
    yield from _others(schemas, place, before, after, on)
    yield from _patterns(schemas, place, before, after, on)


def _gone(
    schemas: Comparing, place: Place, old: Json, after: Json, on: Direction, *, is_required: bool
) -> Iterator[Change]:
    """Yield the changes of a property that no longer has its own schema."""
    rest = _rest(after, on)
    if on == "taken":
        breaks = rest is False or is_required or "patternProperties" in after
        yield place.change("is gone", breaks=breaks, instead="go on taking it, and ignore it")
    else:
        breaks = is_required or "patternProperties" in after
        yield place.change("is gone", breaks=breaks, instead="go on sending it")
    if rest is not False:
        yield from schemas.changes(place, old, rest, on)


def _added(
    schemas: Comparing, place: Place, new: Json, before: Json, on: Direction, *, is_required: bool
) -> Iterator[Change]:
    """Yield the changes of a property that has its own schema now."""
    breaks = (on == "taken" and is_required) or "patternProperties" in before
    yield place.change("is new", breaks=breaks, instead="make it optional")
    rest = before.get("additionalProperties", True)
    if on == "taken" and rest is not False:  # it was admitted as any other
        yield from schemas.changes(place, {} if rest is True else rest, new, on)
    elif isinstance(rest, dict):
        yield from schemas.changes(place, rest, new, on)


def _others(schemas: Comparing, place: Place, before: Json, after: Json, on: Direction) -> Iterator[Change]:
    one, other = before.get("additionalProperties", True), after.get("additionalProperties", True)
    if on == "sent":
        # Properties that a client reads by a schema must keep to it; properties without a schema are ignored.
        one = one if isinstance(one, dict) else {}
        other = _rest(after, on)
    if one == other and "$ref" not in str(one):
        return
    place = place.named("other properties", "additionalProperties")
    if one is False or other is False:
        if on == "taken":
            place = Place(place.text.removesuffix(", other properties"), place.pointer)
            yield place.change(
                "admits other properties than before", breaks=other is False, instead="keep admitting them"
            )
        return
    yield from schemas.changes(place, {} if one is True else one, {} if other is True else other, on)


def _patterns(schemas: Comparing, place: Place, before: Json, after: Json, on: Direction) -> Iterator[Change]:
    olds, news = before.get("patternProperties", {}), after.get("patternProperties", {})
    for pattern in sorted({*olds, *news}):
        inner = place.named(f"properties like {pattern}", "patternProperties", pattern)
        if pattern in olds and pattern in news:
            yield from schemas.changes(inner, olds[pattern], news[pattern], on)
        elif pattern in news:
            wider = before.get("additionalProperties", True) not in (True, {})
            yield inner.directed("is new", on, narrower=True, wider=wider, instead="take what was taken")
        else:
            narrower = after.get("additionalProperties", True) not in (True, {})
            yield inner.directed("is gone", on, narrower=narrower, wider=True, instead="send what was sent")


def _rest(schema: Json, on: Direction) -> Json:
    """Return the schema of properties that are not named, or False if there are none."""
    if on == "sent" and "properties" in schema:
        rest = schema.get("additionalProperties", False)
    else:
        rest = schema.get("additionalProperties", True)
    return {} if rest is True else rest
