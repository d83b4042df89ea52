"""Keywords of JSON Schema as Ponty checks and explains them, in the place of jsonschema's own.

They differ where jsonschema's would let a client spend the server's time (a pattern that backtracks, `uniqueItems` that
compares each with each, `anyOf` that collects every fault of every branch), where they would tell less of the place of
a fault, and where they differ from jsonschema-rs.
"""

import fractions
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from jsonschema import ValidationError

Keyword = Callable[[Any, Any, Any, Any], Iterator[ValidationError]]
IsValid = Callable[[object], bool]
Matches = Callable[[str], bool]


class Keywords:
    """The keywords that need more than their own value.

    Args:
        is_valid_under: Faster validators of subschemas, by the identity of these.
        matches: What matches each pattern of the schema.
    """

    def __init__(self, is_valid_under: Mapping[int, IsValid], matches: Mapping[str, Matches]) -> None:
        self._is_valid_under = is_valid_under
        self._matches = matches

    def table(self, *, prefix: bool) -> dict[str, Keyword]:
        """Give all keywords by their name.

        Args:
            prefix: Whether the draft has `prefixItems`, so that `items` is what comes after it.
        """
        made: dict[str, Keyword] = {
            "additionalProperties": self._additional_properties,
            "anyOf": _any_of,
            "multipleOf": _multiple_of,
            "oneOf": _one_of,
            "pattern": self._pattern,
            "patternProperties": self._pattern_properties,
            "properties": self._properties,
            "propertyNames": _property_names,
            "required": _required,
            "uniqueItems": _unique_items,
        }
        return {**made, "items": self._items} if prefix else made

    def _descend(self, validator: Any, value: object, schema: Any, step: str | int) -> Iterator[ValidationError]:
        if schema is False:
            yield ValidationError("", validator="false", path=[step])
            return
        is_valid = self._is_valid_under.get(id(schema))
        if is_valid is None or not is_valid(value):
            yield from validator.descend(value, schema, path=step)

    def _properties(self, validator: Any, known: Any, value: Any, schema: Any) -> Iterator[ValidationError]:
        if isinstance(value, dict):
            for name, subschema in known.items():
                if name in value:
                    yield from self._descend(validator, value[name], subschema, name)

    def _pattern_properties(self, validator: Any, patterns: Any, value: Any, schema: Any) -> Iterator[ValidationError]:
        if isinstance(value, dict):
            for pattern, subschema in patterns.items():
                for name in filter(self._matches[pattern], value):
                    yield from self._descend(validator, value[name], subschema, name)

    def _additional_properties(
        self, validator: Any, allowed: Any, value: Any, schema: Any
    ) -> Iterator[ValidationError]:
        if not isinstance(value, dict) or allowed is True:
            return
        known = schema.get("properties", {})
        tests = [self._matches[pattern] for pattern in schema.get("patternProperties", ())]
        for name, element in value.items():
            if name in known or any(test(name) for test in tests):
                continue
            if allowed is False:
                yield ValidationError("", path=[name])
            else:
                yield from self._descend(validator, element, allowed, name)

    def _items(self, validator: Any, subschema: Any, value: Any, schema: Any) -> Iterator[ValidationError]:
        if isinstance(value, list):
            for index in range(len(schema.get("prefixItems", ())), len(value)):
                if subschema is False:
                    yield ValidationError("", path=[index])  # of the keyword "items"
                else:
                    yield from self._descend(validator, value[index], subschema, index)

    def _pattern(self, validator: Any, pattern: Any, value: Any, schema: Any) -> Iterator[ValidationError]:
        if isinstance(value, str) and not self._matches[pattern](value):
            yield ValidationError("")


def _required(validator: Any, names: Any, value: Any, schema: Any) -> Iterator[ValidationError]:
    if isinstance(value, dict):
        for name in names:
            if name not in value:
                yield ValidationError("", validator="required", validator_value=name)


def _property_names(validator: Any, subschema: Any, value: Any, schema: Any) -> Iterator[ValidationError]:
    """A pointer cannot point at a name, so it points at the object; the name is the client's and is not told."""
    if isinstance(value, dict):
        names = validator.evolve(schema=subschema)
        if not all(names.is_valid(name) for name in value):
            yield ValidationError("")


def _multiple_of(validator: Any, factor: Any, value: Any, schema: Any) -> Iterator[ValidationError]:
    if isinstance(value, int | float) and not isinstance(value, bool) and not is_multiple(value, factor):
        yield ValidationError("")


def is_multiple(value: float, factor: float) -> bool:
    """Divide the numbers as they are written: 0.3 is a multiple of 0.1."""
    return (_fraction(value) / _fraction(factor)).denominator == 1


def _fraction(number: float) -> fractions.Fraction:
    return fractions.Fraction(number if isinstance(number, int) else repr(number))


def _unique_items(validator: Any, wanted: Any, value: Any, schema: Any) -> Iterator[ValidationError]:
    if wanted and isinstance(value, list) and len(set(map(identity, value))) < len(value):
        yield ValidationError("")


def identity(value: Any) -> object:
    """Make what is equal of values that are equal in JSON, where 1 is 1.0 but not true."""
    if isinstance(value, dict):
        return frozenset((name, identity(element)) for name, element in value.items())
    if isinstance(value, list):
        return tuple(map(identity, value))
    return (bool, value) if isinstance(value, bool) else value


def _any_of(validator: Any, branches: Any, value: Any, schema: Any) -> Iterator[ValidationError]:
    if not any(_is_valid(validator, branch, value) for branch in branches):
        yield ValidationError("")


def _one_of(validator: Any, branches: Any, value: Any, schema: Any) -> Iterator[ValidationError]:
    if sum(_is_valid(validator, branch, value) for branch in branches) != 1:
        yield ValidationError("")


def _is_valid(validator: Any, branch: Any, value: object) -> bool:
    return bool(validator.evolve(schema=branch).is_valid(value))
