"""Whether a handler may return what it declares to answer with, by the annotation of what it returns.

Seen to at import, so that a slip is found before any request. What is asked is less than a type checker asks: refused
is only what no value of the annotation can be, such as a text where a number is declared. An object of any class may
stand for one of another, since the declared type says which of its attributes are sent.
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
"""The classes whose place a smaller number may take (PEP 484)."""


def check_returns(handler: Any, returns: Any) -> None:
    """See that a handler may return what it declares.

    Args:
        handler: The handler. What another decorator makes of its value, nobody knows, so what wraps another function is
            passed over, and so is an annotation that cannot be resolved.
        returns: What it declares.

    Raises:
        TypeError: No value that it may return is of the declared type.
    """
    written = written_annotations(handler)
    if "return" not in written or hasattr(handler, "__wrapped__"):
        return
    holder = types.SimpleNamespace(__annotations__={"return": written["return"]})
    try:
        hints = typing.get_type_hints(holder, getattr(handler, "__globals__", {}), include_extras=True)
    except Exception:  # noqa: BLE001 - whatever an annotation in quotes runs into
        return
    if not _may_be(hints["return"], returns):
        name = getattr(handler, "__qualname__", repr(handler))
        raise TypeError(
            f"@render_json({_name(returns)}) on {name!r}: the handler returns {_name(hints['return'])}, "
            f"the answer has {_name(returns)}"
        )


def _may_be(given: Any, wanted: Any) -> bool:
    """Return whether a value of the one type may be one of the other, as far as one can tell."""
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
            # A mapping may stand for an object, and an object for another; of an iterable, nothing is known.
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
    """Take off what says nothing of the value: `Reply`, qualifiers, names of types. What comes one by one is a list."""
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
