"""Graphs, as mappings from a node to those that follow it: reachable nodes, and strongly connected components."""

from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import TypeVar

_N = TypeVar("_N", bound=Hashable)

Graph = Mapping[_N, Sequence[_N]]


def reachable(graph: Graph[_N], starts: Iterable[_N]) -> set[_N]:
    """Return the nodes that can be reached from `starts`, with `starts` themselves."""
    seen = set(starts)
    new = list(seen)
    while new:
        for node in graph[new.pop()]:
            if node not in seen:
                seen.add(node)
                new.append(node)
    return seen


def components(graph: Graph[_N]) -> list[list[_N]]:
    """Return the strongly connected components: the largest sets of nodes that all reach one another.

    This is the algorithm of Tarjan, without recursion.
    """
    numbers: dict[_N, int] = {}
    lowest: dict[_N, int] = {}
    stack: list[_N] = []
    placed: set[_N] = set()
    found: list[list[_N]] = []
    for root in graph:
        if root in numbers:
            continue
        numbers[root] = lowest[root] = len(numbers)
        stack.append(root)
        walk = [(root, iter(graph[root]))]
        while walk:
            node, following = walk[-1]
            new = next((other for other in following if _note(other, node, numbers, lowest, placed)), None)
            if new is not None:
                numbers[new] = lowest[new] = len(numbers)
                stack.append(new)
                walk.append((new, iter(graph[new])))
                continue
            walk.pop()
            if walk:
                parent = walk[-1][0]
                lowest[parent] = min(lowest[parent], lowest[node])
            if lowest[node] == numbers[node]:
                at = stack.index(node)
                found.append(stack[at:])
                placed.update(stack[at:])
                del stack[at:]
    return found


def _note(other: _N, node: _N, numbers: dict[_N, int], lowest: dict[_N, int], placed: set[_N]) -> bool:
    """Return whether `other` is new; if it is not, note that `node` reaches it."""
    if other not in numbers:
        return True
    if other not in placed:
        lowest[node] = min(lowest[node], numbers[other])
    return False
