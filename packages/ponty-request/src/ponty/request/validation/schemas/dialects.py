"""The dialects of JSON Schema, drafts 4 to 2020-12: which keywords contain schemas, and which keywords count."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

import msgspec

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
"""The default dialect, draft 2020-12."""

_ONE = frozenset(
    {
        *("additionalItems", "additionalProperties", "contains", "contentSchema", "else", "if", "items", "not"),
        *("propertyNames", "then", "unevaluatedItems", "unevaluatedProperties"),
    }
)
_LISTS = frozenset({"allOf", "anyOf", "items", "oneOf", "prefixItems"})
_NAMED = frozenset({"$defs", "definitions", "dependencies", "dependentSchemas", "patternProperties", "properties"})

_FIRST = frozenset({"additionalItems", "additionalProperties", "allOf", "anyOf", "definitions", "dependencies"})
_DRAFT_4 = _FIRST | {"items", "not", "oneOf", "patternProperties", "properties"}
_DRAFT_6 = _DRAFT_4 | {"contains", "propertyNames"}
_DRAFT_7 = _DRAFT_6 | {"if", "then", "else"}
_DRAFT_2019 = (_DRAFT_7 - {"dependencies"}) | {
    *("$defs", "contentSchema", "dependentSchemas", "unevaluatedItems", "unevaluatedProperties")
}
_DRAFT_2020 = (_DRAFT_2019 - {"additionalItems"}) | {"prefixItems"}

IN_PLACE = frozenset(
    {"allOf", "anyOf", "dependencies", "dependentSchemas", "else", "if", "not", "oneOf", "then"},
)
"""The keywords whose schemas look at the same value as the schema around them."""

SILENT = frozenset(
    {
        *("$anchor", "$comment", "$defs", "$schema", "contentEncoding", "contentMediaType", "default", "definitions"),
        *("deprecated", "description", "examples", "readOnly", "title", "writeOnly"),
    }
)
"""The keywords that check nothing."""


class Dialect(msgspec.Struct, frozen=True):
    """A draft of JSON Schema.

    Args:
        uri: The value of its `$schema`.
        applicators: The keywords that contain schemas.
        identifier: The keyword that names a schema.
        hides: Whether a `$ref` hides the keywords beside it.
    """

    uri: str
    applicators: frozenset[str]
    identifier: str = "$id"
    hides: bool = False

    def keywords(self, schema: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return the keywords of a schema that count."""
        return {"$ref": schema["$ref"]} if self.hides and "$ref" in schema else schema

    def subschemas(self, schema: Mapping[str, Any]) -> Iterator[tuple[tuple[str | int, ...], Any]]:
        """Return the schemas directly within a schema, each with the steps that lead to it."""
        for keyword in self.applicators & schema.keys():
            value = schema[keyword]
            if keyword in _NAMED:
                yield from (((keyword, name), part) for name, part in value.items() if not isinstance(part, list))
            elif keyword in _LISTS and isinstance(value, list):
                yield from (((keyword, index), part) for index, part in enumerate(value))
            elif keyword in _ONE:
                yield (keyword,), value


_DIALECTS = {
    "json-schema.org/draft-04/schema": Dialect(
        "http://json-schema.org/draft-04/schema#", _DRAFT_4, identifier="id", hides=True
    ),
    "json-schema.org/draft-06/schema": Dialect("http://json-schema.org/draft-06/schema#", _DRAFT_6, hides=True),
    "json-schema.org/draft-07/schema": Dialect("http://json-schema.org/draft-07/schema#", _DRAFT_7, hides=True),
    "json-schema.org/draft/2019-09/schema": Dialect("https://json-schema.org/draft/2019-09/schema", _DRAFT_2019),
    "json-schema.org/draft/2020-12/schema": Dialect(DIALECT, _DRAFT_2020),
}


def dialect_of(schema: Any, default: str = DIALECT) -> Dialect:
    """Return the dialect that a schema names, by http or https, with or without a `#`.

    Raises:
        ValueError: It names another one.
    """
    uri = schema.get("$schema", default) if isinstance(schema, dict) else default
    try:
        return _DIALECTS[uri.removeprefix("https://").removeprefix("http://").removesuffix("#")]
    except (KeyError, AttributeError):
        raise ValueError(
            f"the dialect {uri!r} is not known; $schema must name draft 4, 6, 7, 2019-09 or 2020-12 of JSON Schema, "
            f"say {DIALECT!r}"
        ) from None
