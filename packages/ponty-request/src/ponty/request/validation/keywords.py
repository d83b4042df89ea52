"""Keywords of JSON Schema as Ponty checks and explains them, in the place of jsonschema's own.

They differ where jsonschema's would let a client spend the server's time (a pattern that backtracks, `uniqueItems` that
compares each with each, `anyOf` that collects every fault of every branch), where they would tell less of the place of
a fault, and where they differ from jsonschema-rs.
"""

from collections.abc import Callable, Container, Iterator, Mapping
from typing import Any

from jsonschema import ValidationError

from ponty.request.validation.assertions import IsValid, Matches, is_violated
from ponty.request.validation.unevaluated import unevaluated_keywords

Keyword = Callable[[Any, Any, Any, Any], Iterator[ValidationError]]


class Keywords:
    """The keywords that need more than their own value.

    Args:
        is_valid_under: Faster validators of subschemas, by the identity of these.
        matches: What matches each pattern of the schema.
        told: Where it is noted which branches a value was found valid under, so that branches within branches do not
            multiply. By the identity of branch and value: to be cleared after each value.
    """

    def __init__(
        self,
        is_valid_under: Mapping[int, IsValid],
        matches: Mapping[str, Matches],
        told: dict[tuple[int, int], bool] | None,
    ) -> None:
        self._is_valid_under = is_valid_under
        self._matches = matches
        self._told = told

    def table(self, known: Container[str]) -> dict[str, Keyword]:
        """Give the keywords of a draft by their name.

        Args:
            known: The names of the draft's keywords.
        """
        made: dict[str, Keyword] = {
            "additionalProperties": self._additional_properties,
            "anyOf": self._any_of,
            "oneOf": self._one_of,
            "pattern": self._pattern,
            "patternProperties": self._pattern_properties,
            "properties": self._properties,
            "propertyNames": _property_names,
            "required": _required,
            **{keyword: _assertion(keyword) for keyword in ("multipleOf", "uniqueItems")},
        }
        if "prefixItems" in known:  # so `items` is what comes after them
            made["items"] = self._items
            made |= unevaluated_keywords(self._is_valid_under)
        return {keyword: check for keyword, check in made.items() if keyword in known}

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

    def _any_of(self, validator: Any, branches: Any, value: Any, schema: Any) -> Iterator[ValidationError]:
        if not any(self._is_valid(validator, branch, value) for branch in branches):
            yield ValidationError("")

    def _one_of(self, validator: Any, branches: Any, value: Any, schema: Any) -> Iterator[ValidationError]:
        if sum(self._is_valid(validator, branch, value) for branch in branches) != 1:
            yield ValidationError("")

    def _is_valid(self, validator: Any, branch: Any, value: object) -> bool:
        key = (id(branch), id(value))
        if self._told is not None and key in self._told:
            return self._told[key]
        answer = bool(validator.evolve(schema=branch).is_valid(value))
        if self._told is not None:
            self._told[key] = answer
        return answer

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


def _assertion(keyword: str) -> Keyword:
    def check(validator: Any, argument: Any, value: Any, schema: Any) -> Iterator[ValidationError]:
        if is_violated(keyword, argument)(value):
            yield ValidationError("")

    return check
