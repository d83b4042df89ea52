"""The errors with which a part of a request is refused."""

import functools
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple, Self


class Violation(NamedTuple):
    """One fault of a part of a request."""

    pointer: str
    """The place within a JSON value, as a JSON Pointer (RFC 6901)."""

    detail: str
    """What is wrong, and what would be right. It does not repeat the client's value."""

    code: str = "invalid"
    """The kind of fault, as a word for programs, such as `missing` or `minimum`."""


class InvalidField(Exception):
    """A field's part of the request is missing or wrong.

    Raise it in the `extract` of your own field, or in the constructor of a class that a body is parsed into.

    Args:
        detail: What is wrong, and what would be right. It must not repeat the client's value.
        status: The status of the answer, 400 to 599; 400 by default.
        pointer: The place within a JSON value, as a JSON Pointer (RFC 6901); by default the whole value.
        more: Other faults of the same part, each as a pointer, a detail and, if you like, a code.
        headers: Further headers of the answer.
        code: The kind of fault, for programs: a word that stays the same when the detail changes. It may be one that
            Ponty's own fields use, or one of your own.

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
            raise ValueError(f"the status of a refusal must be from 400 to 599, not {status}")
        super().__init__(detail)
        self.detail = detail
        self.status = status
        # `Violation(…)` would run Python code, which costs more; a flood of refusals must be cheap.
        first = tuple.__new__(Violation, (pointer, detail, code))
        others = [each if isinstance(each, Violation) else Violation(*each) for each in more] if more else ()
        self.violations: tuple[Violation, ...] = (first, *others)
        self.headers: Mapping[str, str] = headers or {}


class InvalidParameters(InvalidField):
    """Several parameters are missing or wrong, which one field reads together.

    Args:
        faults: The name of each parameter, with its violation; at least one.
    """

    def __init__(self, faults: Sequence[tuple[str, Violation]]) -> None:
        _, (pointer, detail, code) = faults[0]
        super().__init__(detail, pointer=pointer, code=code)
        self.faults: tuple[tuple[str, Violation], ...] = tuple(faults)


class Explained(InvalidField):
    """A part of a request is not JSON, or not valid under a schema.

    Args:
        found: The faults, at least one: the pointer of each, with its detail and its code.
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
        """The violations; few callers ask for them, so they are made on demand."""
        return tuple(Violation(pointer, *why) for pointer, why in self.found)


class Refused:
    """The same as `Explained`, but returned instead of raised, which costs less in a flood of bad bodies.

    Args:
        found: The faults, as in `Explained`.
    """

    __slots__ = ("found",)

    def __init__(self, found: Sequence[tuple[str, tuple[str, str]]]) -> None:
        self.found: Sequence[tuple[str, tuple[str, str]]] = found

    @classmethod
    def whole(cls, detail: str, *, code: str) -> Self:
        """Make the refusal of a whole part, with one fault."""
        return cls([("", (detail, code))])

    def error(self) -> InvalidField:
        """Return the refusal as an exception."""
        return Explained(self.found)


def refusal(
    violations: Iterable[Violation], *, status: int = 400, headers: Mapping[str, str] | None = None
) -> InvalidField:
    """Return the error of a part that has these violations, at least one."""
    found = tuple(violations)
    invalid = InvalidField(found[0].detail, status=status, headers=headers)
    invalid.violations = found
    return invalid
