"""The parts of a declared type: each says what of a value is sent, and tells what differs from it.

A part has a form where msgspec has one, a type that mirrors the declared one and has nothing else. For what is refused
by its form, and where there is none, `limit` goes part by part.
"""

import abc
import contextlib
import dataclasses
import datetime
import decimal
import enum
import typing
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Literal, get_args, get_origin

import msgspec

from ponty.core.encoding.regular_types import ADDRESSES

SCALARS: tuple[type, ...] = (
    str,
    int,
    float,
    type(None),
    bytes,
    bytearray,
    memoryview,
    datetime.date,
    datetime.time,
    datetime.timedelta,
    decimal.Decimal,
    uuid.UUID,
    enum.Enum,
    *ADDRESSES,
)
"""The types of what tells nothing but itself."""


class UnlimitedError(TypeError):
    """A value of which the type does not say what to send."""


class Part(abc.ABC):
    """A part of a type."""

    form: Any = None
    """What msgspec converts a value to; None where it has nothing for this."""

    @abc.abstractmethod
    def limit(self, value: object, at: str, differences: list[str]) -> object:
        """Return what is sent of a value.

        Args:
            value: The value.
            at: Where it stands, as a JSON Pointer.
            differences: Takes what differs from the type.

        Raises:
            UnlimitedError: It is of another kind than the type.
        """

    @abc.abstractmethod
    def takes(self, value: object) -> bool:
        """Return whether `value` is of the kind of this part."""


_ABSENT = object()


class Anything(Part):
    """What is sent as it is."""

    form = Any

    def limit(self, value: object, at: str, differences: list[str]) -> object:
        """Return all of it."""
        del at, differences
        return value

    def takes(self, value: object) -> bool:
        """Return True."""
        del value
        return True


class Scalar(Part):
    """A value that tells nothing but itself."""

    def __init__(self, hint: Any, kinds: tuple[type, ...]) -> None:
        self.form = hint
        self._kinds = kinds
        self._allowed = get_args(hint) if get_origin(hint) is Literal else None

    def limit(self, value: object, at: str, differences: list[str]) -> object:
        """Return `value`, if it is a scalar, of whatever type."""
        if not isinstance(value, SCALARS):
            raise UnlimitedError(f"{_quoted(at)} is a {type(value).__qualname__!r}, where {self._name()} is due")
        if not self.takes(value):
            differences.append(f"{_quoted(at)} is a {type(value).__qualname__!r}, and not {self._name()}")
        return value

    def takes(self, value: object) -> bool:
        """Return whether `value` is one of the literals, or of one of the types."""
        if self._allowed is not None:
            return value in self._allowed
        return isinstance(value, self._kinds) and (type(value) is not bool or bool in self._kinds or int in self._kinds)

    def _name(self) -> str:
        return " or ".join(kind.__qualname__ for kind in self._kinds) if self._allowed is None else str(self.form)


class Array(Part):
    """Any number of items of one part."""

    def __init__(self, item: Part) -> None:
        self._item = item
        self.form: Any = _known(list[item.form]) if item.form is not None else None  # type: ignore[name-defined]

    def limit(self, value: object, at: str, differences: list[str]) -> object:
        """Return the list of what is sent of the items."""
        if not self.takes(value):
            raise UnlimitedError(f"{_quoted(at)} is a {type(value).__qualname__!r}, where a list is due")
        limit = self._item.limit
        return [limit(item, f"{at}/{number}", differences) for number, item in enumerate(_items(value))]

    def takes(self, value: object) -> bool:
        """Return whether `value` has items, and is no text or mapping."""
        return isinstance(value, Iterable) and not isinstance(value, str | bytes | bytearray | Mapping)


class Row(Part):
    """A fixed number of items, each of a part of its own."""

    def __init__(self, parts: Sequence[Part]) -> None:
        self._parts = parts
        forms = tuple(part.form for part in parts)
        self.form: Any = None if None in forms or not forms else _known(tuple[forms])  # type: ignore[valid-type]

    def limit(self, value: object, at: str, differences: list[str]) -> object:
        """Return the list of what is sent of as many items as there are parts."""
        if not self.takes(value):
            raise UnlimitedError(f"{_quoted(at)} is a {type(value).__qualname__!r}, where a tuple is due")
        items = list(_items(value))
        if len(items) != len(self._parts):
            differences.append(f"{_quoted(at)} has {len(items)} items, where {len(self._parts)} are due")
        pairs = zip(self._parts, items, strict=False)
        return [part.limit(item, f"{at}/{number}", differences) for number, (part, item) in enumerate(pairs)]

    def takes(self, value: object) -> bool:
        """Return whether `value` has items, and is no text or mapping."""
        return isinstance(value, Iterable) and not isinstance(value, str | bytes | bytearray | Mapping)


class Table(Part):
    """A mapping of values of one part."""

    def __init__(self, item: Part) -> None:
        self._item = item
        self.form: Any = _known(dict[Any, item.form]) if item.form is not None else None  # type: ignore[name-defined]

    def limit(self, value: object, at: str, differences: list[str]) -> object:
        """Return the mapping of what is sent of the values."""
        if not isinstance(value, Mapping):
            raise UnlimitedError(f"{_quoted(at)} is a {type(value).__qualname__!r}, where a mapping is due")
        limit = self._item.limit
        pairs: Iterable[tuple[Any, object]] = value.items()
        return {key: limit(item, f"{at}/{key}", differences) for key, item in pairs}

    def takes(self, value: object) -> bool:
        """Return whether `value` is a mapping."""
        return isinstance(value, Mapping)


@dataclasses.dataclass(frozen=True)
class Member:
    """A member of a class: what it is called there and in JSON, and its part."""

    name: str
    key: str
    part: Part
    required: bool = True
    default: Any = msgspec.NODEFAULT


