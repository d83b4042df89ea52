"""What a JSON Schema leads to, and whether that leads back."""

from typing import Any

import msgspec

Edges = dict[int, list[int]]
"""Where each part leads, by identity."""


class Reachable(msgspec.Struct, frozen=True):
    """What validation under a schema may come to.

    Args:
        parts: Each subschema that is an object.
        recursive: Whether a part leads to itself, so that a value is followed as deep as it is.
    """

    parts: list[dict[str, Any]]
    recursive: bool


def has_circle(edges: Edges) -> bool:
    """Tell whether one may come back to where one was."""
    done: set[int] = set()
    for start in edges:
        path: Edges = {start: [*edges[start]]} if start not in done else {}
        while path:
            here, ahead = next(reversed(path.items()))
            if not ahead:
                del path[here]
                done.add(here)
                continue
            step = ahead.pop()
            if step in path:
                return True
            if step in edges and step not in done:
                path[step] = [*edges[step]]
    return False
