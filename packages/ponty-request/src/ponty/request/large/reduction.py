"""A large value is validated piece by piece: it is reduced to a small value that has the same faults.

In a long array, or in an object with many names, elements that are valid by themselves do not matter for the faults. So
the elements are checked piece by piece, and only those that are not valid are kept, no more than an answer can name.
The reduced value is as valid as the whole, and is explained as the whole would be; only the indices in pointers are
changed back to those in the whole.

This works if a schema checks elements one by one, as those of types do. An array or object whose schema has other
keywords (`contains`, `uniqueItems`, `propertyNames`, …) is kept whole, and checked in one go.
"""

import itertools
import types
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from ponty.request.errors import Explained, InvalidField
from ponty.request.large.plain import Pieces, PlainSink
from ponty.request.large.turns import Steps
from ponty.request.validation.explanations.checks import MAX_VIOLATIONS
from ponty.request.validation.explanations.explainer import Explainer
from ponty.request.validation.explanations.pointer import token, within
from ponty.request.validation.schemas.dialects import SILENT
from ponty.request.validation.schemas.jsonschema_rs_backend import IsValid
from ponty.request.validation.validator import Validator

_LOOKED_AT = frozenset(
    {"type", "items", "minItems", "maxItems", "properties", "required", "additionalProperties"},
)


class Kept(NamedTuple):
    """The kept part of a value.

    Args:
        value: This part, as plain JSON.
        indices: For an array, the indices that its items had.
        inner: The kept parts of elements that were not kept whole, by the steps that lead to them.
    """

    value: Any
    indices: list[int] | None = None
    inner: "Mapping[str, Kept]" = types.MappingProxyType({})


class LargeValidator:
    """Validates values that were decoded piece by piece.

    Args:
        validator: The validator for other values of the schema.
    """

    def __init__(self, validator: Validator) -> None:
        self._validator = validator
        self._asked: dict[tuple[int, str], IsValid] = {}

    def refusal(self, sink: PlainSink) -> Steps[InvalidField | None]:
        """Return what is wrong with a decoded value; None if nothing is."""
        pieces = sink.whole
        if pieces is None:
            return None if self._validator.is_valid(sink.root) else self._validator.refusal(sink.root)
        explainer = self._validator.explainer
        documents = explainer.documents
        yield
        kept = yield from self._kept(explainer, pieces, documents.known[documents.root])
        if self._validator.is_valid(kept.value):
            return None
        yield
        found = self._validator.refusal(kept.value)
        if not isinstance(found, Explained):
            return found
        return Explained([(_placed(pointer, kept), why) for pointer, why in found.found])

    def _kept(self, explainer: Explainer, pieces: Pieces, schema: Any) -> Steps[Kept]:
        if isinstance(schema, bool):
            return Kept(_empty(pieces))
        schema = _followed(explainer, schema, list_or_dict=type(pieces.value))
        if not isinstance(schema, dict):
            return Kept(pieces.value)
        keywords = explainer.documents.places[id(schema)].dialect.keywords(schema).keys() - SILENT
        if isinstance(pieces.value, list):
            if keywords <= _LOOKED_AT:
                kept = yield from self._items(explainer, pieces, schema)
                return kept
        elif keywords <= _LOOKED_AT and isinstance(schema.get("properties", {}), dict):
            kept = yield from self._properties(explainer, pieces, schema)
            return kept
        return Kept(pieces.value)

    def _items(self, explainer: Explainer, pieces: Pieces, schema: Any) -> Steps[Kept]:
        value, item = pieces.value, schema.get("items", True)
        if isinstance(item, list):
            return Kept(value)
        kept: dict[int, Any] = {}
        inner: dict[int, Kept] = {}
        if item is not True:
            yield from self._wrong_items(explainer, pieces, item, kept, inner)
        # So many items are kept that `minItems` and `maxItems` have the same result as for the whole.
        least, most = schema.get("minItems", 0), schema.get("maxItems", len(value))
        wanted = min(len(value), max(least, most + 1 if len(value) > most else 0))
        for index, each in enumerate(value):
            if len(kept) >= wanted:
                break
            if index not in pieces.inner:
                kept.setdefault(index, each)
            elif index not in kept:
                inner[index] = yield from self._kept(explainer, pieces.inner[index], item)
                kept[index] = inner[index].value
        indices = sorted(kept)
        steps = {f"{place}": inner[index] for place, index in enumerate(indices) if index in inner}
        return Kept([kept[index] for index in indices], indices, steps)

    def _wrong_items(
        self, explainer: Explainer, pieces: Pieces, item: Any, kept: dict[int, Any], inner: dict[int, Kept]
    ) -> Steps[None]:
        """Keep the items that are not valid."""
        value = pieces.value
        are_valid, is_valid = self._ask(explainer, "items", item), explainer.part(item).is_valid
        for start, stop in _few_items(pieces):
            if start in pieces.inner:
                below = yield from self._kept(explainer, pieces.inner[start], item)
                if not is_valid(below.value):
                    kept[start], inner[start] = below.value, below
            elif not are_valid(part := value[start:stop]):
                kept.update((index, each) for index, each in enumerate(part, start) if not is_valid(each))
            if len(kept) >= MAX_VIOLATIONS:
                return
            yield

    def _properties(self, explainer: Explainer, pieces: Pieces, schema: Any) -> Steps[Kept]:
        value, known, others = pieces.value, schema.get("properties", {}), schema.get("additionalProperties", True)
        names = {name for name in (*known, *schema.get("required", ())) if name in value}
        inner: dict[str, Kept] = {}
        for name in pieces.inner.keys() & known.keys():
            inner[str(name)] = yield from self._kept(explainer, pieces.inner[name], known[str(name)])
        if others is False:
            names.update(itertools.islice((name for name in value if name not in known), MAX_VIOLATIONS))
        elif others is not True:
            found = yield from self._wrong_properties(explainer, pieces, known, others, inner)
            names |= found
        kept: dict[str, Any] = {}
        for name in value:
            if name in inner:
                kept[name] = inner[name].value
            elif name in names:  # for a value that was cut and is not checked, only its presence matters
                kept[name] = _empty(pieces.inner[name]) if name in pieces.inner else value[name]
        return Kept(kept, None, {token(name)[1:]: below for name, below in inner.items()})

    def _wrong_properties(
        self, explainer: Explainer, pieces: Pieces, known: Any, others: Any, inner: dict[str, Kept]
    ) -> Steps[set[str]]:
        """Return the names of further properties that are not valid."""
        are_valid, is_valid = self._ask(explainer, "additionalProperties", others), explainer.part(others).is_valid
        found: set[str] = set()
        for part in _few_entries(pieces):
            for name in [name for name in part if name in pieces.inner or name in known]:
                del part[name]
                if name not in known:
                    below = yield from self._kept(explainer, pieces.inner[name], others)
                    if not is_valid(below.value):
                        inner[name] = below
                        found.add(name)
            if not are_valid(part):
                found.update(name for name, each in part.items() if not is_valid(each))
            if len(found) >= MAX_VIOLATIONS:
                break
            yield
        return found

    def _ask(self, explainer: Explainer, keyword: str, schema: Any) -> IsValid:
        key = id(schema), keyword
        if key not in self._asked:
            self._asked[key] = explainer.ask({keyword: explainer.referred(schema)})
        return self._asked[key]


