"""What of a value is sent, by the type that its handler declares: no more than the type has, at any depth.

A type is compiled once, into parts. Each part has two ways:

- *by form*: msgspec converts the value to a form, a type of its own that mirrors the declared one and has nothing else,
  in one compiled pass. What does not fit the form is refused whole.
- *part by part*, for what is refused, and for the types that msgspec has no form for (a union of several classes, a
  class within itself). It is lenient about scalars, for a number in the place of a text tells no secret, and says what
  differs; an object, a mapping or a list where none is due could hold anything, and is a TypeError.

What can never happen is that an object is sent of which the type has not said what to send; `Any` and `object` say it
of everything.
"""

import collections.abc
import dataclasses
import datetime
import decimal
import enum
import functools
import logging
import threading
import types
import typing
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Annotated, Any, Literal, get_args, get_origin

import msgspec

from ponty.core.answers.encoding import ADDRESSES

logger: logging.Logger = logging.getLogger("ponty.core")

_drift: dict[str, int] = {}
_lock = threading.Lock()


def answer_drift() -> dict[str, int]:
    """Return how many answers differed from the type that their handler declares, by the handler's qualified name.

    Counted are those of this process that were compared: `check_returns` of `build_app`.
    """
    with _lock:
        return dict(_drift)


class ReturnedType:
    """The declared type of what a handler returns.

    Args:
        hint: The type.

    Raises:
        TypeError: It has no form in JSON.
    """

    def __init__(self, hint: object) -> None:
        self._hint = hint
        self._answers = 0
        try:
            self._part: _Part | None = _compile(hint)
        except NameError:  # a class that the module has further down
            self._part = None
        self._root = None if self._part is None else _root(self._part)

    def limited(self, value: object, name: str, check: int | Literal["raise"]) -> object:
        """Return what is sent of `value`.

        Args:
            value: What a handler has returned.
            name: The handler's name.
            check: How many answers there are to each one in which a difference is told, 0 for none; "raise" refuses
                any.

        Raises:
            TypeError: It is of another kind than the type, so that the type does not say what to send of it.
        """
        if self._part is None:
            self._part = _compile(self._hint)
            self._root = _root(self._part)
        self._answers += 1
        if self._root is not None:
            try:
                return msgspec.convert((value,), self._root, from_attributes=True).value
            except Exception:  # noqa: BLE001, S110 - an object may have any of its own; what differs is found below
                pass
        differences: list[str] = []
        try:
            sent = self._part.limit(value, "", differences)
        except _Unlimited as error:
            if check == "raise" or (check and self._answers % check == 0):
                _count(name)
            raise TypeError(f"@render_json on {name!r}: {error}") from None
        if differences:
            if check == "raise":
                _count(name)
                raise TypeError(f"@render_json on {name!r}: {differences[0]}")
            if check and self._answers % check == 0:
                count = _count(name)
                if count & (count - 1) == 0:  # the 1st, 2nd, 4th, 8th: a log that does not grow with the requests
                    logger.warning("%s differs from what it declares, %d times so far: %s", name, count, differences[0])
        return sent


def _count(name: str) -> int:
    with _lock:
        _drift[name] = count = _drift.get(name, 0) + 1
    return count


class _Unlimited(TypeError):
    """A value of which the type does not say what to send."""


class _Part:
    """A part of a type."""

    form: Any = None
    """What msgspec converts a value to; None where it has nothing for this."""

    def limit(self, value: object, at: str, differences: list[str]) -> object:
        """Return what is sent of a value.

        Args:
            value: The value.
            at: Where it stands, as a JSON Pointer.
            differences: Takes what differs from the type.
        """
        raise NotImplementedError

    def takes(self, value: object) -> bool:
        """Return whether `value` is of the kind of this part."""
        raise NotImplementedError


_ABSENT = object()


class _Anything(_Part):
    form = Any

    def limit(self, value: object, at: str, differences: list[str]) -> object:
        del at, differences
        return value

    def takes(self, value: object) -> bool:
        del value
        return True


class _Scalar(_Part):
    def __init__(self, hint: Any, kinds: tuple[type, ...]) -> None:
        self.form = hint
        self._kinds = kinds
        self._allowed = get_args(hint) if get_origin(hint) is Literal else None

    def limit(self, value: object, at: str, differences: list[str]) -> object:
        if not isinstance(value, _SCALARS):
            raise _Unlimited(f"{_quoted(at)} is a {type(value).__qualname__!r}, where {self._name()} is due")
        if not self.takes(value):
            differences.append(f"{_quoted(at)} is a {type(value).__qualname__!r}, and not {self._name()}")
        return value

    def takes(self, value: object) -> bool:
        if self._allowed is not None:
            return value in self._allowed
        return isinstance(value, self._kinds) and (type(value) is not bool or bool in self._kinds or int in self._kinds)

    def _name(self) -> str:
        return " or ".join(kind.__qualname__ for kind in self._kinds) if self._allowed is None else str(self.form)


