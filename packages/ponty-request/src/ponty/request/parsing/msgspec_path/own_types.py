"""Types that msgspec reads by itself: their values are built by msgspec alone, in one pass over the bytes.

Some types are not among them: those that msgspec reads more loosely than the schema says, if the value does not show it
(a set, whose duplicates it drops; a UUID without hyphens), and classes with their own code, which must not run for a
body that turns out not to be valid. These get a form of `class_forms`. If the value shows it, it is checked when the
value is built: see `columns`.
"""

import dataclasses
import datetime
import enum
import inspect
import types
import typing
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec
from msgspec.structs import replace

from ponty.request.parsing.annotations.annotation import DESCRIPTIVE, class_keywords
from ponty.request.parsing.annotations.json_names import rename_rule
from ponty.request.parsing.annotations.type_hints import resolve_hints
from ponty.request.parsing.compiled_types.compiled_type import MsgspecForm
from ponty.request.parsing.msgspec_path.columns import (
    Below,
    Columns,
    Select,
    attribute,
    given,
    item_at,
    items,
    joined,
    not_empty,
    not_none,
    values,
)
from ponty.request.parsing.msgspec_path.own_constraints import checks_of
from ponty.request.parsing.msgspec_path.plain_dataclasses import is_plain_dataclass

_SCALARS = {bool, int, float, str, datetime.date, None, type(None), Any}
_ABSENT = (None, type(None), msgspec.UnsetType)


class OwnType(msgspec.Struct, frozen=True):
    """A type that msgspec reads by itself.

    Args:
        form: The form.
        columns: The checks that are left when a value is built.
        is_bounded: Whether its values are nested no deeper than `columns` says.
    """

    form: MsgspecForm
    columns: Columns
    is_bounded: bool


def own_type(tp: Any) -> OwnType | None:
    """Return a type that msgspec reads by itself, with its checks; None if the type is not such a one."""
    walk = _Walk()
    columns = walk.columns(tp)
    if columns is None or (columns.is_lax and not columns.is_counted) or (columns.check and walk.is_circular):
        return None
    try:
        msgspec.json.Decoder(tp)
    except Exception:  # noqa: BLE001 - it resolves annotations in its own way, and raises what they raise
        return None
    is_bounded = not walk.has_any and not walk.is_circular
    return OwnType(MsgspecForm(tp, contains_any=columns.passes_over or not is_bounded), columns, is_bounded)


def own_form(tp: Any) -> MsgspecForm | None:
    """Return the form of a type that msgspec reads by itself, without checks; None if the type is not such a one."""
    own = own_type(tp)
    return own.form if own is not None and not own.columns.is_lax and own.columns.check is None else None


