"""An example: one text that a pattern matches."""

import functools

from ponty.core.routing.patterns.automaton import any_matches
from ponty.core.routing.patterns.syntax import (
    Characters,
    Choice,
    LookAhead,
    Node,
    Repetition,
    Sequence,
    UnreadablePatternError,
    read_pattern,
)

_LONGEST = 1000
_TRIED = [chr(code) for code in (*range(ord("0"), 127), *range(32, ord("0")), *range(160, 256), 9, 10)]


def example(pattern: str) -> str | None:
    """Return a short text that `pattern` matches; None if none is found, or the tree of the pattern is not exact."""
    try:
        tree = read_pattern(pattern)
        return _example(tree.root) if tree.exact else None
    except (UnreadablePatternError, LookupError):
        return None


def _example(node: Node) -> str:
    match node:
        case Characters():
            return _character(node)
        case Sequence(items):
            return "".join(map(_example, items))
        case Choice(options):
            return min(map(_example, options), key=len)
        case Repetition(item, low):
            if low > _LONGEST:
                raise LookupError
            return _example(item) * low if low else ""
        case LookAhead():
            return ""


@functools.lru_cache(maxsize=1024)
def _character(characters: Characters) -> str:
    tried = (*(chr(low) for low, _ in characters.ranges), *_TRIED, "\u0100")
    found = next((character for character in tried if any_matches(characters, character)), None)
    if found is None:
        raise LookupError
    return found
