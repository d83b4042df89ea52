"""Whether the return annotation of a handler fits the type that `render_json` declares for its answer.

This is checked at import, so a mistake is found before any request. The check is less strict than a type checker: a
handler is refused only if no value of its annotation can be of the declared type, such as a text for a number. An
object of any class may be returned for another class, since the declared type says which of its attributes are sent.
"""

import collections.abc
import datetime
import decimal
import enum
import inspect
import types
import typing
import uuid
from typing import Any

from ponty.core.rendering.reply import Reply
from ponty.core.written import written_annotations

_SCALARS = (
    *(str, bytes, bytearray, bool, int, float, decimal.Decimal, uuid.UUID, enum.Enum, type(None)),
    *(datetime.datetime, datetime.date, datetime.time, datetime.timedelta),
)
_LISTS = (list, tuple, set, frozenset, collections.deque)
_ABSTRACT_LISTS = {
    *(collections.abc.Sequence, collections.abc.MutableSequence, collections.abc.Set, collections.abc.MutableSet),
}
_STREAMS = {collections.abc.AsyncIterator, collections.abc.AsyncIterable, collections.abc.AsyncGenerator}
_WIDER: dict[type, tuple[type, ...]] = {float: (int,), complex: (int, float)}
"""For these classes, numbers of other classes are accepted too (PEP 484)."""


def check_returns(handler: Any, returns: Any) -> None:
    """Check that a handler may return values of its declared type.

    Args:
        handler: The handler. One that wraps another function is not checked, since a decorator may change the value;
            nor is an annotation that cannot be resolved.
        returns: The declared type.

    Raises:
        TypeError: No value that the handler may return is of the declared type.
    """
    written = written_annotations(handler)
    if "return" not in written or hasattr(handler, "__wrapped__"):
        return
    holder = types.SimpleNamespace(__annotations__={"return": written["return"]})
    try:
        hints = typing.get_type_hints(holder, getattr(handler, "__globals__", {}), include_extras=True)
    except Exception:  # noqa: BLE001 - an annotation in quotes may raise anything
        return
    if not _may_be(hints["return"], returns):
        name = getattr(handler, "__qualname__", repr(handler))
        raise TypeError(
            f"@render_json({_name(returns)}) on {name!r}: the handler returns {_name(hints['return'])}, "
            f"the answer has {_name(returns)}"
        )


def _may_be(given: Any, wanted: Any) -> bool:
    """Return whether a value of type `given` may be of type `wanted`, as far as the annotations show."""
    given, wanted = _bare(given), _bare(wanted)
    if _is_unknown(given) or _is_unknown(wanted) or given == wanted:
        return True
    for tp, other in ((given, wanted), (wanted, given)):
        if members := _members(tp):
            return any(_may_be(member, other) for member in members)
    have, want = typing.get_origin(given) or given, typing.get_origin(wanted) or wanted
    if not (isinstance(have, type) and isinstance(want, type)):
        return True
    match _kind(have), _kind(want):
        case "list", "list":
            return _elements_may_be(given, wanted)
        case ("scalar", _) | (_, "scalar"):
            return issubclass(have, want) or issubclass(want, have) or have in _WIDER.get(want, ())
        case kinds:
            # A mapping may be sent as an object, and an object as one of another class. An iterable may be anything.
            return "list" not in kinds or "iterable" in kinds


def _members(tp: Any) -> list[Any]:
    """Return the types of a union, or of the values of a Literal."""
    origin = typing.get_origin(tp)
    if origin is typing.Literal:
        return [type(value) for value in typing.get_args(tp)]
    return [*typing.get_args(tp)] if origin in {typing.Union, types.UnionType} else []


def _kind(cls: type) -> str:
    if issubclass(cls, _SCALARS):
        return "scalar"
    if cls in _ABSTRACT_LISTS or (issubclass(cls, _LISTS) and not hasattr(cls, "_fields")):  # as a NamedTuple has
        return "list"
    return "iterable" if cls in {collections.abc.Iterable, collections.abc.Collection, *_STREAMS} else "object"


def _elements_may_be(given: Any, wanted: Any) -> bool:
    have, want = typing.get_args(given), typing.get_args(wanted)
    have, want = (args[:1] if args[1:] == (Ellipsis,) else args for args in (have, want))
    return len(have) != 1 or len(want) != 1 or _may_be(have[0], want[0])


def _bare(tp: Any) -> Any:
    """Return a type without `Reply`, qualifiers and aliases; the type of an async iterator becomes a list."""
    while True:
        origin = typing.get_origin(tp)
        if origin in {typing.Annotated, Reply}:
            tp = typing.get_args(tp)[0]
        elif origin in _STREAMS:
            return list[typing.get_args(tp)[0]]  # type: ignore[misc]  # a type that is known only now
        elif isinstance(tp, typing.NewType):
            tp = tp.__supertype__
        elif hasattr(tp, "__value__") and not isinstance(tp, type):
            tp = tp.__value__
        else:
            return type(None) if tp is None else tp


def _is_unknown(tp: Any) -> bool:
    return tp in (Any, object, Reply, inspect.Parameter.empty) or isinstance(
        tp, str | typing.TypeVar | typing.ForwardRef | typing.ParamSpec
    )


def _name(tp: Any) -> str:
    if isinstance(tp, type) and not typing.get_args(tp):
        return tp.__qualname__
    return repr(tp).replace("typing.", "")
