"""How a part of a request is refused."""

from collections.abc import Iterable, Mapping, Sequence


class InvalidField(Exception):
    """A field's part of the request is missing or wrong.

    Args:
        detail: What is wrong and what would be right, in words that hold nothing of the client's value.
        status: The status of the answer, 400 to 599.
        pointer: The place within a JSON value, as a JSON Pointer (RFC 6901).
        more: What else is wrong with the same part, each as a pointer and a detail.
        headers: Further headers of the answer.

    Raises:
        ValueError: `status` is outside 400 to 599.
    """

    def __init__(
        self,
        detail: str,
        *,
        status: int = 400,
        pointer: str = "",
        more: Iterable[tuple[str, str]] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        if not 400 <= status <= 599:
            raise ValueError(f"a request is refused with a status from 400 to 599, not {status}")
        super().__init__(detail)
        self.detail = detail
        self.status = status
        self.violations: tuple[tuple[str, str], ...] = ((pointer, detail), *more)
        self.headers: Mapping[str, str] = headers or {}


class InvalidParameters(InvalidField):
    """Several parameters of one place that a field takes together.

    Args:
        faults: What is wrong: the name of a parameter, the place within its value as a JSON Pointer, and a detail.
    """

    def __init__(self, faults: Sequence[tuple[str, str, str]]) -> None:
        super().__init__(faults[0][2])
        self.faults: tuple[tuple[str, str, str], ...] = tuple(faults)
