"""The parts of a JSON Schema of any dialect that validation may come to, and how they lead to one another."""

from collections.abc import Iterable, Mapping
from typing import Any

import referencing
import referencing.exceptions
import referencing.jsonschema

from ponty.request.validation.circles import Edges, Reachable, has_circle

_Resource: Any = referencing.Resource

_REFERENCES = ("$ref", "$dynamicRef", "$recursiveRef")
_IN_PLACE = ("allOf", "anyOf", "oneOf", "not", "if", "then", "else", "dependentSchemas")
"""The keywords whose subschemas look at the same value as the schema around them."""


def reachable(schema: Any, dialect: str) -> Reachable:
    """Follow a schema through its parts and references.

    Args:
        schema: The schema.
        dialect: The `$schema` that it goes by.

    Raises:
        ValueError: A reference leads nowhere (nothing is ever fetched) or around in a circle, or a part is of another
            dialect.
    """
    specification: Any = referencing.jsonschema.specification_with(dialect)
    resource: Any = _Resource(schema, specification)
    registry: Any = referencing.Registry()
    stack: list[tuple[Any, Any]] = [(registry.resolver_with_root(resource), resource)]
    found: dict[int, dict[str, Any]] = {}
    in_place: Edges = {}
    all_ways: Edges = {}
    while stack:
        resolver, resource = stack.pop()
        contents = resource.contents
        if not isinstance(contents, dict) or id(contents) in found:
            continue
        found[id(contents)] = contents
        if str(contents.get("$schema", dialect)).rstrip("#") != dialect.rstrip("#"):
            raise ValueError(f"a part of the JSON Schema is of another dialect: {contents['$schema']!r}")
        targets = [_look_up(resolver, keyword, contents[keyword]) for keyword in _REFERENCES if keyword in contents]
        parts = [(resolver.in_subresource(part), part) for part in resource.subresources()]
        parts += [(target.resolver, _Resource(target.contents, specification)) for target in targets]
        stack += parts
        all_ways[id(contents)] = [id(part.contents) for _, part in parts]
        in_place[id(contents)] = [*map(id, _beside(contents)), *(id(target.contents) for target in targets)]
    if has_circle(in_place):
        raise ValueError("the JSON Schema refers to itself without end")
    return Reachable([*found.values()], has_circle(all_ways))


def _look_up(resolver: Any, keyword: str, reference: Any) -> Any:
    try:
        return resolver.lookup(reference)
    except (referencing.exceptions.Unresolvable, ValueError):
        raise ValueError(f"the {keyword} {reference!r} of the JSON Schema leads nowhere") from None


def _beside(schema: Mapping[str, Any]) -> Iterable[object]:
    for keyword in _IN_PLACE:
        subschemas = schema.get(keyword)
        if isinstance(subschemas, list):
            yield from subschemas
        elif keyword == "dependentSchemas" and isinstance(subschemas, dict):
            yield from subschemas.values()
        else:
            yield subschemas
