"""jsonschema, for what is not plain: it tells the drafts apart, checks schemas, and explains by any keyword."""

from collections.abc import Mapping
from typing import Any

import jsonschema
import referencing
from jsonschema import validators

from ponty.request.validation.assertions import IsValid, Matches
from ponty.request.validation.circles import Reachable
from ponty.request.validation.formats import FORMATS, checker
from ponty.request.validation.keywords import Keywords
from ponty.request.validation.reachable import reachable

_FORMAT_CHECKER = jsonschema.FormatChecker(formats=())
for _name in FORMATS:
    _FORMAT_CHECKER.checks(_name)(checker(_name))

_DYNAMIC = frozenset({"$dynamicRef", "$recursiveRef"})
_DEFAULT_DRAFT: Any = jsonschema.Draft202012Validator
_UNKNOWN: Any = None
_extend: Any = validators.extend


def draft_of(schema: Any) -> Any:
    """Find the draft of a schema, and check the schema against it.

    Raises:
        ValueError: It is of an unknown draft, or not a valid schema.
    """
    if not isinstance(schema, dict | bool):
        raise ValueError(f"a JSON Schema is an object or a boolean, not {type(schema).__qualname__!r}")
    dialect: Any = schema.get("$schema") if isinstance(schema, dict) else None
    named = isinstance(dialect, str)
    draft: Any = validators.validator_for(schema if named else {}, default=_UNKNOWN if named else _DEFAULT_DRAFT)
    if draft is _UNKNOWN or draft is jsonschema.Draft3Validator:
        raise ValueError(f"the JSON Schema is of the unknown dialect {dialect!r}")
    try:
        draft.check_schema(schema, format_checker=jsonschema.FormatChecker(formats=()))
    except jsonschema.SchemaError as error:
        place = "/".join(map(str, error.absolute_path))
        raise ValueError(f"not a valid JSON Schema, at {place!r}: {error.message}") from None
    return draft


class Engine:
    """What jsonschema makes of a schema.

    Args:
        schema: The schema.
        draft: Its draft.

    Raises:
        ValueError: A reference leads nowhere or around in a circle, or a part is of another dialect.
    """

    def __init__(self, schema: Any, draft: Any) -> None:
        self._draft = draft
        self.reached: Reachable = reachable(schema, draft.META_SCHEMA.get("$schema"))
        parts = self.reached.parts
        # jsonschema would leave our keywords behind wherever it meets a `$schema` on its way.
        self.schema: Any = _without(schema, {id(part) for part in parts if "$schema" in part})
        """The schema without the names of its dialect."""
        self.is_usual: bool = draft is _DEFAULT_DRAFT and not any("$id" in part for part in parts)
        """Whether plain parts of it mean what they mean in a plain schema."""
        # A dynamic reference may lead elsewhere the next time.
        self._is_dynamic = any(not _DYNAMIC.isdisjoint(part) for part in parts)

    def validator(
        self,
        is_valid_under: Mapping[int, IsValid],
        matches: Mapping[str, Matches],
        told: dict[tuple[int, int], bool],
    ) -> Any:
        """Make jsonschema's validator with the keywords of `Keywords`, whose arguments these are."""
        keywords = Keywords(is_valid_under, matches, None if self._is_dynamic else told)
        explain: Any = _extend(self._draft, keywords.table(self._draft.VALIDATORS))
        return explain(self.schema, format_checker=_FORMAT_CHECKER, registry=referencing.Registry())


def _without(schema: Any, marked: set[int]) -> Any:
    """Copy a schema, and leave out the `$schema` of the parts that are marked."""
    if isinstance(schema, dict):
        drop = "$schema" if id(schema) in marked else None
        return {name: _without(element, marked) for name, element in schema.items() if name != drop}
    return [_without(element, marked) for element in schema] if isinstance(schema, list) else schema
