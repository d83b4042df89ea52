"""From arguments to a key: two calls share a key exactly if they are the same call.

The *form* of a value is hashable. Two forms are equal only if their values have the same type and are equal, at every
depth:

- A `str`, an `int` or None, of exactly that type, is its own form. No `str` is equal to an `int` or to None.
- Every other form is a tuple that begins with the type of the value: `True` is `(bool, True)`, `1.0` is `(float, 1.0)`,
  `[1, "a"]` is `(list, 1, "a")`. Nothing else begins with a type, so no form can be mistaken for another.
- The form is exact even if `==` is not: `0.0` and `-0.0`, `Decimal("1.0")` and `Decimal("1.00")`, and the same instant
  in two time zones are different calls. NaN is the same call as NaN.
- A dataclass that compares by its fields is taken apart into its fields, so it need not be hashable. A container is
  taken apart too; the order in a dict or a set does not matter.
- An object that is equal only to itself is represented by its `Identity`, which does not keep it alive.
- Any other hashable object is used itself, together with its type.

The *text* of a value does the same as a `str`, for the stores of users and for Redis: two texts are equal only if the
forms are equal, and every process makes the same text, unless it contains an identity. In a text, hashable objects are
taken apart into the state that `pickle` would keep.
"""

import copyreg
import sys
import weakref
from collections import OrderedDict, deque
from collections.abc import Callable, Hashable, Iterable
from types import MethodType, NoneType
from typing import Any, Final, cast

from ponty.memo.keys.identity import Identity, identity_of, is_of_this_process, known_identity

ATOMS: Final = frozenset({str, int, NoneType})
"""The types whose values are their own forms."""


class Unkeyable(Exception):
    """A value has no form; the message says which value and why."""


def form(value: Any) -> Hashable:
    """Return the form of `value`.

    Raises:
        Unkeyable: There is none.
    """
    cls = _class_of(value)
    if cls in ATOMS:
        return cast("Hashable", value)
    quick = _QUICK.get(cls)
    if quick is not None:
        return quick(value)
    parts = _parts(value, cls)
    if parts is not None:
        if isinstance(parts, _Unordered):
            return (cls, frozenset([form(part) for part in parts.items]))
        return (cls, *[form(part) for part in parts])
    return (cls, _identity_or_none(value, cls) or value)


def forms(values: Iterable[Any]) -> Hashable:
    """Return the forms of several values as one key."""
    return tuple([value if type(value) in ATOMS else form(value) for value in values])


def self_form(value: Any) -> Hashable:
    """Return the form of a method's `self`: its fields if it is a dataclass that compares by them, or its identity."""
    return known_identity(value) or _own_identity(value) or form(value)


def identities_in(key: Hashable) -> list[Identity]:
    """Return the identities in `key`."""
    if isinstance(key, Identity):
        return [key]
    if isinstance(key, tuple | frozenset):
        return [identity for part in cast("Iterable[Hashable]", key) for identity in identities_in(part)]
    return []


def text(value: Any) -> str:
    """Return the text of `value`.

    Raises:
        Unkeyable: There is none.
    """
    cls = _class_of(value)
    if cls in ATOMS:
        return repr(value)
    parts = _parts(value, cls)
    if parts is not None:
        if isinstance(parts, _Unordered):
            return f"{_name_of(cls)}{{{','.join(sorted([text(part) for part in parts.items]))}}}"
        return f"{_name_of(cls)}({','.join([text(part) for part in parts])})"
    if isinstance(value, type):
        return f"type({_name_of(value)})"
    name = _global_name(value) if callable(value) else None
    if name is not None:
        return f"{_name_of(cls)}({name})"
    identity = _identity_or_none(value, cls)
    return f"{_name_of(cls)}({_reduced(value) if identity is None else f'@{identity.name}'})"


def self_text(value: Any) -> str:
    """Return the text of a method's `self`, as `self_form` returns its form."""
    identity = _own_identity(value)
    return text(value) if identity is None else f"{_name_of(type(value))}(@{identity.name})"


def shared_text(value: Any) -> str:
    """Return the text of `value` if every other process would make the same text.

    Raises:
        Unkeyable: There is no such text.
    """
    written = text(value)
    if is_of_this_process(written):
        raise Unkeyable(
            "an object that is equal to nothing but itself, or one of a class or function that cannot be imported: "
            "no other process could find what is stored for it (a dataclass is compared by its fields)"
        )
    return written


def _class_of(value: object) -> type:
    return type(value)


class _Unordered:
    """Parts whose order does not matter."""

    __slots__ = ("items",)

    def __init__(self, items: Iterable[Any]) -> None:
        self.items = items


_Parts = Iterable[Any] | _Unordered

