"""The alternatives of a choice (`anyOf`, `oneOf`), and which of them the outside of a value excludes."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from ponty.request.validation.explanations.checks import Check, Found, Part
from ponty.request.validation.explanations.messages import reason
from ponty.request.validation.explanations.pointer import token, within
from ponty.request.validation.schemas.jsonschema_rs_backend import IsValid

Assertion = Callable[[str, Any], IsValid]
"""Makes the check of a keyword that depends on no other."""


class Alternative:
    """One alternative of a choice.

    Args:
        schema: Its schema, with references followed.
        assertion: Makes the check of a keyword.
    """

    def __init__(self, schema: Mapping[str, Any], assertion: Assertion) -> None:
        types = schema.get("type")
        self.types: list[str] = [types] if isinstance(types, str) else types or []
        """The JSON types that it admits; empty if it does not say."""
        self._has_type = assertion("type", self.types) if types else None
        properties: Mapping[str, Any] = schema.get("properties", {})
        self.tags: dict[str, list[Any]] = {
            name: known["enum"] if "enum" in known else [known["const"]]
            for name, known in properties.items()
            if isinstance(known, dict) and ("enum" in known or "const" in known)
        }
        """The properties with a few legal values, and these values."""
        self._has_tag = {name: assertion("enum", values) for name, values in self.tags.items()}
        self.required: frozenset[str] = frozenset(schema.get("required", ()))
        """The properties that it requires."""
        closed = schema.get("additionalProperties") is False and "patternProperties" not in schema
        self._known = frozenset(properties) if closed else None

    def is_of_another_type(self, value: object) -> bool:
        """Return whether it admits no value of the JSON type of `value`."""
        return self._has_type is not None and not self._has_type(value)

    def other_tags(self, value: object) -> set[str]:
        """Return the properties with a few legal values that have another value."""
        if not isinstance(value, dict):
            return set()
        return {name for name, is_known in self._has_tag.items() if name in value and not is_known(value[name])}

    def excludes(self, value: object) -> bool:
        """Return whether it surely does not admit `value`, by its type, its tags and the names of its properties."""
        if self.is_of_another_type(value):
            return True
        if not isinstance(value, dict):
            return False
        known = self._known
        return (
            not self.required <= value.keys()
            or (known is not None and not value.keys() <= known)
            or bool(self.other_tags(value))
        )


class Entry(NamedTuple):
    """An alternative, with the part that explains by it."""

    alternative: Alternative
    part: Part


def choice(entries: Sequence[Entry], counted: Sequence[IsValid]) -> Check:
    """Explain by the one alternative that the client must have meant, if there is one.

    It did not mean alternatives of another JSON type, or with another tag (a property with a few legal values).

    Args:
        entries: The alternatives.
        counted: The tests of the alternatives of which only one may match.
    """

    def explain(value: Any, found: list[Found], levels: int, at: str) -> None:
        likely = [entry for entry in entries if not entry.alternative.is_of_another_type(value)]
        if not likely:
            types = [name for entry in entries for name in entry.alternative.types]
            found.append((at, reason("type", [*dict.fromkeys(types)])))
            return
        meant = [entry for entry in likely if not entry.alternative.other_tags(value)]
        if not meant:
            found.append(_wrong_tag(likely, value, at))
        elif len(meant) == 1:
            meant[0].part.explain(value, found, levels, at)
        else:
            count = sum(entry.part.is_valid(value) for entry in meant)
            if count == 0:
                _none_valid(meant, value, found, levels, at)
            elif count > 1 and sum(is_valid(value) for is_valid in counted) > 1:
                found.append((at, reason("oneOf", None)))

    return explain


def _none_valid(meant: list[Entry], value: Any, found: list[Found], levels: int, at: str) -> None:
    """Add the fault of a value that fits none of several alternatives, any of which may have been meant."""
    likely = [entry for entry in meant if not entry.alternative.excludes(value)]
    if len(likely) == 1:
        likely[0].part.explain(value, found, levels, at)
        return
    first, *others = (entry.alternative for entry in meant)
    if isinstance(value, dict):
        for name in first.tags:
            if name not in value and all(name in other.tags and name in other.required for other in (first, *others)):
                found.append((within(at, token(name)), reason("required", None)))
                return
    found.append((at, reason("anyOf", None)))


def _wrong_tag(likely: list[Entry], value: Any, at: str) -> Found:
    """Return the fault that names the tags, if one property tells all alternatives apart."""
    alternatives = [entry.alternative for entry in likely]
    for name in alternatives[0].tags:
        if all(name in alternative.other_tags(value) for alternative in alternatives):
            values = [tag for alternative in alternatives for tag in alternative.tags[name]]
            return within(at, token(name)), reason("enum", values)
    return at, reason("anyOf", None)
