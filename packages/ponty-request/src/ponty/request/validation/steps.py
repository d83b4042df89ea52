"""Steps: each explains a value by a keyword or two of a schema, and those around a value say where it stands.

A step adds to the violations those of a value. Where they are is said on the way back, by whoever stands around the
value, so that nothing is spent on what is valid. Of most values an `Outlook` tells what there is to tell; a step is
taken only where the schema has more to say.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from ponty.request.validation.messages import message
from ponty.request.validation.outlook import Outlook
from ponty.request.validation.pointer import token, within

Violation = list[str]
"""A pointer to a value, and what is wrong with it."""

Step = Callable[[Any, list[Violation]], None]


class Part(NamedTuple):
    """What explains a part of a value."""

    outlook: Outlook
    """What the type of the part alone tells."""
    explain: Step
    """For the types of which there is more to say."""


def assertions(violated: Sequence[tuple[Callable[[Any], bool], str]]) -> Step:
    """Ask each of these whether a value violates it, and say so."""

    def explain(value: Any, found: list[Violation]) -> None:
        for is_violated, detail in violated:
            if is_violated(value):
                found.append(["", detail])

    return explain


def always(detail: str) -> Step:
    """Say the same of every value."""

    def explain(_: Any, found: list[Violation]) -> None:
        found.append(["", detail])

    return explain


def nothing(_value: Any, _found: list[Violation]) -> None:
    """Say nothing."""


def in_turn(steps: Sequence[Step]) -> Step:
    """Take some steps, in the order that they have when they are taken."""

    def explain(value: Any, found: list[Violation]) -> None:
        for step in steps:
            step(value, found)

    return explain


class _Absent: ...


_ABSENT = _Absent()


def properties(known: Mapping[str, Part]) -> Step:
    """Explain the properties that are known of."""
    entries = [
        # What is not there is of a type that is always valid.
        (name, _step(name), part.outlook.valid | {_Absent}, part.outlook.asked, part.outlook.wrong, part.explain)
        for name, part in known.items()
    ]

    def explain(value: Any, found: list[Violation]) -> None:
        if isinstance(value, dict):
            get = value.get
            for name, step, valid, asked, wrong, explain_property in entries:
                element = get(name, _ABSENT)
                kind = type(element)
                if kind in valid:
                    continue
                if kind not in asked:
                    found.append([step, wrong])
                    continue
                before = len(found)
                explain_property(element, found)
                if len(found) > before:
                    _place(found, before, step)

    return explain


def required(names: Sequence[str]) -> Step:
    """Name the properties that are missing."""
    details = {name: message("required", name) for name in names}

    def explain(value: Any, found: list[Violation]) -> None:
        if isinstance(value, dict) and not details.keys() <= value.keys():
            found.extend(["", detail] for name, detail in details.items() if name not in value)

    return explain


def further_properties(known: frozenset[str], part: Part, limit: int) -> Step:
    """Explain the properties that are not known of, until there are `limit` violations."""
    (valid, asked, wrong), explain_element = part

    def explain(value: Any, found: list[Violation]) -> None:
        if isinstance(value, dict) and not value.keys() <= known:
            for name, element in value.items():
                if name in known or (kind := type(element)) in valid:
                    continue
                before = len(found)
                if kind in asked:
                    explain_element(element, found)
                else:
                    found.append(["", wrong])
                if len(found) > before:
                    _place(found, before, _step(name))
                    if len(found) >= limit:
                        break

    return explain


def closed_object(
    names: frozenset[str], needed: frozenset[str], of_known: Step, of_missing: Step, of_others: Step
) -> Step:
    """Explain an object of known properties and no others, as most are.

    Args:
        names: Its properties.
        needed: Those that are required.
        of_known: Explains its properties.
        of_missing: Explains what is missing.
        of_others: Explains further properties.
    """

    def explain(value: Any, found: list[Violation]) -> None:
        if isinstance(value, dict):
            of_known(value, found)
            given = value.keys()
            if given != names:
                if not needed <= given:
                    of_missing(value, found)
                if not given <= names:
                    of_others(value, found)

    return explain


def first_items(parts: Sequence[Part]) -> Step:
    """Explain the first items of an array, each by a part of its own."""

    def explain(value: Any, found: list[Violation]) -> None:
        if isinstance(value, list):
            for index, (element, part) in enumerate(zip(value, parts, strict=False)):
                _explain_item(element, part, index, found)

    return explain


def items(part: Part, start: int, limit: int) -> Step:
    """Explain the items of an array from `start` on, until there are `limit` violations."""
    valid = part.outlook.valid

    def explain(value: Any, found: list[Violation]) -> None:
        if isinstance(value, list):
            for index, element in enumerate(value[start:] if start else value, start):
                if type(element) not in valid:
                    _explain_item(element, part, index, found)
                    if len(found) >= limit:
                        break

    return explain


def _explain_item(element: Any, part: Part, index: int, found: list[Violation]) -> None:
    (valid, asked, wrong), explain = part
    kind = type(element)
    if kind in asked:
        before = len(found)
        explain(element, found)
        if len(found) > before:
            _place(found, before, f"/{index}")
    elif kind not in valid:
        found.append([f"/{index}", wrong])


def _step(name: str) -> str:
    return within(token(name), "")


def _place(found: list[Violation], start: int, step: str) -> None:
    """Say of the violations from `start` on that they are within what stands at `step`."""
    for violation in found[start:] if start else found:
        inner = violation[0]
        violation[0] = within(step, inner) if inner else step
