"""Conflicts: routes that can never be reached, since other routes answer all of their requests.

aiohttp looks for a route under the longest literal part of the path first, and under each part in the order of
registration: `/users/me` is found before `/users/{id}`, whichever was registered first. A route is refused if another
one comes before it on every path that it matches, matches all of these paths, and answers its method. A route is only
refused if this is certain. Patterns that look ahead or behind, are possessive, or ignore case are not compared. Nor is
a route refused that only several others together would hide.
"""

from collections.abc import Iterable, Iterator

import msgspec
from aiohttp import hdrs

from ponty.core.routing.paths import Path
from ponty.core.routing.segment_index import SegmentIndex


class Candidate(msgspec.Struct, frozen=True):
    """A route as it is compared with others.

    Args:
        method: Its method.
        path: Its path.
        title: The name of its handler, with its file and line.
    """

    method: str
    path: Path
    title: str


def check_conflicts(candidates: Iterable[Candidate]) -> None:
    """Refuse routes that are hidden by another route.

    Args:
        candidates: All routes of an application, in the order of registration.

    Raises:
        TypeError: Two routes have the same method and path, or one is never reached.
    """
    conflicts = list(_conflicts(list(candidates)))
    if conflicts:
        raise TypeError("\n".join(conflicts))


def _conflicts(candidates: list[Candidate]) -> Iterator[str]:
    index: SegmentIndex[tuple[int, Candidate]] = SegmentIndex()
    literals: dict[str, list[tuple[int, Candidate]]] = {}
    for number, candidate in enumerate(candidates):
        literal = candidate.path.literal
        if literal is None:
            index.add(candidate.path, (number, candidate))
        else:
            literals.setdefault(literal, []).append((number, candidate))
    for number, candidate in enumerate(candidates):
        text = _example(candidate.path)
        if text is None:
            continue
        others = [*literals.get(text, ()), *index.candidates(text)]
        for other_number, other in others:
            if _hides(other, candidate, earlier=other_number < number) and other_number != number:
                yield _message(candidate, other)
                break


def _hides(one: Candidate, other: Candidate, *, earlier: bool) -> bool:
    """Return whether `one` comes before `other` and answers all of its requests."""
    if one.method not in {other.method, hdrs.METH_ANY}:
        return False
    key, below = one.path.key, other.path.key
    if key == below:
        if not earlier:
            return False
    elif not (below == "/" or key.startswith(f"{below}/")):
        return False
    if other.path.literal is not None:
        text = other.path.literal
        return one.path.literal == text or (
            one.path.literal is None and _bears(one, len(text)) and one.path.pattern.fullmatch(text) is not None
        )
    return one.path.literal is None and _bears(one, other.path.longest) and _covers(one.path, other.path)


def _bears(one: Candidate, length: int | None) -> bool:
    longest = one.path.longest
    return longest is None or (length is not None and length <= longest)


def _example(path: Path) -> str | None:
    if path.example is not None:
        return path.example
    from ponty.core.routing.patterns.example import example  # noqa: PLC0415 - rarely needed

    return example(path.pattern.pattern)


def _covers(one: Path, other: Path) -> bool:
    from ponty.core.routing.patterns.coverage import covers  # noqa: PLC0415 - rarely needed

    return covers(one.pattern.pattern, other.pattern.pattern)


def _message(hidden: Candidate, other: Candidate) -> str:
    return (
        f"{hidden.method} {hidden.path.text}: {hidden.title} is never reached, "
        f"{other.title} answers {other.method} {other.path.text} first"
    )
