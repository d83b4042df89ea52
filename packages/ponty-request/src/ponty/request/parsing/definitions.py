"""The definitions of a schema: their names, made from their types, and the types that have one already."""

import re
import typing
from typing import Any, Generic, TypeVar

_T = TypeVar("_T")


def definition_name(tp: Any) -> str:
    """Return the name of a type: that of its class, with its type arguments."""
    if typing.get_origin(tp) is typing.Annotated:
        tp = typing.get_args(tp)[0]
    cls = typing.get_origin(tp) or tp
    return as_name([cls.__name__, *(getattr(argument, "__name__", str(argument)) for argument in typing.get_args(tp))])


def as_name(words: list[str]) -> str:
    """Join words to a name that is valid in a reference."""
    return re.sub(r"[^A-Za-z0-9]+", "_", "_".join(words)).strip("_") or "type"


class Names:
    """The names of the definitions of one schema."""

    def __init__(self) -> None:
        self._taken: set[str] = set()

    def take(self, stem: str) -> str:
        """Return a name that no other definition has: the stem, with a number if need be."""
        name, number = stem, 1
        while name in self._taken:
            number += 1
            name = f"{stem}_{number}"
        self._taken.add(name)
        return name


class Met(Generic[_T]):
    """The types that a walk has met, each with its result; types can be compared, but not always hashed."""

    def __init__(self) -> None:
        self._met: list[tuple[Any, _T]] = []

    def add(self, tp: Any, made: _T) -> None:
        """Add the result of a type."""
        self._met.append((tp, made))

    def pop(self) -> None:
        """Remove the type that was added last."""
        self._met.pop()

    def get(self, tp: Any) -> _T | None:
        """Return the result of a type; None if the type was not met."""
        return next((made for met, made in self._met if met == tp), None)

    def __len__(self) -> int:
        return len(self._met)
