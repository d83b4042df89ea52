"""The alternatives of a choice (`anyOf`, `oneOf`), as far as a look at the outside of a value tells them apart."""

from collections.abc import Callable, Mapping
from typing import Any

from ponty.request.validation.jsonschema_rs_backend import IsValid

Assertion = Callable[[str, Any], IsValid]
"""Makes the check of a keyword that needs no other."""


class Alternative:
    """One of a choice.

    Args:
        schema: Its schema, references followed.
        assertion: Makes the check of a keyword.
    """

    def __init__(self, schema: Mapping[str, Any], assertion: Assertion) -> None:
        types = schema.get("type")
        self.types: list[str] = [types] if isinstance(types, str) else types or []
        """The JSON types that it admits; empty where it does not say."""
        self._has_type = assertion("type", self.types) if types else None
        properties: Mapping[str, Any] = schema.get("properties", {})
        self.tags: dict[str, list[Any]] = {
            name: known["enum"] if "enum" in known else [known["const"]]
            for name, known in properties.items()
            if isinstance(known, dict) and ("enum" in known or "const" in known)
        }
        """The properties with a few legal values, and these."""
        self._has_tag = {name: assertion("enum", values) for name, values in self.tags.items()}
        self.required: frozenset[str] = frozenset(schema.get("required", ()))
        """The properties that it requires."""
        closed = schema.get("additionalProperties") is False and "patternProperties" not in schema
        self._known = frozenset(properties) if closed else None

    def is_of_another_type(self, value: object) -> bool:
        """Return whether it admits no value of the JSON type of `value`."""
        return self._has_type is not None and not self._has_type(value)

    def other_tags(self, value: object) -> set[str]:
        """Return the properties with a few legal values that have none of these."""
        if not isinstance(value, dict):
            return set()
        return {name for name, is_known in self._has_tag.items() if name in value and not is_known(value[name])}

    def excludes(self, value: object) -> bool:
        """Return whether it surely does not admit `value`; the names of its properties tell, too."""
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
