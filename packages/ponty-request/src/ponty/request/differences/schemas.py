"""Two schemas of one value, compared: whether each value of one is a value of the other.

What is taken may widen, and what is sent may narrow. A schema is a conjunction, so it is compared by its keywords, or
by small groups of keywords that depend on each other (`properties` with `additionalProperties`, `contains` with its
bounds). If each group of the wider schema follows from the same group of the narrower one, no value is lost. If it does
not follow, a value may be lost or not; this is reported as breaking. So a difference may be reported that breaks
nothing, but none is missed that breaks something.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ponty.request.differences.change import Change, Direction, Json, Place
from ponty.request.differences.keywords import (
    BOUNDS,
    bounds,
    dependencies,
    multiples,
    silent_keywords,
    simple_keywords,
    values,
)
from ponty.request.differences.objects import properties
from ponty.request.differences.references import SILENT, asserted, conjunction, followed, known, normal, reference

_UNIONS = ("anyOf", "oneOf")
_SPEAKING = frozenset(
    {
        *("type", "enum", "properties", "required", "additionalProperties", "patternProperties", "items"),
        *("contains", "minContains", "maxContains", "if", "then", "else", "anyOf", "oneOf", "not", "prefixItems"),
        *("pattern", "format", "uniqueItems", "propertyNames", "dependentRequired", "dependentSchemas", "multipleOf"),
        *("contentSchema", "contentMediaType", "contentEncoding", "discriminator"),
        *("unevaluatedItems", "unevaluatedProperties"),
        *BOUNDS,
    }
)
"""Keywords whose meaning is known here; others must be equal."""


class Schemas:
    """Compares the schemas of two documents.

    Args:
        old: The first document.
        new: The second.
    """

    def __init__(self, old: Mapping[str, Any], new: Mapping[str, Any]) -> None:
        self._old = old
        self._new = new
        self._within: set[tuple[str, str, Direction]] = set()
        self._alike: set[tuple[str, str, Direction]] = set()

    def changes(self, place: Place, old: Json, new: Json, on: Direction) -> Iterator[Change]:
        """Yield the differences between two schemas.

        Args:
            place: The place of the first schema.
            old: The first schema.
            new: The schema in the same place of the second document.
            on: The direction of the values.
        """
        if reference(old).startswith("#"):
            place = Place(place.text, reference(old)[1:])
        if not (reference(old) and reference(new)):
            yield from self._compared(place, old, new, on)
            return
        met = (known(old), known(new), on)
        if met in self._within or met in self._alike:
            return  # this pair is being compared further out, or was compared
        is_outermost = not self._within
        self._within.add(met)
        found = False
        try:
            for change in self._compared(place, old, new, on):
                found = True
                yield change
        finally:
            self._within.discard(met)
        if is_outermost and not found:
            self._alike.add(met)

    def breaks(self, old: Json, new: Json, on: Direction) -> bool:
        """Return whether a client may fail if one schema replaces another."""
        return any(change.breaks for change in self.changes(Place("", ""), old, new, on))

    def _narrows(self, old: Json, new: Json) -> bool:
        """Return whether a value of the old schema may be no value of the new one."""
        return self.breaks(old, new, "taken")

    def _widens(self, old: Json, new: Json) -> bool:
        """Return whether a value of the new schema may be no value of the old one, whatever clients ignore."""
        return Schemas(self._new, self._old).breaks(new, old, "taken")

    def _compared(self, place: Place, old: Json, new: Json, on: Direction) -> Iterator[Change]:
        before, after = normal(self._old, old), normal(self._new, new)
        if before is False or after is False:
            if before is not after:
                words = "admits no value now" if after is False else "admits some values now"
                yield place.directed(
                    words, on, narrower=after is False, wider=before is False, instead="leave it as it was"
                )
            return
        if before == after and "$ref" not in str(before):
            return
        yield from silent_keywords(place, before, after, on)
        if "allOf" in before or "allOf" in after:
            yield from self._conjunctions(place, before, after, on)
            return
        if self._is_one_union(before, after):
            yield from self._unions(place, before, after, on)
            return
        yield from values(place, before, after, on)
        yield from bounds(place, before, after, on)
        yield from multiples(place, before, after, on)
        yield from simple_keywords(place, before, after, on)
        yield from dependencies(place, before, after, on)
        yield from self._unions(place, before, after, on)
        yield from properties(self, place, before, after, on)
        yield from self._items(place, before, after, on)
        yield from self._inner(place, before, after, on)
        yield from self._conditions(place, before, after, on)
        yield from self._unevaluated(place, before, after, on)
        for keyword in sorted((asserted(before) | asserted(after)) - _SPEAKING):
            if before.get(keyword) != after.get(keyword):
                instead = f"leave {keyword} as it was"
                yield place.at(keyword).change(f"has another {keyword}", breaks=True, instead=instead)

    @staticmethod
    def _is_one_union(before: Json, after: Json) -> bool:
        """Return whether one side is only a union, and the other is no union."""
        unions = [asserted(each) & {*_UNIONS} for each in (before, after)]
        if bool(unions[0]) is bool(unions[1]):
            return False
        return len(asserted(before if unions[0] else after)) == 1

    def _unions(self, place: Place, before: Json, after: Json, on: Direction) -> Iterator[Change]:
        keywords = [[keyword for keyword in _UNIONS if keyword in each] for each in (before, after)]
        if not keywords[0] and not keywords[1]:
            return
        if len(keywords[0]) > 1 or len(keywords[1]) > 1:
            if any(before.get(keyword) != after.get(keyword) for keyword in _UNIONS):
                yield place.change("has other alternatives", breaks=True, instead="leave the alternatives as they were")
            return
        place = place.at(*keywords[0])
        if not keywords[1] and asserted(before) != {*keywords[0]}:
            yield place.directed(
                "has no alternatives now", on, narrower=False, wider=True, instead="leave the alternatives"
            )
            return
        olds = before[keywords[0][0]] if keywords[0] else [before]
        news = after[keywords[1][0]] if keywords[1] else [after]
        if olds == news and keywords[0] == keywords[1] and "$ref" not in str(olds):
            return
        yield from self._alternatives(place, olds, news, on)
        wider = (news, self._new, keywords[1]) if on == "taken" else (olds, self._old, keywords[0])
        if "oneOf" in wider[2] and not self._are_kept(olds, news, on) and not self._are_apart(wider[1], wider[0]):
            instead = "use anyOf, or give each alternative a tag of its own"
            yield place.change("has alternatives that may overlap, under oneOf", breaks=True, instead=instead)

    def _alternatives(
        self, place: Place, olds: Sequence[Json], news: Sequence[Json], on: Direction
    ) -> Iterator[Change]:
        lost = [old for old in olds if all(self._loses(old, new, on) for new in news)]
        added = [new for new in news if all(self._adds(old, new, on) for old in olds)]
        left = [old for old in olds if all(self._differs(old, new) for new in news)]
        fresh = [new for new in news if all(self._differs(old, new) for old in olds)]
        if len(left) == len(fresh) == 1:
            found = [*self.changes(place.at(olds.index(left[0])), left[0], fresh[0], on)]
            if (lost if on == "taken" else added) or not any(change.breaks for change in found):
                yield from found
                return
        if lost:
            yield place.directed(
                "has fewer alternatives, or others",
                on,
                narrower=True,
                wider=False,
                instead="go on taking each value that was taken",
            )
        if added:
            yield place.directed(
                "has more alternatives, or others",
                on,
                narrower=False,
                wider=True,
                instead="send the alternatives that there were, and what is new elsewhere",
            )

    def _loses(self, old: Json, new: Json, on: Direction) -> bool:
        """Return whether a value of the old schema may be no value of the new one."""
        return self.breaks(old, new, "taken") if on == "taken" else not self._is_like(old, new)

    def _adds(self, old: Json, new: Json, on: Direction) -> bool:
        """Return whether a value of the new schema may be no value of the old one."""
        return self.breaks(old, new, "sent") if on == "sent" else not self._is_like(old, new)

    def _is_like(self, old: Json, new: Json) -> bool:
        return not self.breaks(old, new, "taken") or not self.breaks(old, new, "sent")

    def _are_kept(self, olds: Sequence[Json], news: Sequence[Json], on: Direction) -> bool:
        return len(olds) == len(news) and not any(
            change for old, new in zip(olds, news, strict=True) for change in self.changes(Place("", ""), old, new, on)
        )

    @staticmethod
    def _are_apart(document: Mapping[str, Any], members: Sequence[Json]) -> bool:
        """Return whether no value belongs to two alternatives, as far as types, enums and tags show."""
        whole = [normal(document, member) for member in members]
        return all(_is_apart(document, one, other) for number, one in enumerate(whole) for other in whole[number + 1 :])

    def _conjunctions(self, place: Place, before: Json, after: Json, on: Direction) -> Iterator[Change]:
        """Compare the parts of schemas with allOf: each part of the wider must follow from a part of the narrower."""
        olds, news = conjunction(self._old, before), conjunction(self._new, after)
        left = [old for old in olds if all(self._differs(old, new) for new in news)]
        fresh = [new for new in news if all(self._differs(old, new) for old in olds)]
        if len(left) <= 1 and len(fresh) <= 1 and len(olds) == len(news):
            yield from self.changes(place, left[0] if left else {}, fresh[0] if fresh else {}, on)
            return
        place = place.at("allOf")
        if any(all(self.breaks(old, new, "taken") for old in olds) for new in news):
            instead = "take what was taken"
            yield place.directed("has stricter parts in allOf", on, narrower=True, wider=False, instead=instead)
        if any(all(self.breaks(old, new, "sent") for new in news) for old in olds):
            instead = "send what was sent"
            yield place.directed("has laxer parts in allOf", on, narrower=False, wider=True, instead=instead)

    def _differs(self, old: Json, new: Json) -> bool:
        return any(True for _ in self.changes(Place("", ""), old, new, "taken"))

    def _items(self, place: Place, before: Json, after: Json, on: Direction) -> Iterator[Change]:
        olds, news = before.get("prefixItems", []), after.get("prefixItems", [])
        one, other = before.get("items", {}), after.get("items", {})
        for number in range(max(len(olds), len(news))):
            pair = (olds[number] if number < len(olds) else one), (news[number] if number < len(news) else other)
            if pair != (False, False):
                inner = place.named(f"item {number}", *(("prefixItems", number) if number < len(olds) else ("items",)))
                yield from self.changes(inner, *pair, on)
        yield from self.changes(place.named("items", "items"), one, other, on)

    def _inner(self, place: Place, before: Json, after: Json, on: Direction) -> Iterator[Change]:
        """Compare `propertyNames`, `contentSchema`, `not`, `dependentSchemas` and `contains`."""
        for keyword in ("propertyNames", "contentSchema"):
            if keyword in before or keyword in after:
                inner = place.named(keyword, keyword)
                yield from self.changes(inner, before.get(keyword, {}), after.get(keyword, {}), on)
        if before.get("not") != after.get("not"):
            one, other = before.get("not", False), after.get("not", False)
            yield place.at("not").directed(
                "has another schema in not",
                on,
                narrower=self._widens(one, other),
                wider=self._narrows(one, other),
                instead="leave it as it was",
            )
        for keyword in sorted({*before.get("dependentSchemas", {}), *after.get("dependentSchemas", {})}):
            one, other = (each.get("dependentSchemas", {}).get(keyword, {}) for each in (before, after))
            inner = place.named(f"where there is {keyword}", "dependentSchemas", keyword)
            yield from self.changes(inner, one, other, on)
        yield from self._contained(place, before, after, on)

    def _contained(self, place: Place, before: Json, after: Json, on: Direction) -> Iterator[Change]:
        if "contains" not in before and "contains" not in after:
            return
        sides = [
            (each.get("contains", {}), each.get("minContains", 1), each.get("maxContains"))
            if "contains" in each
            else ({}, 0, None)
            for each in (before, after)
        ]
        (one, least, most), (other, least_now, most_now) = sides
        if sides[0] == sides[1]:
            return
        widens = "contains" in before and "contains" in after and self._widens(one, other)
        narrows = "contains" in before and "contains" in after and self._narrows(one, other)
        # With a narrower inner schema, fewer items count: a minimum is harder to reach, and a maximum easier to keep.
        narrower = (
            least_now > least
            or (narrows and least_now > 0)
            or (most_now is not None and (most is None or most_now < most or widens))
        )
        wider = (
            least > least_now
            or (widens and least > 0)
            or (most is not None and (most_now is None or most_now > most or narrows))
        )
        inner = place.at("contains")
        yield inner.directed(
            "has to contain other items", on, narrower=narrower, wider=wider, instead="leave contains as it was"
        )

    def _conditions(self, place: Place, before: Json, after: Json, on: Direction) -> Iterator[Change]:
        one, other = (
            tuple(each.get(keyword, {}) for keyword in ("if", "then", "else")) if "if" in each else None
            for each in (before, after)
        )
        if one == other:
            return
        same = one is not None and other is not None and one[0] == other[0]
        if same and one is not None and other is not None:
            narrower = any(self._narrows(one[part], other[part]) for part in (1, 2))
            wider = any(self._widens(one[part], other[part]) for part in (1, 2))
        else:
            narrower, wider = other is not None, one is not None
        yield place.at("if").directed(
            "has other conditions", on, narrower=narrower, wider=wider, instead="leave if, then and else as they were"
        )

    def _unevaluated(self, place: Place, before: Json, after: Json, on: Direction) -> Iterator[Change]:
        for keyword in ("unevaluatedItems", "unevaluatedProperties"):
            one, other = before.get(keyword), after.get(keyword)
            if one is None and other is None:
                continue
            # It depends on all keywords beside it: if they are different, nothing can be said.
            beside = {each: value for each, value in before.items() if each not in {keyword, *SILENT}} != {
                each: value for each, value in after.items() if each not in {keyword, *SILENT}
            }
            if one != other or beside:
                narrower = other is not None and other not in (True, {})
                wider = one is not None and one not in (True, {})
                yield place.at(keyword).directed(
                    f"has another {keyword}, or other keywords beside it",
                    on,
                    narrower=narrower,
                    wider=wider,
                    instead=f"leave {keyword} and the keywords beside it as they were",
                )


def _is_apart(document: Mapping[str, Any], one: Json, other: Json) -> bool:
    if one is False or other is False:
        return True
    types = [{*each["type"]} if "type" in each else None for each in (one, other)]
    if types[0] is not None and types[1] is not None:
        numbers = [each & {"integer", "number"} for each in types if each is not None]
        if not types[0] & types[1] and not (numbers[0] and numbers[1]):
            return True
    if "enum" in one and "enum" in other:
        return not {*map(known, one["enum"])} & {*map(known, other["enum"])}
    if types != [{"object"}, {"object"}]:
        return False
    tags = [
        {
            name: {*map(known, inner["enum"])}
            for name in each.get("required", ())
            if isinstance(inner := normal(document, followed(document, each.get("properties", {}).get(name, {}))), dict)
            and "enum" in inner
        }
        for each in (one, other)
    ]
    return any(not tags[0][name] & tags[1][name] for name in tags[0].keys() & tags[1].keys())
