r"""How the cost of a match grows with the length of the text, in an engine that backtracks.

The engine tries the ways through the pattern one after another, and when nothing fits, it has tried them all. How many
there are for a text of length n decides (Weber and Seidl 1991; Weideman and others 2016):

- Exponentially many: a state can be reached from itself in two ways over the same text. `(a+)+`, `(a|a)*`,
  `([a-z0-9]+-?)+`.
- About n to the power d: there are d pairs of loops, each of which reaches the next, where one text leads around the
  first, from the first to the second, and around the second. `a*a*` has one such pair; `{a}-{b}` has another, since a
  hyphen may belong to `{a}` as well.
- A number that does not grow, else. `\w+`, `[^/]+/.*` and `\d{4}-\d{2}-\d{2}` are of that kind, and so is nearly
  every pattern of a path.

What a match costs is one power more. A pattern's degree is that d; infinite, if there are exponentially many.
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
    """A pattern of which nothing can be said."""


@functools.lru_cache(maxsize=2048)
def degree(pattern: str) -> float:
    """Return the degree of a pattern that `re` has compiled; `math.inf` where the ways are exponentially many.

    Raises:
        UnboundedPatternError: It cannot be judged: it refers to its own groups, is verbose, or too large.
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
    """Return whether a state of `loop` reaches itself in two ways over one text."""
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
    """Return how many pairs of loops follow one another."""
    reach = [reachable(graph, loop) for loop in loops]
    numbers = range(len(loops))
    pairs = [
        (one, other)
        for one, other in itertools.permutations(numbers, 2)
        if loops[other][0] in reach[one] and _is_pair(automaton, graph, loops[one], loops[other])
    ]

    def longest(loop: int) -> int:
        """Return the most pairs in a row, of which the first begins at `loop` or behind it."""
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
    """Return whether one text leads around `one`, from there to `other`, and around that."""
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
        raise UnboundedPatternError("it is too large to be judged")
