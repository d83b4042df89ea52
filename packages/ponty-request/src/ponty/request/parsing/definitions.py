"""The definitions of a schema: what each is called, after its type, and which types have one already."""

import re
import typing
from typing import Any, Generic, TypeVar

_T = TypeVar("_T")


def definition_name(tp: Any) -> str:
    """Return the name of a type: that of its class, with the arguments that it has."""
    if typing.get_origin(tp) is typing.Annotated:
        tp = typing.get_args(tp)[0]
    cls = typing.get_origin(tp) or tp
    return as_name([cls.__name__, *(getattr(argument, "__name__", str(argument)) for argument in typing.get_args(tp))])


def as_name(words: list[str]) -> str:
    """Join words to a name that can stand in a reference."""
    return re.sub(r"[^A-Za-z0-9]+", "_", "_".join(words)).strip("_") or "type"


class Names:
    """The names that the definitions of one schema have."""

    def __init__(self) -> None:
        self._taken: set[str] = set()

    def take(self, stem: str) -> str:
        """Return a name that no other definition has: the stem, or that with a number."""
        name, number = stem, 1
        while name in self._taken:
            number += 1
            name = f"{stem}_{number}"
        self._taken.add(name)
        return name


class Met(Generic[_T]):
    """The types that a walk has met, and what it has made of each; types compare, but do not always hash."""

    def __init__(self) -> None:
        self._met: list[tuple[Any, _T]] = []

    def add(self, tp: Any, made: _T) -> None:
        """Note what was made of a type."""
        self._met.append((tp, made))

    def pop(self) -> None:
        """Forget the last one."""
        self._met.pop()

    def get(self, tp: Any) -> _T | None:
        """Return what was made of a type; None of one that was not met."""
        return next((made for met, made in self._met if met == tp), None)

    def __len__(self) -> int:
        return len(self._met)