class _Array(_Part):
    """Any number of items of one part."""

    def __init__(self, item: _Part) -> None:
        self._item = item
        self.form = _known(list[item.form]) if item.form is not None else None  # type: ignore[name-defined]

    def limit(self, value: object, at: str, differences: list[str]) -> object:
        if not self.takes(value):
            raise _Unlimited(f"{_quoted(at)} is a {type(value).__qualname__!r}, where a list is due")
        limit = self._item.limit
        return [limit(item, f"{at}/{number}", differences) for number, item in enumerate(_items(value))]

    def takes(self, value: object) -> bool:
        return isinstance(value, Iterable) and not isinstance(value, str | bytes | bytearray | Mapping)


class _Row(_Part):
    """A fixed number of items, each of a part of its own."""

    def __init__(self, parts: Sequence[_Part]) -> None:
        self._parts = parts
        forms = tuple(part.form for part in parts)
        self.form = None if None in forms or not forms else _known(tuple[forms])  # type: ignore[valid-type]

    def limit(self, value: object, at: str, differences: list[str]) -> object:
        if not self.takes(value):
            raise _Unlimited(f"{_quoted(at)} is a {type(value).__qualname__!r}, where a tuple is due")
        items = list(_items(value))
        if len(items) != len(self._parts):
            differences.append(f"{_quoted(at)} has {len(items)} items, where {len(self._parts)} are due")
        pairs = zip(self._parts, items, strict=False)
        return [part.limit(item, f"{at}/{number}", differences) for number, (part, item) in enumerate(pairs)]

    def takes(self, value: object) -> bool:
        return isinstance(value, Iterable) and not isinstance(value, str | bytes | bytearray | Mapping)


class _Table(_Part):
    """A mapping of values of one part."""

    def __init__(self, item: _Part) -> None:
        self._item = item
        self.form = _known(dict[Any, item.form]) if item.form is not None else None  # type: ignore[name-defined]

    def limit(self, value: object, at: str, differences: list[str]) -> object:
        if not isinstance(value, Mapping):
            raise _Unlimited(f"{_quoted(at)} is a {type(value).__qualname__!r}, where a mapping is due")
        limit = self._item.limit
        pairs: Iterable[tuple[Any, object]] = value.items()
        return {key: limit(item, f"{at}/{key}", differences) for key, item in pairs}

    def takes(self, value: object) -> bool:
        return isinstance(value, Mapping)


@dataclasses.dataclass(frozen=True)
class _Member:
    name: str
    key: str
    part: _Part
    required: bool = True
    default: Any = msgspec.NODEFAULT


class _Object(_Part):
    """The members of a class."""

    def __init__(self, cls: Any, members: Sequence[_Member], options: Mapping[str, Any]) -> None:
        self.cls = cls
        self.members = members
        self._options = options
        has_forms = all(m.part.form is not None and (m.required or not _is_of_any_object(m.part)) for m in members)
        self.form = _mirror(cls, members, options) if has_forms else None

    def limit(self, value: object, at: str, differences: list[str]) -> object:
        if isinstance(value, _SCALARS) or not self.takes(value):
            raise _Unlimited(f"{_quoted(at)} is a {type(value).__qualname__!r}, where {self.cls.__qualname__!r} is due")
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
        if isinstance(value, _SCALARS):
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
        return 1 if fits and not isinstance(value, _SCALARS) else 0


class _Itself(_Part):
    """A class within itself, which is known when the class is compiled."""

    def __init__(self, cls: Any) -> None:
        self._cls = cls
        self.target: _Part | None = None

    def limit(self, value: object, at: str, differences: list[str]) -> object:
        assert self.target is not None  # noqa: S101 - the class was compiled meanwhile
        return self.target.limit(value, at, differences)

    def takes(self, value: object) -> bool:
        assert self.target is not None  # noqa: S101 - likewise
        return self.target.takes(value)


class _Union(_Part):
    def __init__(self, parts: Sequence[_Part]) -> None:
        self.parts = parts
        self._objects = [part for part in parts if isinstance(part, _Object)]
        forms = tuple(part.form for part in parts)
        self.form = None if None in forms else _known(typing.Union[forms])  # noqa: UP007 - made of a tuple

    def limit(self, value: object, at: str, differences: list[str]) -> object:
        for part in self.parts:
            if not isinstance(part, _Object) and part.takes(value):
                return part.limit(value, at, differences)
        if self._objects and not isinstance(value, _SCALARS):
            # Of those that are alike, the first.
            nearest = max(self._objects, key=lambda part: part.likeness(value))
            return nearest.limit(value, at, differences)
        # Whatever it is, none of the parts takes it; a scalar may still be sent in the place of one.
        scalars = [part for part in self.parts if isinstance(part, _Scalar)]
        if not scalars:
            raise _Unlimited(f"{_quoted(at)} is a {type(value).__qualname__!r}, which none of its types is")
        return scalars[0].limit(value, at, differences)

    def takes(self, value: object) -> bool:
        return any(part.takes(value) for part in self.parts)