_FEW = 512
"""How many elements are checked before other requests may have their turn: the check of a format may be a function."""


def _empty(pieces: Pieces) -> Any:
    return type(pieces.value)()


def _few_items(pieces: Pieces) -> Iterator[tuple[int, int]]:
    """Iterate over a few items of an array at a time, never of two pieces: the first index, and that after the last."""
    for start, stop in pieces.pieces():
        for first in range(start, stop, _FEW):
            yield first, min(first + _FEW, stop)


def _few_entries(pieces: Pieces) -> Iterator[dict[str, Any]]:
    """Cut an object into small ones."""
    entries = iter(pieces.value.items())
    while part := dict(itertools.islice(entries, _FEW)):
        yield part


def _followed(explainer: Explainer, schema: Any, list_or_dict: type) -> Any:
    """Follow references, and the only alternative that admits arrays, or objects."""
    documents = explainer.documents
    kind = "array" if list_or_dict is list else "object"
    while isinstance(schema, dict) and not documents.is_dynamic:
        keywords = documents.places[id(schema)].dialect.keywords(schema).keys() - SILENT
        if keywords == {"$ref"}:
            schema = documents.targets[id(schema)][0]
        elif keywords == {"anyOf"}:
            members = [_followed(explainer, member, list_or_dict) for member in schema["anyOf"]]
            types = [member.get("type") if isinstance(member, dict) else None for member in members]
            fitting = [member for member, name in zip(members, types, strict=True) if name == kind]
            if not all(isinstance(name, str) for name in types) or len(fitting) != 1:
                return None
            schema = fitting[0]
        else:
            return schema
    return None


def _placed(pointer: str, kept: Kept) -> str:
    """Return a pointer into the kept part as one into the whole."""
    steps = pointer.split("/")[1:]
    found: Kept | None = kept
    for place, step in enumerate(steps):
        if found is None:
            break
        below = found.inner.get(step)
        if found.indices is not None:
            steps[place] = str(found.indices[int(step)])
        found = below
    return within("".join(f"/{step}" for step in steps), "")
