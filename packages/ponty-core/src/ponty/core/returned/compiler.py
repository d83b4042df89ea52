"""Compiles a declared type into its parts (`ponty.core.returned.parts`, `ponty.core.returned.objects`)."""

import collections
import collections.abc
import dataclasses
import types
import typing
from collections.abc import Iterable, Mapping
from typing import Any, Literal, get_args, get_origin

import msgspec

from ponty.core.encoding.plain_hints import plain_hint
from ponty.core.returned.members import is_named_tuple, members_of
from ponty.core.returned.objects import Itself, Object, Union
from ponty.core.returned.part import SCALARS, Part
from ponty.core.returned.parts import Anything, Array, Row, Scalar, Table


def compile_type(hint: Any, within: tuple[tuple[Any, Itself], ...] = ()) -> Part:  # noqa: C901, PLR0911 - a table of kinds
    """Return the part of a type.

    Args:
        hint: The type.
        within: The classes around it, each with the part that stands for it within itself.

    Raises:
        TypeError: It has no form in JSON.
        NameError: It refers to a class that is not defined yet.
    """
    hint = plain_hint(hint)
    if hint is Any or hint is object:
        return Anything()
    if hint is None or hint is type(None):
        return Scalar(type(None), (type(None),))
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is Literal:
        return Scalar(hint, tuple({type(argument) for argument in arguments}))
    if origin in {typing.Union, types.UnionType}:
        return Union([compile_type(argument, within) for argument in arguments if argument is not msgspec.UnsetType])
    kind: Any = origin or hint
    if not isinstance(kind, type):
        raise TypeError(f"@render_json: {hint!r} has no form in JSON")
    if issubclass(kind, SCALARS):
        return Scalar(kind, _ALSO.get(kind, (kind,)))
    if (members := members_of(hint, kind)) is not None:
        for known, itself in within:
            if known == hint:
                return itself
        itself = Itself(kind)
        inside = (*within, (hint, itself))
        names, options = members
        parts = [dataclasses.replace(member, part=compile_type(member.part, inside)) for member in names]
        part = Row([m.part for m in parts]) if is_named_tuple(kind) else Object(kind, parts, options)
        itself.target = part
        return part
    if issubclass(kind, tuple) and arguments and arguments[-1] is not Ellipsis:
        return Row([compile_type(argument, within) for argument in arguments if argument != ()])
    if kind in _MAPPINGS or issubclass(kind, Mapping):
        item = int if issubclass(kind, collections.Counter) else arguments[1] if len(arguments) > 1 else Any
        return Table(compile_type(item, within))
    if issubclass(kind, Iterable) and kind is not bytearray:
        return Array(compile_type(arguments[0] if arguments else Any, within))
    raise TypeError(f"@render_json: {kind.__qualname__!r} has no form in JSON")


_ALSO: dict[type, tuple[type, ...]] = {float: (float, int), bytes: (bytes, bytearray, memoryview)}
_MAPPINGS = (dict, collections.abc.Mapping, collections.abc.MutableMapping)
