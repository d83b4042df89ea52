"""Regular classes: their annotations show that msgspec encodes their instances in Ponty's form.

msgspec encodes two things differently from Ponty: keys of a dict that are not texts, and offsets from UTC with seconds.
A class is *regular* if its annotations say that it has no dict, and where it may have an offset: its members are
scalars, lists, and other regular classes. A class with a member of any type is not regular. The bytes of a regular
value need not be searched.

Python does not enforce annotations, and to check each member would take as long as to encode it. So:

- The rows of a list are checked, by one call in C: each has a regular class, and not a subclass of it.
- A class that is used in another one has no subclass. A subclass that is made later is noticed.
- Regular values are encoded by an encoder that refuses each dict with a key that is not a text, wherever it is.
- The only remaining difference is in members whose value has another type than the annotation says: the keys of a dict
  are sorted, and an offset with seconds is rounded to a minute.
"""

import dataclasses
import datetime
import decimal
import enum
import functools
import ipaddress
import types
import typing
import uuid
from collections.abc import Collection, Sequence
from operator import countOf
from typing import Any, Literal, NamedTuple, get_args, get_origin

import msgspec

from ponty.core.encoding.plain_hints import plain_hint

ADDRESSES = (
    ipaddress.IPv4Address,
    ipaddress.IPv6Address,
    ipaddress.IPv4Network,
    ipaddress.IPv6Network,
    ipaddress.IPv4Interface,
    ipaddress.IPv6Interface,
)
"""The classes of addresses, which are encoded as their text."""


class Regular(NamedTuple):
    """A regular class: what must be checked when a value of it is encoded.

    Args:
        inner: The classes that are used in it.
        has_times: Whether it has members with an offset from UTC.
    """

    inner: tuple[type, ...] = ()
    has_times: bool = False


_SCALAR = Regular()
ENCODED: Regular = _SCALAR
"""Nothing must be checked, since the value was encoded before."""
_TIME = Regular(has_times=True)


def regularity(value: object) -> Regular | None:
    """Return what must be checked when `value` is encoded; None if it is not regular, or a list of few rows."""
    kind: Any = type(value)
    if kind is not list:
        regular = regular_class(kind)
        return regular if regular is None or not regular.inner or has_no_subclass(regular) else None
    rows: list[object] = value  # type: ignore[assignment]
    if len(rows) < _FEW:
        return None
    found = _SCALAR
    for row in _classes(rows):
        regular = regular_class(row)
        if regular is None or (regular.inner and not has_no_subclass(regular)):
            return None
        if regular.has_times:
            found = _TIME
    return found


_FEW = 16
"""The fewest rows for which it is quicker to check their classes than to search their bytes."""


def _classes(rows: list[object]) -> Collection[type]:
    first = type(rows[0])
    return (first,) if countOf(map(type, rows), first) == len(rows) else set(map(type, rows))


def has_no_subclass(regular: Regular) -> bool:
    """Return whether no class that is used in a regular one has a subclass, whose instance may be used instead."""
    return not any(map(type.__subclasses__, regular.inner))


@functools.lru_cache(maxsize=1024)
def regular_class(kind: type) -> Regular | None:
    """Return what must be checked in an instance of `kind` itself; None if the class is not regular."""
    if kind in _SCALARS:
        return _SCALAR
    if kind in _TIMES:
        return _TIME
    inner: dict[type, None] = {}
    try:
        times = _times_of(kind, inner, itself=True)
    except (_IrregularError, NameError, TypeError, AttributeError):  # or its annotations cannot be resolved
        return None
    return Regular(tuple(inner), times)


class _IrregularError(Exception):
    """A type is not regular."""


def _times_of(hint: Any, inner: dict[type, None], *, itself: bool = False) -> bool:
    """Return whether a regular type has members with an offset from UTC.

    Args:
        hint: The type.
        inner: Collects the classes that are used in it.
        itself: Whether it is the outermost class.

    Raises:
        _IrregularError: It is not regular.
    """
    hint = plain_hint(hint)
    origin, arguments = get_origin(hint), get_args(hint)
    if hint in _SCALARS or hint is None or origin is Literal:
        return False
    if hint in _TIMES:
        return True
    if origin in _LISTS and arguments:
        parts = [argument for argument in arguments if argument is not Ellipsis]
    elif origin in {typing.Union, types.UnionType}:
        parts = [argument for argument in arguments if argument is not msgspec.UnsetType]
    elif isinstance(hint, type) and issubclass(hint, enum.Enum):
        return False  # msgspec refuses one whose value is neither a text nor a number
    else:
        if hint in inner:
            return False  # it is used within itself
        if not itself:
            inner[hint] = None
        parts = _members(hint)
    return any([_times_of(part, inner) for part in parts])  # noqa: C419 - each has to be checked


def _members(kind: Any) -> list[Any]:
    """Return the types of the members of a class of which msgspec encodes only the declared members."""
    if not isinstance(kind, type):
        raise _IrregularError
    cls: Any = kind
    if getattr(cls, "__parameters__", None):
        raise _IrregularError
    if issubclass(cls, msgspec.Struct):
        names: Sequence[str] = cls.__struct_fields__
    elif "__dataclass_fields__" in vars(cls) and not issubclass(cls, _WRITTEN_OTHERWISE):
        names = [field.name for field in dataclasses.fields(cls)]
        if len(names) != len(cls.__dataclass_fields__):  # msgspec writes class variables, too
            raise _IrregularError
    else:
        raise _IrregularError
    hints = typing.get_type_hints(cls, include_extras=True)
    return [hints[name] for name in names]


_SCALARS: frozenset[Any] = frozenset(
    {
        str,
        int,
        float,
        bool,
        type(None),
        bytes,
        datetime.date,
        datetime.timedelta,
        decimal.Decimal,
        uuid.UUID,
        msgspec.Raw,  # a value that was encoded before is not checked again
        *ADDRESSES,
    }
)
_TIMES: frozenset[Any] = frozenset({datetime.datetime, datetime.time})
_LISTS: frozenset[Any] = frozenset({list, tuple, Sequence})
# A class with one of these bases is encoded as the base, whatever fields it has.
_WRITTEN_OTHERWISE = (list, tuple, dict, set, frozenset, str, int, float, enum.Enum, uuid.UUID)