def _is_of_any_object(part: _Part) -> bool:
    """Return whether msgspec would take any object for one of this part, UNSET too: it asks for no member."""
    if isinstance(part, _Union):
        return any(map(_is_of_any_object, part.parts))
    return isinstance(part, _Itself) or (isinstance(part, _Object) and not any(m.required for m in part.members))


# What tells nothing but itself.
_SCALARS: tuple[type, ...] = (
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
_ALSO: dict[type, tuple[type, ...]] = {float: (float, int), bytes: (bytes, bytearray, memoryview)}
_MAPPINGS = (dict, collections.abc.Mapping, collections.abc.MutableMapping)


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


def _root(part: _Part) -> Any:
    """Return a form that holds the one of `part`: msgspec looks at a class once, at any other type each time."""
    if part.form is None or part.form is Any:
        return None
    return msgspec.defstruct("Root", [("value", part.form)], array_like=True, gc=False)


def _mirror(cls: Any, members: Sequence[_Member], options: Mapping[str, Any]) -> Any:
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
        form = msgspec.defstruct(cls.__name__, fields, rename=rename or None, kw_only=True, **options)
    except (TypeError, ValueError):
        return None
    return _known(form)


def _compile(hint: Any, within: tuple[tuple[Any, _Itself], ...] = ()) -> _Part:  # noqa: C901, PLR0911 - a table of kinds
    hint = _plain(hint)
    if hint is Any or hint is object:
        return _Anything()
    if hint is None or hint is type(None):
        return _Scalar(type(None), (type(None),))
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is Literal:
        return _Scalar(hint, tuple({type(argument) for argument in arguments}))
    if origin in {typing.Union, types.UnionType}:
        return _Union([_compile(argument, within) for argument in arguments if argument is not msgspec.UnsetType])
    kind: Any = origin or hint
    if not isinstance(kind, type):
        raise TypeError(f"@render_json: {hint!r} has no form in JSON")
    if issubclass(kind, _SCALARS):
        return _Scalar(kind, _ALSO.get(kind, (kind,)))
    if (members := _members_of(hint, kind)) is not None:
        for known, itself in within:
            if known == hint:
                return itself
        itself = _Itself(kind)
        inside = (*within, (hint, itself))
        names, options = members
        parts = [dataclasses.replace(member, part=_compile(member.part, inside)) for member in names]
        part = _Row([m.part for m in parts]) if _is_named_tuple(kind) else _Object(kind, parts, options)
        itself.target = part
        return part
    if issubclass(kind, tuple) and arguments and arguments[-1] is not Ellipsis:
        return _Row([_compile(argument, within) for argument in arguments if argument != ()])
    if kind in _MAPPINGS or issubclass(kind, Mapping):
        item = int if issubclass(kind, collections.Counter) else arguments[1] if len(arguments) > 1 else Any
        return _Table(_compile(item, within))
    if issubclass(kind, Iterable) and kind is not bytearray:
        return _Array(_compile(arguments[0] if arguments else Any, within))
    raise TypeError(f"@render_json: {kind.__qualname__!r} has no form in JSON")


def _plain(hint: Any) -> Any:
    """Take off what stands around a type, and return what is sent as it is."""
    while True:
        if hint is typing.LiteralString:
            hint = str
        elif hint is bytearray:
            hint = bytes
        elif hint in _ANY_JSON:
            hint = Any
        elif get_origin(hint) in _AROUND:
            hint = get_args(hint)[0]
        elif isinstance(hint, typing.NewType):
            hint = hint.__supertype__
        elif isinstance(hint, typing.TypeVar):
            default = getattr(hint, "__default__", None)
            bound = hint.__bound__ if default is None or default is getattr(typing, "NoDefault", None) else default
            if bound is None:
                raise TypeError(f"@render_json: what {hint.__name__} stands for is not said")
            hint = bound
        elif hasattr(hint, "__value__"):  # a type alias, with its arguments or without
            hint = hint.__value__[get_args(hint)] if get_args(hint) else hint.__value__
        else:
            return hint


# As which the alias of JSON values names itself.
_ANY_JSON = ("Json", typing.ForwardRef("Json"))
# `ReadOnly` is of Python 3.13.
_AROUND = {Annotated, typing.Final, typing.Required, typing.NotRequired, getattr(typing, "ReadOnly", Annotated)}


def _is_named_tuple(kind: type) -> bool:
    return issubclass(kind, tuple) and hasattr(kind, "_fields")


def _members_of(hint: Any, kind: Any) -> tuple[list[_Member], dict[str, Any]] | None:
    """Return the members of a class, with their types in place of parts, and how it is encoded; None if it has none."""
    options: dict[str, Any] = {}
    keys: dict[str, str] = {}
    defaults: dict[str, Any] = {}
    optional: frozenset[str] = frozenset()
    if issubclass(kind, msgspec.Struct):
        names: Iterable[str] = kind.__struct_fields__
        keys = dict(zip(kind.__struct_fields__, kind.__struct_encode_fields__, strict=True))
        config = kind.__struct_config__
        options = {"array_like": config.array_like, "omit_defaults": config.omit_defaults}
        if config.tag is not None:
            options |= {"tag": config.tag, "tag_field": config.tag_field}
        defaults = {field.name: _default(field) for field in msgspec.structs.fields(kind)}
    elif dataclasses.is_dataclass(kind):
        names = [field.name for field in dataclasses.fields(kind)]
    elif typing.is_typeddict(kind) or hasattr(kind, "__total__"):
        names, optional = kind.__annotations__, kind.__optional_keys__
    elif _is_named_tuple(kind):
        names = kind._fields
    elif hasattr(kind, "__attrs_attrs__"):
        names = [attribute.name for attribute in kind.__attrs_attrs__]
        aliases = {attribute.name: attribute.alias for attribute in kind.__attrs_attrs__}
        renamed = _renamed(kind, [*aliases.values()])
        keys = {name: renamed.get(alias, alias) for name, alias in aliases.items()}
    elif (fields := getattr(kind, "model_fields", None)) is not None and isinstance(fields, Mapping):  # pydantic's
        names = list(fields)
        keys = {name: alias for name, field in fields.items() if (alias := field.serialization_alias)}
    else:
        return None
    hints = typing.get_type_hints(kind, include_extras=True)
    values = _type_arguments(hint)
    names = list(names)
    keys = _renamed(kind, names) | keys | {name: alias for name in names if (alias := _alias(hints[name]))}
    members = [
        _Member(
            name,
            keys.get(name, name),
            _filled_in(hints[name], values),
            required=name not in optional and not _may_be_unset(hints[name]),
            default=defaults.get(name, msgspec.NODEFAULT),
        )
        for name in names
    ]
    return members, {name: value for name, value in options.items() if value}


def _default(field: msgspec.structs.FieldInfo) -> Any:
    """Return what msgspec leaves out of an object where it may leave out defaults; an empty collection is such."""
    return field.default_factory() if field.default_factory in {list, dict, set} else field.default


def _may_be_unset(hint: Any) -> bool:
    return msgspec.UnsetType in get_args(_outside(hint))


def _outside(hint: Any) -> Any:
    return get_args(hint)[0] if get_origin(hint) is Annotated else hint


def _alias(hint: Any) -> str | None:
    """Return the name in JSON that a part of an annotation says, by its attribute `__ponty_alias__`."""
    metadata: Iterable[object] = getattr(hint, "__metadata__", ())
    return next((alias for part in metadata if (alias := getattr(part, "__ponty_alias__", None)) is not None), None)


def _renamed(kind: type, names: Sequence[str]) -> dict[str, str]:
    """Return the names in JSON that a class, or else a base, says by `rename` in an inner class `JsonSchema`."""
    inners: Iterable[Any] = (vars(base).get("JsonSchema") for base in kind.__mro__)
    rename = next((vars(inner)["rename"] for inner in inners if "rename" in getattr(inner, "__dict__", ())), None)
    if rename is None:
        return {}
    namesake = msgspec.defstruct(kind.__name__, [(name, Any) for name in names], rename=rename)
    return dict(zip(names, namesake.__struct_encode_fields__, strict=True))


def _type_arguments(hint: Any) -> dict[Any, Any]:
    """Return the types that the type variables of a class and of its bases stand for."""
    kind: Any = get_origin(hint) or hint
    values = dict(zip(getattr(kind, "__parameters__", ()), get_args(hint), strict=False))
    for base in getattr(kind, "__orig_bases__", ()):
        if get_args(base) and get_origin(base) not in {typing.Generic, typing.Protocol}:
            values = {key: _filled_in(value, values) for key, value in _type_arguments(base).items()} | values
    return values


def _filled_in(hint: Any, values: Mapping[Any, Any]) -> Any:
    if isinstance(hint, typing.TypeVar):
        return values.get(hint, hint)
    parameters = getattr(hint, "__parameters__", ())
    if not parameters or isinstance(hint, type) or not values:
        return hint
    return hint[tuple(values.get(parameter, parameter) for parameter in parameters)]


@functools.lru_cache(maxsize=256)
def returned_type(hint: Any) -> ReturnedType:
    """Return the one compiled form of a type, for who asks for it at each request."""
    return ReturnedType(hint)
