"""`unevaluatedItems` and `unevaluatedProperties` in linear time; jsonschema's own take the square of it."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from jsonschema import ValidationError, _utils

from ponty.request.validation.assertions import IsViolated

_utilities: Any = _utils  # jsonschema's own business, so it may be gone one day; then its own keywords serve
_items_of: Any = getattr(_utilities, "find_evaluated_item_indexes_by_schema", None)
_names_of: Any = getattr(_utilities, "find_evaluated_property_keys_by_schema", None)


def unevaluated_keywords(
    is_valid_under: Mapping[int, IsViolated],
) -> dict[str, Callable[[Any, Any, Any, Any], Iterator[ValidationError]]]:
    """Make both keywords, as draft 2020-12 has them.

    They find fault with what no other keyword evaluates; what another finds fault with, is told of that.

    Args:
        is_valid_under: Faster validators of subschemas, by the identity of these.
    """

    def keyword(tp: type, is_violated: Callable[[Any, Any, Any, Any], bool]) -> Any:
        def check(validator: Any, argument: Any, value: Any, schema: Any) -> Iterator[ValidationError]:
            if not isinstance(value, tp):
                return
            is_valid = is_valid_under.get(id(schema))
            if is_violated(validator, argument, value, schema) if is_valid is None else not is_valid(value):
                others = {name: known for name, known in schema.items() if name not in made}
                if validator.evolve(schema=others).is_valid(value):
                    yield ValidationError("")

        return check

    made: dict[str, Any] = {}
    if _items_of is not None and _names_of is not None:
        made["unevaluatedItems"] = keyword(list, _has_unevaluated_items)
        made["unevaluatedProperties"] = keyword(dict, _has_unevaluated_properties)
    return made


def _has_unevaluated_items(validator: Any, _: Any, value: list[Any], schema: Any) -> bool:
    indexes = set(_items_of(validator, value, schema))
    return any(index not in indexes for index in range(len(value)))


def _has_unevaluated_properties(validator: Any, argument: Any, value: dict[str, Any], schema: Any) -> bool:
    names = set(_names_of(validator, value, schema))
    admits = validator.evolve(schema=argument)
    return any(name not in names and not admits.is_valid(element) for name, element in value.items())
