"""How a part of a request is refused."""

import functools
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple, Self


class Violation(NamedTuple):
    """One thing that is wrong with a part of a request."""

    pointer: str
    """The place within a JSON value, as a JSON Pointer (RFC 6901)."""

    detail: str
    """What is wrong and what would be right, in words that hold nothing of the client's value."""

    code: str = "invalid"
    """The kind of fault, for programs."""


class InvalidField(Exception):
    """A field's part of the request is missing or wrong.

    Args:
        detail: What is wrong and what would be right, in words that hold nothing of the client's value.
        status: The status of the answer, 400 to 599.
        pointer: The place within a JSON value, as a JSON Pointer (RFC 6901).
        more: What else is wrong with the same part, each as a pointer, a detail and perhaps a code.
        headers: Further headers of the answer.
        code: The kind of fault, for programs: a word that stays when the detail changes. It may be one that Ponty's own
            fields use, or one of your own.

    Raises:
        ValueError: `status` is outside 400 to 599.
    """

    def __init__(
        self,
        detail: str,
        *,
        status: int = 400,
        pointer: str = "",
        more: Iterable[tuple[str, str] | tuple[str, str, str]] = (),
        headers: Mapping[str, str] | None = None,
        code: str = "invalid",
    ) -> None:
        if not 400 <= status <= 599:
            raise ValueError(f"a request is refused with a status from 400 to 599, not {status}")
        super().__init__(detail)
        self.detail = detail
        self.status = status
        # By the class itself, it would take a call of Python's; a flood of refusals is to cost little.
        first = tuple.__new__(Violation, (pointer, detail, code))
        others = [each if isinstance(each, Violation) else Violation(*each) for each in more] if more else ()
        self.violations: tuple[Violation, ...] = (first, *others)
        self.headers: Mapping[str, str] = headers or {}


class InvalidParameters(InvalidField):
    """Several parameters of one place that a field takes together.

    Args:
        faults: What is wrong: the name of a parameter, and what is wrong with it.
    """

    def __init__(self, faults: Sequence[tuple[str, Violation]]) -> None:
        _, (pointer, detail, code) = faults[0]
        super().__init__(detail, pointer=pointer, code=code)
        self.faults: tuple[tuple[str, Violation], ...] = tuple(faults)


class Explained(InvalidField):
    """A part of a request that is not JSON, or not valid under a schema, and why.

    Args:
        found: What is wrong with it, one thing at least: the pointer of each, its detail and its code.
    """

    def __init__(self, found: Sequence[tuple[str, tuple[str, str]]]) -> None:
        detail = found[0][1][0]
        Exception.__init__(self, detail)
        self.detail: str = detail
        self.status: int = 400
        self.headers: Mapping[str, str] = {}
        self.found: Sequence[tuple[str, tuple[str, str]]] = found

    @functools.cached_property
    def violations(self) -> tuple[Violation, ...]:  # type: ignore[override]
        """The violations; only few ask for them, so they are made when somebody does."""
        return tuple(Violation(pointer, *why) for pointer, why in self.found)


class Refused:
    """The same in place of the exception, on the way that floods of bad bodies take: it is returned, and costs little.

    Args:
        found: What is wrong, likewise.
    """

    __slots__ = ("found",)

    def __init__(self, found: Sequence[tuple[str, tuple[str, str]]]) -> None:
        self.found: Sequence[tuple[str, tuple[str, str]]] = found

    @classmethod
    def whole(cls, detail: str, *, code: str) -> Self:
        """Make the refusal of a whole part."""
        return cls([("", (detail, code))])

    def error(self) -> InvalidField:
        """Return the exception."""
        return Explained(self.found)


def refusal(
    violations: Iterable[Violation], *, status: int = 400, headers: Mapping[str, str] | None = None
) -> InvalidField:
    """Return the refusal of a part that has these things wrong with it, one at least."""
    found = tuple(violations)
    invalid = InvalidField(found[0].detail, status=status, headers=headers)
    invalid.violations = found
    return invalid
