"""Checks by types whether a parameter takes the values of a field.

This is a part of what a type checker does. In case of doubt, the types are assumed to fit.
"""

import collections.abc
import inspect
import types
import typing
from typing import Any

from ponty.request.content.json_decoder import Json

_WIDER: dict[type, tuple[type, ...]] = {float: (int,), complex: (int, float)}
"""The smaller numeric classes that may stand in the place of a class (PEP 484)."""


def takes(annotation: Any, tp: Any) -> bool:  # noqa: PLR0911 - one for each form of type
    """Return whether an annotation admits every value of a type, as far as that can be known.

    Args:
        annotation: The annotation of a parameter.
        tp: The type of the values that it gets.
    """
    annotation, tp = _bare(annotation), _bare(tp)
    if _is_unknown(annotation) or _is_unknown(tp) or annotation == tp:
        return True
    if _is_union(tp):
        return all(takes(annotation, member) for member in typing.get_args(tp))
    if _is_union(annotation):
        return any(takes(member, tp) for member in typing.get_args(annotation))
    if typing.get_origin(tp) is typing.Literal:
        return all(takes(annotation, type(value)) for value in typing.get_args(tp))
    if typing.get_origin(annotation) is typing.Literal:
        # The field may know only that its value is a text, and not which texts are legal.
        return any(takes(type(value), tp) for value in typing.get_args(annotation))
    wide, narrow = typing.get_origin(annotation) or annotation, typing.get_origin(tp) or tp
    if not (isinstance(wide, type) and isinstance(narrow, type)):
        return True
    if getattr(wide, "_is_protocol", False) and wide.__module__ not in {"typing", "collections.abc"}:
        return True
    if typing.is_typeddict(wide) or typing.is_typeddict(narrow):
        return narrow not in _SCALARS and wide not in _SCALARS
    try:
        is_subclass = issubclass(narrow, wide) or narrow in _WIDER.get(wide, ())
    except TypeError:
        return True
    return is_subclass and _arguments_fit(wide, narrow, typing.get_args(annotation), typing.get_args(tp))


_SCALARS = (str, bytes, int, float, bool, type(None))


def _arguments_fit(wide: type, narrow: type, wanted: tuple[Any, ...], given: tuple[Any, ...]) -> bool:
    """Return whether the arguments of two generic classes fit; they are compared if they surely mean the same."""
    if wide is tuple or narrow is tuple:
        wanted, given = _elements(wide, wanted), _elements(narrow, given)
    if not wanted or not given or len(wanted) != len(given):
        return not (wide is tuple and wanted and given)
    if wide is not narrow and wide.__module__ != "collections.abc":
        return True
    return all(takes(want, have) for want, have in zip(wanted, given, strict=True))


def _elements(cls: type, arguments: tuple[Any, ...]) -> tuple[Any, ...]:
    """Return the arguments of a class; of a tuple of any length, only the first, as other collections have it."""
    if cls is tuple and len(arguments) == 2 and arguments[1] is Ellipsis:
        return arguments[:1]
    return arguments


def _bare(tp: Any) -> Any:
    """Remove the wrappers of a type that say nothing about the values: annotations, new types and aliases."""
    while True:
        origin = typing.get_origin(tp)
        if origin is typing.Annotated:
            tp = typing.get_args(tp)[0]
        elif isinstance(tp, typing.NewType):
            tp = tp.__supertype__
        elif hasattr(tp, "__value__") and not isinstance(tp, type):
            tp = tp.__value__
        else:
            return type(None) if tp is None else tp


def _is_union(tp: Any) -> bool:
    return typing.get_origin(tp) in {typing.Union, types.UnionType}


def _is_unknown(tp: Any) -> bool:
    """Return whether a type admits all values, or cannot be judged here."""
    if tp in (Any, object, inspect.Parameter.empty) or isinstance(tp, str | typing.TypeVar | typing.ForwardRef):
        return True
    return tp == Json or typing.get_origin(tp) is collections.abc.Callable
