"""Segment index: a tree of segments that finds the few routes which may match a path, so the others are not tried.

A segment with a variable part is looked up by its literal text before and after that part.
"""

from collections.abc import Iterator
from typing import Generic, TypeVar

from ponty.core.routing.paths import Path

_T = TypeVar("_T")


class _Node(Generic[_T]):
    __slots__ = ("edged", "ends", "literal", "open", "variable")

    def __init__(self) -> None:
        self.literal: dict[str, _Node[_T]] = {}
        self.variable: _Node[_T] | None = None
        self.edged: dict[tuple[int, int], dict[tuple[str, str], _Node[_T]]] = {}
        self.ends: list[tuple[int, _T]] = []
        self.open: list[tuple[int, _T]] = []


class SegmentIndex(Generic[_T]):
    """Values by the paths of routes; they are found in the order in which they were added."""

    def __init__(self) -> None:
        self._root: _Node[_T] = _Node()
        self._count = 0

    def add(self, path: Path, value: _T) -> None:
        """Add `value` under `path`."""
        node = self._root
        for segment, (begin, end) in zip(path.shape, path.edges, strict=True):
            if segment is not None:
                node = node.literal.setdefault(segment, _Node())
            elif begin or end:
                of_size = node.edged.setdefault((len(begin), len(end)), {})
                node = of_size.setdefault((begin, end), _Node())
            else:
                if node.variable is None:
                    node.variable = _Node()
                node = node.variable
        (node.open if path.is_open else node.ends).append((self._count, value))
        self._count += 1

    def candidates(self, text: str) -> list[_T]:
        """Return the values of all paths that may match `text`, by its segments."""
        found = sorted(self._found(text.split("/")), key=_first)
        return [value for _, value in found]

    def _found(self, segments: list[str]) -> Iterator[tuple[int, _T]]:
        nodes = [self._root]
        for segment in segments:
            following: list[_Node[_T]] = []
            for node in nodes:
                yield from node.open
                if (literal := node.literal.get(segment)) is not None:
                    following.append(literal)
                if node.variable is not None:
                    following.append(node.variable)
                if node.edged:
                    following += _between(node.edged, segment)
            nodes = following
            if not nodes:
                return
        for node in nodes:
            yield from node.ends


def _between(edged: dict[tuple[int, int], dict[tuple[str, str], _Node[_T]]], segment: str) -> Iterator[_Node[_T]]:
    """Yield the nodes for the literal texts with which a segment begins and ends."""
    for (begin, end), nodes in edged.items():
        rest = len(segment) - end
        if begin <= rest and (node := nodes.get((segment[:begin], segment[rest:]))) is not None:
            yield node


def _first(numbered: tuple[int, object]) -> int:
    return numbered[0]
