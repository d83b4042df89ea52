"""Plain schemas: those of the default dialect, with no keyword but those that most schemas are made of.

Ponty explains these by itself, and walks through them by itself, so that a program with no other schema need not even
import jsonschema. All that dataclasses compile to is plain, but for dicts whose keys are of a format.
"""

from collections.abc import Iterator
from typing import Any

from ponty.request.validation.assertions import ASSERTIONS
from ponty.request.validation.circles import Edges, Reachable, has_circle
from ponty.request.validation.pointer import find

DIALECT = "https://json-schema.org/draft/2020-12/schema"
"""The default dialect, draft 2020-12."""

SILENT = frozenset(
    {
        *[
            "$comment",
            "$defs",
            "$schema",
            "contentEncoding",
            "contentMediaType",
            "default",
            "deprecated",
            "description",
        ],
        *["examples", "readOnly", "title", "writeOnly"],
    }
)
"""The keywords that say something, and check nothing."""

APPLICATORS = frozenset(
    {
        *["$ref", "additionalProperties", "anyOf", "format", "items", "oneOf", "pattern", "prefixItems", "properties"],
        "required",
    }
)
"""The keywords besides the assertions."""

_PLAIN = ASSERTIONS | SILENT | APPLICATORS


def is_plain(schema: dict[str, Any], root: Any) -> bool:
    """Tell whether a part of `root` is plain itself; what it leads to may not be."""
    return (
        schema.keys() <= _PLAIN
        and schema.get("$schema", DIALECT) == DIALECT
        and ("$ref" not in schema or isinstance(find(root, schema["$ref"]), dict | bool))
    )


def plain_reach(root: Any) -> Reachable | None:
    """Give what validation under a schema may come to; None if not all of that is plain.

    Whether the keywords have values that they may have, is left to others.

    Raises:
        ValueError: A reference leads around in a circle.
    """
    in_place: Edges = {}
    all_ways: Edges = {}
    found: dict[int, dict[str, Any]] = {}
    stack: list[Any] = [root]
    while stack:
        schema = stack.pop()
        if isinstance(schema, bool) or id(schema) in found:
            continue
        if not isinstance(schema, dict) or not is_plain(schema, root):
            return None
        found[id(schema)] = schema
        try:
            beside = [*_beside(schema, root)]
            within = [*_within(schema)]
        except (TypeError, AttributeError):
            return None
        stack += beside + within
        in_place[id(schema)] = [*map(id, beside)]
        all_ways[id(schema)] = [*map(id, beside + within)]
    if has_circle(in_place):
        raise ValueError("the JSON Schema refers to itself without end")
    return Reachable([*found.values()], has_circle(all_ways))


def _beside(schema: dict[str, Any], root: Any) -> Iterator[Any]:
    yield from schema.get("anyOf", ())
    yield from schema.get("oneOf", ())
    if "$ref" in schema:
        yield find(root, schema["$ref"])


def _within(schema: dict[str, Any]) -> Iterator[Any]:
    yield from schema.get("$defs", {}).values()
    yield from schema.get("properties", {}).values()
    yield from schema.get("prefixItems", ())
    yield schema.get("items", True)
    yield schema.get("additionalProperties", True)
