"""The members of a choice (`anyOf`, `oneOf`), as far as a look at the outside of a value tells them apart."""

from collections.abc import Mapping
from typing import Any

from ponty.request.validation.assertions import is_violated
from ponty.request.validation.pointer import find


def follow(root: Any, schema: Any) -> dict[str, Any]:
    """Follow the references of a schema within `root`; an empty schema where that leads to none."""
    for _ in range(10):
        if not (isinstance(schema, dict) and "$ref" in schema):
            break
        schema = find(root, schema["$ref"])
    return schema if isinstance(schema, dict) else {}


class Branch:
    """A member of a choice.

    Args:
        schema: Its schema, references followed.
    """

    def __init__(self, schema: Mapping[str, Any]) -> None:
        types = schema.get("type")
        self.types: list[str] = [types] if isinstance(types, str) else types or []
        """The JSON types that it admits; empty where it does not say."""
        self._is_of_another_type = is_violated("type", self.types) if types else None
        properties: Mapping[str, Any] = schema.get("properties", {})
        self._tags = [
            (name, is_violated(keyword, known[keyword]))
            for name, known in properties.items()
            if isinstance(known, dict)
            for keyword in ("enum", "const")
            if keyword in known
        ]
        self._required = frozenset(schema.get("required", ()))
        closed = schema.get("additionalProperties") is False and "patternProperties" not in schema
        self._known = frozenset(properties) if closed else None

    def is_of_another_type(self, value: object) -> bool:
        """Tell whether it admits no value of the JSON type of `value`."""
        return self._is_of_another_type is not None and self._is_of_another_type(value)

    def has_another_tag(self, value: object) -> bool:
        """Tell whether a property with a few legal values has none of them."""
        return isinstance(value, dict) and any(name in value and differs(value[name]) for name, differs in self._tags)

    def excludes(self, value: object) -> bool:
        """Tell whether it surely does not admit `value`; the names of its properties tell, too."""
        if self.is_of_another_type(value):
            return True
        if not isinstance(value, dict):
            return False
        known = self._known
        return (
            not self._required <= value.keys()
            or (known is not None and not value.keys() <= known)
            or self.has_another_tag(value)
        )
