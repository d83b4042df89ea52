"""`unevaluatedItems` and `unevaluatedProperties` in linear time; jsonschema's own take the square of it."""

from collections.abc import Iterator, Mapping
from typing import Any

from jsonschema import ValidationError, _utils

from ponty.request.assertions import IsViolated

_utilities: Any = _utils  # jsonschema's own business, so it may be gone one day; then its own keyword serves
_items_of: Any = getattr(_utilities, "find_evaluated_item_indexes_by_schema", None)
_names_of: Any = getattr(_utilities, "find_evaluated_property_keys_by_schema", None)

KEYWORDS = ("unevaluatedItems", "unevaluatedProperties")
AVAILABLE: bool = _items_of is not None and _names_of is not None


class Unevaluated:
    """Both keywords, of draft 2020-12.

    Args:
        is_valid_under: Faster validators of subschemas, by the identity of these.
    """

    def __init__(self, is_valid_under: Mapping[int, IsViolated]) -> None:
        self._is_valid_under = is_valid_under

    def check(self, validator: Any, argument: Any, value: Any, schema: Any) -> Iterator[ValidationError]:
        """Find fault with what no other keyword evaluates; what another finds fault with, is told of that."""
        is_valid = self._is_valid_under.get(id(schema))
        if _is_violated(validator, argument, value, schema) if is_valid is None else not is_valid(value):
            others = {keyword: known for keyword, known in schema.items() if keyword not in KEYWORDS}
            if isinstance(value, list | dict) and validator.evolve(schema=others).is_valid(value):
                yield ValidationError("")


def _is_violated(validator: Any, argument: Any, value: Any, schema: Any) -> bool:
    if isinstance(value, list):
        indexes = set(_items_of(validator, value, schema))
        return any(index not in indexes for index in range(len(value)))
    if isinstance(value, dict):
        names = set(_names_of(validator, value, schema))
        admits = validator.evolve(schema=argument)
        return any(name not in names and not admits.is_valid(element) for name, element in value.items())
    return False
