r"""Backtracking: how the cost of a match grows with the length of the text.

A backtracking engine tries the ways through the pattern one after another. If none of them fits, it has tried all. So
the cost depends on the number of ways for a text of length n (Weber and Seidl 1991; Weideman and others 2016):

- Exponentially many: a state can be reached from itself in two ways over the same text. `(a+)+`, `(a|a)*`,
  `([a-z0-9]+-?)+`.
- About n to the power d: there are d pairs of loops in a row. In each pair, the same text leads around the first loop,
  from the first to the second, and around the second. `a*a*` has one such pair, and so has `{a}-{b}`, since a hyphen
  may also belong to `{a}`.
- Otherwise, a number that does not grow. `\w+`, `[^/]+/.*` and `\d{4}-\d{2}-\d{2}` are of this kind, and so are nearly
  all patterns of paths.

The cost of a match is one power of n more. The degree of a pattern is this d, or infinite if there are exponentially
many ways.
"""

import functools
import itertools
import math
import operator

from ponty.core.routing.patterns.automaton import Alphabet, Automaton, NoAutomatonError
from ponty.core.routing.patterns.graphs import Graph, components, reachable
from ponty.core.routing.patterns.syntax import UnreadablePatternError, read_pattern

_MAX_STEPS = 100_000


class UnboundedPatternError(ValueError):
    """A pattern whose cost cannot be determined."""


@functools.lru_cache(maxsize=2048)
def degree(pattern: str) -> float:
    """Return the degree of a pattern that `re` has compiled; `math.inf` if there are exponentially many ways.

    Raises:
        UnboundedPatternError: It cannot be determined: the pattern refers to its own groups, is verbose, or too large.
    """
    try:
        root = read_pattern(pattern).root
        automaton = Automaton(root, Alphabet(root), loops=True)
    except (UnreadablePatternError, NoAutomatonError) as error:
        raise UnboundedPatternError(str(error)) from None
    graph: Graph[int] = {state: list(following) for state, following in enumerate(automaton.following)}
    loops = [part for part in components(graph) if len(part) > 1 or part[0] in graph[part[0]]]
    if any(_is_exponential(automaton, set(loop)) for loop in loops):
        return math.inf
    return _degree(automaton, graph, loops)


def _is_exponential(automaton: Automaton, loop: set[int]) -> bool:
    """Return whether a state of `loop` reaches itself in two ways by the same text."""
    following = {state: [other for other in automaton.following[state] if other in loop] for state in loop}
    if any(automaton.following[state][other] > 1 for state in loop for other in following[state]):
        return True
    pairs: dict[tuple[int, int], list[tuple[int, int]]] = {}
    new = [(state, state) for state in loop]
    while new:
        pair = new.pop()
        if pair not in pairs:
            one, other = pair
            pairs[pair] = [
                (a, b)
                for a, b in itertools.product(following[one], following[other])
                if automaton.letters[a] & automaton.letters[b]
            ]
            new += pairs[pair]
        _check_steps(len(pairs))
    return any(
        any(one == other for one, other in part) and any(one != other for one, other in part)
        for part in components(pairs)
    )


def _degree(automaton: Automaton, graph: Graph[int], loops: list[list[int]]) -> int:
    """Return how many pairs of loops there are in a row."""
    reach = [reachable(graph, loop) for loop in loops]
    numbers = range(len(loops))
    pairs = [
        (one, other)
        for one, other in itertools.permutations(numbers, 2)
        if loops[other][0] in reach[one] and _is_pair(automaton, graph, loops[one], loops[other])
    ]

    def longest(loop: int) -> int:
        """Return the most pairs in a row, if the first one begins at `loop` or after it."""
        return max(
            (
                1 + longest(other)
                for one, other in pairs
                if one == loop or (one != loop and loops[one][0] in reach[loop])
            ),
            default=0,
        )

    return max(map(longest, numbers), default=0)


def _is_pair(automaton: Automaton, graph: Graph[int], one: list[int], other: list[int]) -> bool:
    """Return whether the same text leads around `one`, from `one` to `other`, and around `other`."""
    if not any(automaton.letters[a] & automaton.letters[b] for a, b in itertools.product(one, other)):
        return False
    first, last = set(one), set(other)
    for start, end in itertools.product(one, other):
        seen = {(start, start, end)}
        new = [(start, start, end)]
        while new:
            a, b, c = new.pop()
            for triple in itertools.product(first.intersection(graph[a]), graph[b], last.intersection(graph[c])):
                shared = functools.reduce(operator.and_, (automaton.letters[state] for state in triple))
                if shared and triple not in seen:
                    seen.add(triple)
                    new.append(triple)
            _check_steps(len(seen))
        if (start, end, end) in seen:
            return True
    return False


def _check_steps(count: int) -> None:
    if count > _MAX_STEPS:
        raise UnboundedPatternError("it is too large to be checked")
