"""Coverage: whether one pattern matches all texts that another one matches.

The automata of both patterns are walked together: a state of the covered pattern, with the set of states in which the
covering pattern may be. If the first may end where none of the others may, some text is not covered. If the walk would
take too long, or a tree is not exact, the answer is no.
"""

import functools
from collections.abc import Iterator

from ponty.core.routing.patterns.automaton import Alphabet, Automaton, NoAutomatonError, any_matches
from ponty.core.routing.patterns.syntax import UnreadablePatternError, read_pattern

_MAX_STEPS = 5_000

_Pair = tuple[int, frozenset[int]]
"""A state of the covered pattern, and the possible states of the covering one."""


@functools.lru_cache(maxsize=1024)
def covers(pattern: str, covered: str) -> bool:
    """Return whether `pattern` certainly matches in full all texts that `covered` does; `re` has compiled both."""
    try:
        tree, inner = read_pattern(pattern), read_pattern(covered)
        if not (tree.exact and inner.exact):
            return False
        alphabet = Alphabet(tree.root, inner.root)
        return _covers(Automaton(tree.root, alphabet), Automaton(inner.root, alphabet))
    except (UnreadablePatternError, NoAutomatonError):
        return False


def _covers(outer: Automaton, inner: Automaton) -> bool:
    if inner.matches_empty and not outer.matches_empty:
        return False
    seen: set[_Pair] = set()
    new = list(_steps(outer, outer.first, inner, inner.first))
    while new:
        pair = new.pop()
        if pair in seen:
            continue
        seen.add(pair)
        state, states = pair
        if len(seen) > _MAX_STEPS or (state in inner.last and states.isdisjoint(outer.last)):
            return False
        following = {other for one in states for other in outer.following[one]}
        new += _steps(outer, following, inner, inner.following[state])
    return True


def _steps(
    outer: Automaton, following: dict[int, int] | set[int], inner: Automaton, states: dict[int, int]
) -> Iterator[_Pair]:
    """Yield the pairs to which a letter may lead: each state of `inner`, with the states of `outer` for that letter."""
    for state in states:
        kinds = {inner.letters[state]: frozenset[int]()}
        for other in following:
            letters = outer.letters[other]
            with_it = {kind & letters: found | {other} for kind, found in kinds.items() if kind & letters}
            without = {kind & ~letters: found for kind, found in kinds.items() if kind & ~letters}
            kinds = with_it | without
        for found in kinds.values():
            yield state, found


@functools.lru_cache(maxsize=1024)
def may_hold(pattern: str, character: str) -> bool:
    """Return whether a text that `pattern` matches may hold `character`; True if that is not certain."""
    try:
        return any_matches(read_pattern(pattern).root, character)
    except UnreadablePatternError:
        return True