class _Walk:
    """One walk over a type."""

    def __init__(self) -> None:
        self.has_any = False
        self.is_circular = False
        self._within: list[Any] = []
        self._known: list[tuple[Any, bool, Columns | None]] = []

    def columns(self, tp: Any, *, tagged: bool = False) -> Columns | None:  # noqa: C901, PLR0911 - one for each form
        """Return the checks that are left for values of a type; None if msgspec reads it too loosely for that.

        Args:
            tp: The type.
            tagged: Whether it is in a union, where msgspec requires its tag.
        """
        origin, arguments = typing.get_origin(tp), typing.get_args(tp)
        if tp is Any:
            return self._anything()
        if origin is None and tp in _SCALARS:
            return Columns()
        if origin is typing.Annotated:
            return self._annotated(arguments[0], tp.__metadata__)
        if origin in {typing.Union, types.UnionType}:
            return self._union(arguments)
        if origin is typing.Literal:
            return Columns() if _are_of_one_type(arguments) else None
        if tp is list or tp is dict:
            return self._anything()
        if origin is list:
            return self._joined([(arguments[0], items, False, 0)], brackets=1)
        if origin is dict:
            return self._joined([(arguments[1], values, False, 1)], brackets=1) if arguments[0] is str else None
        if origin is tuple:
            return self._tuple(arguments)
        cls = origin or tp
        if not isinstance(cls, type):
            return None
        if issubclass(cls, enum.Enum):
            return Columns() if _is_closed(cls) and _are_of_one_type([member.value for member in cls]) else None
        if issubclass(cls, msgspec.Struct) or dataclasses.is_dataclass(cls):
            return self._class(tp, cls, tagged=tagged)
        return None

    def _anything(self) -> Columns:
        self.has_any = True
        return Columns(is_counted=False)

    def _tuple(self, arguments: tuple[Any, ...]) -> Columns | None:
        if len(arguments) == 2 and arguments[1] is Ellipsis:
            return self._joined([(arguments[0], items, False, 0)], brackets=1)
        places = [(argument, item_at(index), True, 0) for index, argument in enumerate(arguments)]
        return self._joined(places, brackets=1)

    def _joined(
        self, below: Iterable[tuple[Any, Select | None, bool, int]], *, brackets: int = 0, is_lax: bool = False
    ) -> Columns | None:
        """Join the columns of types.

        Args:
            below: The types, and where their values are, as in `Below`.
            brackets: Whether they are in an array or an object: 1 or 0.
            is_lax: Whether there may have been more properties than these.
        """
        parts: list[Below] = []
        for tp, select, is_always_one, properties in below:
            columns = self.columns(tp)
            if columns is None:
                return None
            parts.append(Below(columns, select, is_always_one, properties))
        return joined(parts, brackets=brackets, is_lax=is_lax)

    def _annotated(self, tp: Any, metadata: Iterable[object]) -> Columns | None:
        columns, checks = self.columns(tp), checks_of(metadata, tp)
        if columns is None or checks is None:
            return None
        for check in checks:
            columns = joined([Below(columns, None, is_always_one=True)], check=check)
        return columns

    def _union(self, arguments: tuple[Any, ...]) -> Columns | None:
        members = [member for member in arguments if not any(member is absent for absent in _ABSENT)]
        if len(members) == 1:
            # A value that is UNSET was left out, and is not checked.
            return self._joined([(members[0], not_none, False, 0)])
        classes = [typing.get_origin(member) or member for member in members]
        if not all(isinstance(cls, type) and issubclass(cls, msgspec.Struct) for cls in classes):
            return None
        configs = [cls.__struct_config__ for cls in classes]
        if any(config.tag is None or config.array_like for config in configs):
            return None
        found = [self.columns(member, tagged=True) for member in members]
        known = [columns for columns in found if columns is not None and columns.check is None and not columns.is_lax]
        if len(known) < len(found):
            return None
        # Nobody checks to which of them a value belongs.
        return Columns(
            levels=max((columns.levels for columns in known), default=0),
            passes_over=any(columns.passes_over for columns in known),
            is_counted=False,
        )

    def _class(self, tp: Any, cls: Any, *, tagged: bool) -> Columns | None:
        for met, was_tagged, known in self._known:
            if met == tp and tagged is was_tagged:
                return known
        if _is_named_locally(cls):
            return None
        if tp in self._within:
            self.is_circular = True
            return Columns(is_counted=False)
        self._within.append(tp)
        columns = self._struct(tp, cls, tagged=tagged) if issubclass(cls, msgspec.Struct) else self._dataclass(tp, cls)
        self._within.pop()
        self._known.append((tp, tagged, columns))
        return columns

    def _struct(self, tp: Any, cls: Any, *, tagged: bool) -> Columns | None:
        config = cls.__struct_config__
        if (config.tag is not None and not tagged) or config.array_like or hasattr(cls, "__post_init__"):
            return None
        if not class_keywords(cls).keys() <= DESCRIPTIVE:
            return None
        defaults = dict(zip(reversed(cls.__struct_fields__), reversed(cls.__struct_defaults__), strict=False))
        # Some defaults are markers for factories.
        factories = {
            name: default.factory
            for name, default in defaults.items()
            if type(default).__module__ == "msgspec._core" and hasattr(default, "factory")
        }
        columns = self._members(tp, cls.__struct_fields__, defaults, factories)
        if config.forbid_unknown_fields or columns is None:
            return columns
        return replace(columns, passes_over=True, is_counted=False)

    def _dataclass(self, tp: Any, cls: Any) -> Columns | None:
        if rename_rule(cls) is not None or class_keywords(cls).keys() - DESCRIPTIVE or not is_plain_dataclass(cls):
            return None
        fields = dataclasses.fields(cls)
        missing = dataclasses.MISSING
        defaults = {field.name: field.default for field in fields if field.default is not missing}
        factories = {field.name: field.default_factory for field in fields if field.default_factory is not missing}
        return self._members(tp, [field.name for field in fields], {**defaults, **factories}, factories, is_lax=True)

    def _members(
        self,
        tp: Any,
        names: Iterable[str],
        defaults: Mapping[str, Any],
        factories: Mapping[str, Any],
        *,
        is_lax: bool = False,
    ) -> Columns | None:
        if any((typing.get_origin(factory) or factory) not in {list, dict} for factory in factories.values()):
            return None
        below: list[tuple[Any, Select | None, bool, int]] = []
        for name, hint in resolve_hints(tp, names).items():
            if name not in defaults:
                below.append((hint, attribute(name), True, 1))
            elif name in factories:
                below.append((hint, not_empty(name), False, 1))
            else:
                below.append((hint, given(name, defaults[name]), False, 1))
        return self._joined(below, brackets=1, is_lax=is_lax)


def _is_named_locally(cls: type) -> bool:
    """Return whether a class within a function has annotations as texts, which msgspec looks up in other places."""
    bases = (base for base in cls.__mro__ if "<locals>" in base.__qualname__)
    return any(_has_text(hint) for base in bases for hint in inspect.get_annotations(base).values())


def _has_text(hint: Any) -> bool:
    return isinstance(hint, str | typing.ForwardRef) or any(map(_has_text, typing.get_args(hint)))


def _are_of_one_type(values: Iterable[object]) -> bool:
    kinds = {type(value) for value in values}
    return len(kinds) == 1 and kinds <= {str, int}


def _is_closed(cls: type[enum.Enum]) -> bool:
    if issubclass(cls, enum.Flag):
        return False
    return not any("_missing_" in vars(base) for base in cls.__mro__ if base.__module__ != "enum")
