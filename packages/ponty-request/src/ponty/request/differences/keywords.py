"""Compares the keywords of two schemas that need no look into other schemas: types, enums, bounds, patterns."""

from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Final

from ponty.request.differences.change import Change, Direction, Json, Place
from ponty.request.differences.references import known

_COUNTS: Final = ("Length", "Items", "Properties")
BOUNDS: Final = frozenset(
    {
        *("minimum", "exclusiveMinimum", "maximum", "exclusiveMaximum"),
        *(f"{end}{what}" for end in ("min", "max") for what in _COUNTS),
    }
)
_ALL: Final = frozenset({"", ".*", "^.*$", "^.*", ".*$", "^"})
"""Patterns that match any text."""


def values(place: Place, before: Json, after: Json, on: Direction) -> Iterator[Change]:
    """Compare types and enums."""
    for keyword, words in (("type", "type"), ("enum", "value")):
        one, other = before.get(keyword), after.get(keyword)
        if one == other:
            continue
        inner = place.at(keyword)
        if lost := _lacking(one, other):
            instead = f"go on taking {', '.join(lost)}"
            yield inner.directed(f"lacks a {words} that it had", on, narrower=True, wider=False, instead=instead)
        if more := _lacking(other, one):
            instead = f"send no {', '.join(more)} here"
            yield inner.directed(f"has a {words} that it did not have", on, narrower=False, wider=True, instead=instead)


def _lacking(some: Sequence[Json] | None, others: Sequence[Json] | None) -> list[str]:
    """Return the types or values that are among `some`, and not among `others`; None means all."""
    if others is None:
        return []
    if some is None:
        return ["any other"]
    there = {*map(known, others)}
    if "number" in others:
        there.add(known("integer"))
    return [each for each in map(known, some) if each not in there]


def bounds(place: Place, before: Json, after: Json, on: Direction) -> Iterator[Change]:
    """Compare the least and the most of numbers, and of counts."""
    for inclusive, exclusive, sign in (
        ("minimum", "exclusiveMinimum", 1),
        ("maximum", "exclusiveMaximum", -1),
    ):
        one, other = (_bound(each, inclusive, exclusive, sign) for each in (before, after))
        if one != other:
            keyword = exclusive if exclusive in (after if other else before) else inclusive
            yield _moved(place, keyword, one, other, on)
    for what in _COUNTS:
        for end, sign in (("min", 1), ("max", -1)):
            keyword = f"{end}{what}"
            one, other = ((sign * each[keyword], 0) if each.get(keyword) else None for each in (before, after))
            if end == "max":  # a maximum of 0 is a limit, too
                one, other = ((-each[keyword], 0) if keyword in each else None for each in (before, after))
            if one != other:
                yield _moved(place, keyword, one, other, on)


def _bound(schema: Json, inclusive: str, exclusive: str, sign: int) -> tuple[float, int] | None:
    """Return the tighter of both bounds, as a number that is larger if it is tighter."""
    found = ((sign * schema[each], number) for number, each in enumerate((inclusive, exclusive)) if each in schema)
    return max(found, default=None)


def _moved(
    place: Place, keyword: str, one: tuple[float, int] | None, other: tuple[float, int] | None, on: Direction
) -> Change:
    narrower = other is not None and (one is None or other > one)
    kept = "leave it out" if one is None else f"let it be {abs(one[0])}, or {'looser' if on == 'taken' else 'tighter'}"
    return place.at(keyword).directed(f"has another {keyword}", on, narrower=narrower, wider=not narrower, instead=kept)


def multiples(place: Place, before: Json, after: Json, on: Direction) -> Iterator[Change]:
    """Compare `multipleOf`."""
    one, other = before.get("multipleOf"), after.get("multipleOf")
    if one == other:
        return
    narrower = other is not None and (one is None or Fraction(str(one)) % Fraction(str(other)) != 0)
    wider = one is not None and (other is None or Fraction(str(other)) % Fraction(str(one)) != 0)
    instead = "leave it out" if one is None else f"leave it at {one}"
    yield place.at("multipleOf").directed("has another multipleOf", on, narrower=narrower, wider=wider, instead=instead)


def simple_keywords(place: Place, before: Json, after: Json, on: Direction) -> Iterator[Change]:
    """Compare keywords whose values constrain something, if they are there at all."""
    for keyword in ("pattern", "format", "uniqueItems", "contentMediaType", "contentEncoding"):
        one, other = (_unless_empty(keyword, each.get(keyword)) for each in (before, after))
        if one != other:
            instead = "leave it out" if one is None else f"leave it at {known(one)}"
            yield place.at(keyword).directed(
                f"has another {keyword}", on, narrower=other is not None, wider=one is not None, instead=instead
            )


def _unless_empty(keyword: str, value: Json) -> Json:
    return None if value is False or (keyword == "pattern" and value in _ALL) else value


def dependencies(place: Place, before: Json, after: Json, on: Direction) -> Iterator[Change]:
    """Compare which properties are required if others are there."""
    olds, news = before.get("dependentRequired", {}), after.get("dependentRequired", {})
    for name in sorted({*olds, *news}):
        was, now = {*olds.get(name, ())}, {*news.get(name, ())}
        if was != now:
            yield place.at("dependentRequired", name).directed(
                f"requires other properties beside {name} now",
                on,
                narrower=bool(now - was),
                wider=bool(was - now),
                instead="leave dependentRequired as it was",
            )


def silent_keywords(place: Place, before: Json, after: Json, on: Direction) -> Iterator[Change]:
    """Compare keywords that constrain no value, but that clients read."""
    if before.get("default") != after.get("default") and on == "taken":
        yield place.at("default").change("has another default", breaks=False)
    if after.get("deprecated", False) and not before.get("deprecated", False):
        yield place.change("is deprecated now", breaks=False)
    for keyword, breaks, words in (
        ("readOnly", on == "taken", "is no longer read"),
        ("writeOnly", on == "sent", "is no longer sent"),
    ):
        if after.get(keyword, False) and not before.get(keyword, False):
            instead = "go on reading it" if on == "taken" else "go on sending it"
            yield place.at(keyword).change(words if breaks else f"is {keyword} now", breaks=breaks, instead=instead)
    yield from _discriminator(place, before.get("discriminator"), after.get("discriminator"), on)


def _discriminator(place: Place, before: Json, after: Json, on: Direction) -> Iterator[Change]:
    if before == after:
        return
    place = place.at("discriminator")
    if before is None or after is None:
        yield place.change("has a discriminator now" if after else "has no discriminator now", breaks=False)
        return
    if before.get("propertyName") != after.get("propertyName"):
        instead = f"leave it at {known(before.get('propertyName'))}"
        yield place.at("propertyName").change("has its tag under another name", breaks=True, instead=instead)
    olds, news = before.get("mapping", {}), after.get("mapping", {})
    for tag in sorted({*olds, *news}):
        if olds.get(tag) != news.get(tag):
            breaks = tag in olds and (tag in news or on == "taken")
            breaks |= tag not in olds and on == "sent"
            yield place.at("mapping", tag).change(
                f"maps the tag {tag} to another schema", breaks=breaks, instead="leave the mapping as it was"
            )