_EXACT: Final[dict[str, Callable[[Any], _Parts | None]]] = {
    "builtins.bool": lambda v: (int(v),),
    "builtins.float": lambda v: (repr(v),),
    "builtins.complex": lambda v: (repr(v),),
    "builtins.bytes": lambda v: (v.decode("latin-1"),),
    "builtins.bytearray": lambda v: (v.decode("latin-1"),),
    "builtins.slice": lambda v: (v.start, v.stop, v.step),
    "decimal.Decimal": lambda v: (str(v),),
    "datetime.datetime": lambda v: (v.replace(tzinfo=None, fold=0).isoformat(), v.fold, v.tzinfo),
    "datetime.time": lambda v: (v.replace(tzinfo=None, fold=0).isoformat(), v.fold, v.tzinfo),
    "datetime.date": lambda v: (v.isoformat(),),
    "datetime.timedelta": lambda v: (v.days, v.seconds, v.microseconds),
    "zoneinfo.ZoneInfo": lambda v: (v.key,) if v.key else None,
}
"""How a value of exactly this class is taken apart; by the name of the class, so that no module has to be imported."""

_QUICK: Final[dict[type, Callable[[Any], Hashable]]] = {
    bool: lambda v: (bool, v),
    bytes: lambda v: (bytes, v),
    float: lambda v: (float, v) if v == v and v else (float, repr(v)),  # noqa: PLR0124 - NaN is not
    tuple: lambda v: (tuple, *[part if type(part) in ATOMS else form(part) for part in v]),
    list: lambda v: (list, *[part if type(part) in ATOMS else form(part) for part in v]),
}
"""The forms of common values, made in fewer steps than with `_parts`."""

_BY_BASE: Final[tuple[tuple[type | tuple[type, ...], Callable[[Any], _Parts]], ...]] = (
    ((tuple, list, deque), iter),
    (OrderedDict, lambda v: v.items()),
    (dict, lambda v: _Unordered(v.items())),
    ((set, frozenset), _Unordered),
    (MethodType, lambda v: (v.__func__, v.__self__)),
)


def _parts(value: Any, cls: Any) -> _Parts | None:
    """Return the parts that determine `value`, or None if it cannot be taken apart."""
    exact = _EXACT.get(f"{cls.__module__}.{cls.__qualname__}")
    if exact is not None:
        return exact(value)
    for base, take_apart in _BY_BASE:
        if isinstance(value, base):
            return take_apart(value)  # pyright: ignore[reportCallIssue, reportArgumentType]  # each is for its base
    fields = _fields_of(cls)
    return None if fields is None else [getattr(value, name) for name in fields]


_fields: "weakref.WeakKeyDictionary[type, list[str]]" = weakref.WeakKeyDictionary()


def _fields_of(cls: type) -> list[str] | None:
    """Return the names of the fields by which `cls` compares, or None if it is not a dataclass with `eq`."""
    parameters = cls.__dict__.get("__dataclass_params__")
    if parameters is None or not parameters.eq:
        return None
    names = _fields.get(cls)
    if names is None:
        import dataclasses  # noqa: PLC0415 - loaded already, since there is a dataclass

        names = _fields[cls] = [field.name for field in dataclasses.fields(cls) if field.compare]
    return names


def _own_identity(value: Any) -> Identity | None:
    cls = type(value)
    return None if cls in ATOMS or _parts(value, cls) is not None else identity_of(value)


def _identity_or_none(value: Any, cls: Any) -> Identity | None:
    """Return the identity of an object that is equal only to itself, or None for another hashable object.

    Raises:
        Unkeyable: The object is not hashable.
    """
    if isinstance(value, type):
        return None
    if cls.__hash__ is object.__hash__ and cls.__eq__ is object.__eq__:
        return identity_of(value)
    try:
        hash(value)
    except TypeError:
        raise Unkeyable(f"a {cls.__qualname__}, which is not hashable") from None
    return None


def _reduced(value: Any) -> str:
    """Return the state that `pickle` would keep of `value`, as a text."""
    try:
        registered = copyreg.dispatch_table.get(type(value))
        recipe = value.__reduce_ex__(4) if registered is None else registered(value)
    except Exception:  # noqa: BLE001 - a class can raise anything here
        raise Unkeyable(f"a {type(value).__qualname__}, which cannot be pickled or taken apart") from None
    if isinstance(recipe, str):
        return recipe
    made_by, arguments, *state = cast("tuple[Any, ...]", recipe)
    if state[1:] and any(part is not None for part in state[1:]):
        state = [state[0], *[None if part is None else list(part) for part in state[1:]]]
    return f"{text(made_by)},{text(arguments)},{text(state)}"


def _global_name(thing: Any) -> str | None:
    """Return the name under which `thing` can be imported, if there is one."""
    module, path = getattr(thing, "__module__", None), getattr(thing, "__qualname__", None)
    if not isinstance(module, str) or not isinstance(path, str):
        return None
    found: Any = sys.modules.get(module)
    for name in path.split("."):
        found = getattr(found, name, None)
    return f"{module}.{path}" if found is thing else None


def _name_of(cls: type) -> str:
    """Return a name for a class that no other class has."""
    if cls.__module__ == "builtins":
        return cls.__qualname__
    name = _global_name(cls)
    if name is not None:
        return name
    identity = identity_of(cls)  # a class made in a function may be made several times under one name
    return f"{cls.__qualname__}@{identity.name if identity else ''}"
