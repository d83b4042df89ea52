"""Automata from trees: Glushkov's construction, which also counts how often each transition exists.

A state stands for a place in the pattern where one character is read; each transition reads a character. There may be
two ways from a state to another by the same character, as by the two loops of `(a+)+`. These are one transition that is
counted twice, since a backtracking engine tries both.

There are too many characters, so a letter here is a class of characters that the given patterns do not distinguish.
Each ASCII character is a letter. The characters beyond ASCII are divided at the ends of the ranges in the patterns, and
by their kind: digit, other word character, blank, or none of these. A set of letters is an integer with a bit for each.
"""

import itertools
from collections.abc import Iterable, Iterator

import msgspec

from ponty.core.routing.patterns.syntax import (
    EMPTY,
    Category,
    Characters,
    Choice,
    LookAhead,
    Node,
    Repetition,
    Sequence,
)

MAX_STATES = 1000


class NoAutomatonError(ValueError):
    """A pattern is too large, or repeats an item that matches no characters."""


class Alphabet:
    """The letters that some patterns distinguish.

    Args:
        nodes: The trees of the patterns.
    """

    def __init__(self, *nodes: Node) -> None:
        ends = {128}
        for node in nodes:
            for characters in _characters(node):
                for low, high in characters.ranges:
                    ends |= {low, high + 1}
        self._letters = [(code, _category(chr(code))) for code in range(128)]
        bounds = sorted(end for end in ends if 128 <= end <= 0x10FFFF)
        for low, high in itertools.pairwise([*bounds, 0x110000]):
            self._letters += [(low, kind) for kind in _categories(low, high)]
        self._masks: dict[Characters, int] = {}

    def mask(self, characters: Characters) -> int:
        """Return the set of letters that `characters` matches."""
        mask = self._masks.get(characters)
        if mask is None:
            mask = sum(1 << bit for bit, letter in enumerate(self._letters) if _matches(characters, *letter))
            self._masks[characters] = mask
        return mask


def any_matches(node: Node, character: str) -> bool:
    """Return whether any class of characters in the tree has `character`."""
    return any(_matches(characters, ord(character), _category(character)) for characters in _characters(node))


def _characters(node: Node) -> Iterator[Characters]:
    match node:
        case Characters():
            yield node
        case Sequence(items) | Choice(items):
            for item in items:
                yield from _characters(item)
        case Repetition(item) | LookAhead(item):
            yield from _characters(item)


def _categories(low: int, high: int) -> Iterable[str]:
    """Return the kinds of characters from `low` up to `high`; for a large range, all kinds."""
    return "dwso" if high - low > 256 else sorted({_category(chr(code)) for code in range(low, high)})


def _category(character: str) -> str:
    if character.isdecimal():
        return "d"
    if character.isalnum() or character == "_":
        return "w"
    return "s" if character.isspace() else "o"


def _matches(characters: Characters, code: int, kind: str) -> bool:
    inside = any(low <= code <= high for low, high in characters.ranges) or any(
        _has(category, code, kind) for category in characters.categories
    )
    return inside != characters.negated


def _has(category: Category, code: int, kind: str) -> bool:
    known = kind in ("dw" if category.name == "w" else category.name) and not (category.ascii and code > 127)
    return known != category.negated


class _Part(msgspec.Struct, frozen=True):
    """A part of a pattern: its first and last states, and in how many ways it matches the empty text."""

    first: dict[int, int]
    last: dict[int, int]
    empty: int


def _capped(count: int) -> int:
    """Return a count of ways, at most 2, since more make no difference."""
    return min(count, 2)


def _sum(one: dict[int, int], other: dict[int, int], times: int = 1) -> dict[int, int]:
    if not times:
        return one
    total = dict(one)
    for state, count in other.items():
        total[state] = _capped(total.get(state, 0) + count * times)
    return total


class Automaton:
    """The states of a pattern.

    Args:
        root: The tree of the pattern.
        alphabet: The letters that the pattern distinguishes.
        loops: Whether a bounded repetition is treated as an unbounded one, since a large bound costs nearly as much.

    Raises:
        NoAutomatonError: It would have more than `MAX_STATES`, or repeats an item that matches no characters.
    """

    def __init__(self, root: Node, alphabet: Alphabet, *, loops: bool = False) -> None:
        self.letters: list[int] = []
        """The set of letters that leads into each state."""
        self.following: list[dict[int, int]] = []
        """The states that may follow each state, and in how many ways."""
        self._alphabet = alphabet
        self._loops = loops
        part = self._part(root)
        self.first: dict[int, int] = part.first
        self.last: dict[int, int] = part.last
        self.matches_empty: bool = part.empty > 0

    def _part(self, node: Node) -> _Part:
        match node:
            case Characters():
                return self._state(node)
            case Sequence(items):
                return self._sequence(list(items))
            case Choice(options):
                part = _Part({}, {}, 0)
                for option in map(self._part, options):
                    part = _Part(
                        _sum(part.first, option.first), _sum(part.last, option.last), _capped(part.empty + option.empty)
                    )
                return part
            case LookAhead(item):
                return _Part(self._part(item).first, {}, 1)
            case Repetition(item, low, high):
                return self._repetition(item, low, high)

    def _state(self, characters: Characters) -> _Part:
        state = len(self.letters)
        if state == MAX_STATES:
            raise NoAutomatonError(f"it has more than {MAX_STATES} places")
        self.letters.append(self._alphabet.mask(characters))
        self.following.append({})
        return _Part({state: 1}, {state: 1}, 0)

    def _sequence(self, items: list[Node]) -> _Part:
        part = _Part({}, {}, 1)
        for item in items:
            after = self._part(item)
            self._link(part.last, after.first)
            part = _Part(
                _sum(part.first, after.first, part.empty),
                _sum(after.last, part.last, after.empty),
                _capped(part.empty * after.empty),
            )
        return part

    def _link(self, last: dict[int, int], first: dict[int, int]) -> None:
        for state, count in last.items():
            self.following[state] = _sum(self.following[state], first, count)

    def _repetition(self, item: Node, low: int, high: int | None) -> _Part:
        if high == 0:
            return self._part(EMPTY)
        if high == 1:
            part = self._part(item)
            return part if low else _Part(part.first, part.last, _capped(part.empty + 1))
        if high is not None and not self._is_loop(item, low, high):
            optional = Repetition(item, 0, 1)
            if low == high:
                return self._sequence([item] * low)
            # a{1,3} becomes a(?:a(?:a)?)?, which matches each text in only one way
            tail: Node = optional
            for _ in range(high - low - 1):
                tail = Repetition(Sequence((item, tail)), 0, 1)
            return self._sequence([*[item] * low, tail])
        part = self._part(item)
        if not part.last:
            raise NoAutomatonError("it repeats a part that cannot match any character")
        # An item that may be empty may be so in addition to any other round.
        times = 2 if part.empty else 1
        first, last = _sum({}, part.first, times), _sum({}, part.last, times)
        self._link(last if low > 1 else part.last, part.first)
        return _Part(first, last, times if part.empty or not low else 0)

    def _is_loop(self, item: Node, low: int, high: int) -> bool:
        if not self._loops:
            return False
        return not isinstance(item, Characters) or (low != high and high > 8) or high > MAX_STATES // 2
