"""Finds what the keywords of a schema evaluate in a value, which `unevaluatedProperties` and its like then ignore."""

from collections.abc import Callable, Iterable
from typing import Any

from ponty.request.validation.schemas.jsonschema_rs_backend import IsValid


class Evaluated:
    """Finds the properties and items of a value that a schema evaluates (JSON Schema 2020-12 §11).

    Args:
        targets: Returns the targets of the references of a schema.
        is_valid_under: Returns the check of a schema.
        matches: Returns the check of a pattern.
        counts_contained: Whether an item that `contains` matches is evaluated, as since draft 2020-12.
    """

    def __init__(
        self,
        targets: Callable[[Any], Iterable[Any]],
        is_valid_under: Callable[[Any], IsValid],
        matches: Callable[[str], IsValid],
        *,
        counts_contained: bool,
    ) -> None:
        self._targets = targets
        self._is_valid_under = is_valid_under
        self._matches = matches
        self._counts_contained = counts_contained

    def of(self, schema: Any, value: Any) -> set[Any]:
        """Return the names, or the indexes, that are evaluated in a value that is valid under the schema."""
        if not isinstance(schema, dict):
            return set()
        own = self._names(schema, value) if isinstance(value, dict) else self._indexes(schema, value)
        return own.union(*(self.of(part, value) for part in self._in_place(schema, value)))

    def _names(self, schema: dict[str, Any], value: dict[str, Any]) -> set[str]:
        if not {"additionalProperties", "unevaluatedProperties"}.isdisjoint(schema):
            return {*value}
        names: set[str] = {*schema.get("properties", ())} & value.keys()
        for pattern in schema.get("patternProperties", ()):
            names |= {*filter(self._matches(pattern), value)}
        return names

    def _indexes(self, schema: dict[str, Any], value: list[Any]) -> set[int]:
        items = schema.get("items", ())
        listed = items if isinstance(items, list) else schema.get("prefixItems", ())
        rest = {"additionalItems"} if isinstance(items, list) else {"items"}
        if not (rest | {"unevaluatedItems"}).isdisjoint(schema):
            return {*range(len(value))}
        indexes = {*range(len(listed))}
        if "contains" in schema and self._counts_contained:
            is_contained = self._is_valid_under(schema["contains"])
            indexes |= {index for index, item in enumerate(value) if is_contained(item)}
        return indexes

    def _in_place(self, schema: dict[str, Any], value: Any) -> list[Any]:
        parts = [*self._targets(schema), *schema.get("allOf", ())]
        choices = [*schema.get("anyOf", ()), *schema.get("oneOf", ())]
        parts += [branch for branch in choices if self._is_valid_under(branch)(value)]
        if "if" in schema:
            holds = self._is_valid_under(schema["if"])(value)
            parts += [schema["if"], schema.get("then")] if holds else [schema.get("else")]
        if isinstance(value, dict):
            parts += [part for name, part in schema.get("dependentSchemas", {}).items() if name in value]
        return parts
