"""Links from an operation that makes something to those that show, change or remove it, for tools that follow them.

An operation that answers 201 with an object has links to the operations whose path is its own path with one more
variable part. The object must have a property with the name of that part, or else one named `id`.
"""

import re
from collections.abc import Mapping
from typing import Any

from ponty.request.description.components import Schema

_ONE_MORE = re.compile(r"/\{([^/{}]+)\}")


def add_links(paths: Mapping[str, Mapping[str, Any]], schemas: Mapping[str, Schema]) -> None:
    """Add the links of the operations of a document.

    Args:
        paths: The Paths Object.
        schemas: The schemas that it refers to.
    """
    below: dict[str, list[tuple[str, Mapping[str, Any]]]] = {}
    for path, item in paths.items():
        collection, _, last = path.rpartition("/")
        if match := _ONE_MORE.fullmatch(f"/{last}"):
            below.setdefault(collection, []).append((match[1], item))
    for path, item in paths.items():
        for operation in item.values():
            answer = operation["responses"].get("201", {})
            found = _identified(answer, schemas) if path in below else None
            if found is not None:
                pointer, names = found
                links = _links(below[path], pointer, names)
                if links:
                    answer["links"] = links


def _links(
    below: list[tuple[str, Mapping[str, Any]]], pointer: str, names: Mapping[str, Any]
) -> dict[str, dict[str, Any]]:
    links: dict[str, dict[str, Any]] = {}
    for parameter, item in below:
        name = parameter if parameter in names else "id"
        if name not in names:
            continue
        for target in item.values():
            links[target["operationId"]] = {
                "operationId": target["operationId"],
                "parameters": {parameter: f"$response.body#{pointer}/{name}"},
            }
    return links


def _identified(answer: Mapping[str, Any], schemas: Mapping[str, Schema]) -> tuple[str, Mapping[str, Any]] | None:
    """Return where the object of an answer is, and its properties; None if there is no object."""
    schema = _followed(answer.get("content", {}).get("application/json", {}).get("schema", {}), schemas)
    properties: Mapping[str, Any] = schema.get("properties", {})
    if set(properties) == {"data", "elapsed", "now"}:  # the envelope
        data = _followed(properties["data"], schemas)
        return ("/data", data["properties"]) if "properties" in data else None
    return ("", properties) if properties else None


def _followed(schema: Schema, schemas: Mapping[str, Schema]) -> Schema:
    reference = schema.get("$ref")
    return schemas.get(reference.rpartition("/")[2], {}) if isinstance(reference, str) else schema