class Object(Part):
    """The members of a class."""

    def __init__(self, cls: Any, members: Sequence[Member], options: Mapping[str, Any]) -> None:
        self.cls = cls
        self.members = members
        self._options = options
        has_forms = all(m.part.form is not None and (m.required or not _is_of_any_object(m.part)) for m in members)
        self.form: Any = _mirror(cls, members, options) if has_forms else None

    def limit(self, value: object, at: str, differences: list[str]) -> object:
        """Return the mapping, or list, of what is sent of the members."""
        if isinstance(value, SCALARS) or not self.takes(value):
            due = self.cls.__qualname__
            raise UnlimitedError(f"{_quoted(at)} is a {type(value).__qualname__!r}, where {due!r} is due")
        read = _reader(value)
        sent: dict[str, object] = {}
        if self._options.get("tag") is not None:
            sent[self._options["tag_field"]] = self._options["tag"]
        for member in self.members:
            item = read(member.name)
            if item is _ABSENT:
                if member.required:
                    differences.append(f"{_quoted(at)} has no {member.name!r}")
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
        """Return how much `value` is one of this class: 3 exactly, 2 by a subclass, 1 by its members, 0 not."""
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
    """A class within itself, which is known when the class is compiled."""

    def __init__(self, cls: Any) -> None:
        self._cls = cls
        self.target: Part | None = None

    def limit(self, value: object, at: str, differences: list[str]) -> object:
        """Return what is sent by the part that it stands for."""
        assert self.target is not None  # noqa: S101 - the class was compiled meanwhile
        return self.target.limit(value, at, differences)

    def takes(self, value: object) -> bool:
        """Return whether that part takes `value`."""
        assert self.target is not None  # noqa: S101 - likewise
        return self.target.takes(value)


class Union(Part):
    """One of several parts."""

    def __init__(self, parts: Sequence[Part]) -> None:
        self.parts = parts
        self._objects = [part for part in parts if isinstance(part, Object)]
        forms = tuple(part.form for part in parts)
        self.form: Any = None if None in forms else _known(typing.Union[forms])  # noqa: UP007 - made of a tuple

    def limit(self, value: object, at: str, differences: list[str]) -> object:
        """Return what is sent by the part that takes `value`, or that of the class it is most like."""
        takers = [part for part in self.parts if not isinstance(part, Object) and part.takes(value)]
        if takers:
            return _fitting(takers, value, at).limit(value, at, differences)
        if self._objects and not isinstance(value, SCALARS):
            # Of those that are alike, the first.
            nearest = max(self._objects, key=lambda part: part.likeness(value))
            return nearest.limit(value, at, differences)
        # Whatever it is, none of the parts takes it; a scalar may still be sent in the place of one.
        scalars = [part for part in self.parts if isinstance(part, Scalar)]
        if not scalars:
            raise UnlimitedError(f"{_quoted(at)} is a {type(value).__qualname__!r}, which none of its types is")
        return scalars[0].limit(value, at, differences)

    def takes(self, value: object) -> bool:
        """Return whether one of the parts takes `value`."""
        return any(part.takes(value) for part in self.parts)


def _fitting(parts: Sequence[Part], value: object, at: str) -> Part:
    """Return the first of the parts of which the value differs in nothing; or the first, where it differs from all."""
    if len(parts) > 1 and not isinstance(value, Iterator):  # which could be gone through once
        for part in parts:
            differences: list[str] = []
            with contextlib.suppress(UnlimitedError):
                part.limit(value, at, differences)
                if not differences:
                    return part
    return parts[0]


def _is_of_any_object(part: Part) -> bool:
    """Return whether msgspec would take any object for one of this part, UNSET too: it asks for no member."""
    if isinstance(part, Union):
        return any(map(_is_of_any_object, part.parts))
    return isinstance(part, Itself) or (isinstance(part, Object) and not any(m.required for m in part.members))


def _items(value: Any) -> Iterable[object]:
    return value  # type: ignore[no-any-return]


def _quoted(pointer: str) -> str:
    return f"the value at {pointer!r}" if pointer else "the value"


def _reader(value: Any) -> Callable[[str], object]:
    """Return what reads a member of `value` by its name."""
    if isinstance(value, Mapping):
        members: Mapping[str, object] = value
        return lambda name: members.get(name, _ABSENT)
    return lambda name: getattr(value, name, _ABSENT)


def _known(form: Any) -> Any:
    """Return `form` if msgspec has such a type, or None."""
    try:
        msgspec.json.Decoder(form)
    except (TypeError, NotImplementedError):
        return None
    return form


def _mirror(cls: Any, members: Sequence[Member], options: Mapping[str, Any]) -> Any:
    is_mapping = typing.is_typeddict(cls)
    if is_mapping and any(member.name != member.key for member in members):
        return None  # msgspec reads a mapping by the names that it writes
    fields: list[Any] = []
    rename: dict[str, str] = {}
    for number, member in enumerate(members):
        # What is read from a mapping may have a name that no attribute can have.
        name = f"member{number}" if is_mapping else member.name
        if name != member.key:
            rename[name] = member.key
        form = member.part.form
        if not member.required:
            fields.append((name, form | msgspec.UnsetType if form is not Any else Any, msgspec.UNSET))
        elif options.get("omit_defaults") and member.default is not msgspec.NODEFAULT:
            fields.append((name, form, member.default))
        else:
            fields.append((name, form))
    try:
        # Nothing that a form holds refers to it, so the garbage collector need not know of it.
        form = msgspec.defstruct(cls.__name__, fields, rename=rename or None, kw_only=True, gc=False, **options)
    except (TypeError, ValueError):
        return None
    return _known(form)
