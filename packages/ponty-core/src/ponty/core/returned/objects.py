"""The parts for classes, and for unions, which choose the class that is most like a value."""

import contextlib
import typing
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import msgspec

from ponty.core.returned.forms import known, mirror
from ponty.core.returned.part import SCALARS, Member, Part, UnlimitedError, quoted
from ponty.core.returned.parts import Scalar

_ABSENT = object()


class Object(Part):
    """The members of a class."""

    def __init__(self, cls: Any, members: Sequence[Member], options: Mapping[str, Any]) -> None:
        self.cls = cls
        self.members = members
        self._options = options
        has_forms = all(m.part.form is not None and (m.required or not _is_of_any_object(m.part)) for m in members)
        self.form: Any = mirror(cls, members, options) if has_forms else None

    def limit(self, value: object, at: str, differences: list[str]) -> object:
        """Return a mapping, or list, with the parts of the members that are sent."""
        if isinstance(value, SCALARS) or not self.takes(value):
            due = self.cls.__qualname__
            raise UnlimitedError(f"{quoted(at)} is a {type(value).__qualname__!r}; expected {due!r}")
        read = _reader(value)
        sent: dict[str, object] = {}
        if self._options.get("tag") is not None:
            sent[self._options["tag_field"]] = self._options["tag"]
        for member in self.members:
            item = read(member.name)
            if item is _ABSENT:
                if member.required:
                    differences.append(f"{quoted(at)} has no {member.name!r}")
            elif item is not msgspec.UNSET and not (self._options.get("omit_defaults") and item == member.default):
                sent[member.key] = member.part.limit(item, f"{at}/{member.key}", differences)
        return list(sent.values()) if self._options.get("array_like") else sent

    def takes(self, value: object) -> bool:
        """Return whether `value` has one of the members, or there are none."""
        if isinstance(value, SCALARS):
            return False
        read = _reader(value)
        return any(read(member.name) is not _ABSENT for member in self.members) or not self.members

    def likeness(self, value: object) -> int:
        """Return how well `value` fits: 3 is of the class itself, 2 of a subclass, 1 by its members, 0 not at all."""
        if type(value) is self.cls:
            return 3
        if not typing.is_typeddict(self.cls) and isinstance(value, self.cls):
            return 2
        read = _reader(value)
        read_all = [(member, read(member.name)) for member in self.members]
        fits = all(
            (item is _ABSENT and not member.required) or (item is not _ABSENT and member.part.takes(item))
            for member, item in read_all
        )
        return 1 if fits and not isinstance(value, SCALARS) else 0


class Itself(Part):
    """A class used within itself; its part is known when the class is compiled."""

    def __init__(self, cls: Any) -> None:
        self._cls = cls
        self.target: Part | None = None

    def limit(self, value: object, at: str, differences: list[str]) -> object:
        """Return what the part of the class sends."""
        assert self.target is not None  # noqa: S101 - the class is compiled by now
        return self.target.limit(value, at, differences)

    def takes(self, value: object) -> bool:
        """Return whether the part of the class takes `value`."""
        assert self.target is not None  # noqa: S101 - the class is compiled by now
        return self.target.takes(value)


class Union(Part):
    """One of several parts."""

    def __init__(self, parts: Sequence[Part]) -> None:
        self.parts = parts
        self._objects = [part for part in parts if isinstance(part, Object)]
        forms = tuple(part.form for part in parts)
        self.form: Any = None if None in forms else known(typing.Union[forms])  # noqa: UP007 - made of a tuple

    def limit(self, value: object, at: str, differences: list[str]) -> object:
        """Return what is sent by the part that takes `value`, or by the class that it is most like."""
        takers = [part for part in self.parts if not isinstance(part, Object) and part.takes(value)]
        if takers:
            return _fitting(takers, value, at).limit(value, at, differences)
        if self._objects and not isinstance(value, SCALARS):
            # If several are equally like it, the first.
            nearest = max(self._objects, key=lambda part: part.likeness(value))
            return nearest.limit(value, at, differences)
        # None of the parts takes the value, but a scalar may be sent instead of another one.
        scalars = [part for part in self.parts if isinstance(part, Scalar)]
        if not scalars:
            raise UnlimitedError(f"{quoted(at)} is a {type(value).__qualname__!r}, which is none of its types")
        return scalars[0].limit(value, at, differences)

    def takes(self, value: object) -> bool:
        """Return whether one of the parts takes `value`."""
        return any(part.takes(value) for part in self.parts)


def _fitting(parts: Sequence[Part], value: object, at: str) -> Part:
    """Return the first part from which the value does not differ; the first of all if it differs from each."""
    if len(parts) > 1 and not isinstance(value, Iterator):  # an iterator can only be read once
        for part in parts:
            differences: list[str] = []
            with contextlib.suppress(UnlimitedError):
                part.limit(value, at, differences)
                if not differences:
                    return part
    return parts[0]


def _is_of_any_object(part: Part) -> bool:
    """Return whether msgspec would accept any object for this part, also UNSET, since no member is required."""
    if isinstance(part, Union):
        return any(map(_is_of_any_object, part.parts))
    return isinstance(part, Itself) or (isinstance(part, Object) and not any(m.required for m in part.members))


def _reader(value: Any) -> Callable[[str], object]:
    """Return a function that reads a member of `value` by its name."""
    if isinstance(value, Mapping):
        members: Mapping[str, object] = value
        return lambda name: members.get(name, _ABSENT)
    return lambda name: getattr(value, name, _ABSENT)
