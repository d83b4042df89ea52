"""Checks: each adds the violations of a value under one or two keywords, and says where in the value they are."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

from ponty.request.validation.explanations.messages import NOT_VALID, Reason
from ponty.request.validation.explanations.pointer import MAX_LENGTH
from ponty.request.validation.schemas.jsonschema_rs_backend import IsValid

MAX_VIOLATIONS = 51
"""How many violations of one value are collected: one more than an answer lists."""

MAX_LEVELS = 16
"""How many levels of a value are examined."""

Found = tuple[str, Reason]
"""A pointer to a value, and what is wrong with it."""

Check = Callable[[Any, list[Found], int, str], None]
"""Adds the violations of a value, down to a number of levels; the pointer is that of the value."""

_BLOCK = 64


class Part(NamedTuple):
    """A schema for a part of a value."""

    is_valid: IsValid
    explain: Check
    reason: Reason | None = None
    """What is wrong with any value that is not valid, if there is only one possible fault."""


def nothing(_value: Any, _found: list[Found], _levels: int, _at: str) -> None:
    """Find nothing."""


def never(_: Any) -> bool:
    """Find no value valid."""
    return False


def always(reason: Reason) -> Check:
    """Make a check that adds `reason` for every value."""

    def explain(_value: Any, found: list[Found], _levels: int, at: str) -> None:
        found.append((at, reason))

    return explain


def unless(is_valid: IsValid, reason: Reason) -> Check:
    """Make a check that adds `reason` for every value that is not valid."""

    def explain(value: Any, found: list[Found], _: int, at: str) -> None:
        if not is_valid(value):
            found.append((at, reason))

    return explain


def in_turn(checks: Sequence[Check], last: Sequence[Check] = ()) -> Check:
    """Make one check of several, which run in turn; the last ones run only if nothing was found before."""

    def explain(value: Any, found: list[Found], levels: int, at: str) -> None:
        before = len(found)
        for check in checks:
            check(value, found, levels, at)
            if len(found) >= MAX_VIOLATIONS:
                return
        if last and len(found) == before:
            for check in last:
                check(value, found, levels, at)

    return explain


def blocks(items: list[Any]) -> Iterator[list[Any]]:
    """Cut a list into blocks, each of which is checked at once."""
    return (items[start : start + _BLOCK] for start in range(0, len(items), _BLOCK))


def go_into(  # noqa: PLR0917 - by position, as it is called for each fault
    element: Any, part: Part, step: str, found: list[Found], levels: int, at: str
) -> None:
    """Add the violations of an element that is not valid, and is at `step` of the value at `at`."""
    place = at + step
    is_cut = len(place) > MAX_LENGTH
    if is_cut:
        place = at
    if part.reason is not None:
        found.append((place, part.reason))
        return
    before = len(found)
    if levels > 1:
        part.explain(element, found, levels - 1, place)
    if len(found) == before:
        found.append((place, NOT_VALID))
    elif is_cut:  # the faults within it are at the same place
        found[before:] = [(place, why) for _, why in found[before:]]
