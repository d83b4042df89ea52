"""Types that msgspec reads by itself just as strictly as their schema: a Struct of such is built by msgspec alone.

What msgspec reads more loosely than the schema says (a set, whose doubles it drops; a UUID without hyphens; a pattern,
which it matches with backtracking) is not among them, nor is a class with code of its own, which must not run for a
body that turns out not to be valid. Those take the form of `msgspec_path`.
"""

import datetime
import enum
import types
import typing
from collections.abc import Iterable
from typing import Any

import msgspec

from ponty.request.parsing.annotation import DESCRIPTIVE, Annotation
from ponty.request.parsing.compiled_type import MsgspecForm
from ponty.request.parsing.constraints import LIBRARIES
from ponty.request.parsing.type_hints import resolve_hints

_SCALARS = {bool, int, float, str, datetime.date, None, type(None), Any}
_BOUNDS = ("ge", "gt", "le", "lt")
_SIZES = ("min_length", "max_length")
_UNLIKE = ("pattern", "tz", "multiple_of", "extra_json_schema")
_EXACT = 2**53
"""Below it, each integer is a float of its own, so that it does not matter as which of them a number is compared."""


def own_form(tp: Any) -> MsgspecForm | None:
    """Return the form of a type that msgspec alone reads; None if something in it is more than that."""
    walk = _Walk()
    if not walk.admits(tp):
        return None
    try:
        msgspec.json.Decoder(tp)
    except Exception:  # noqa: BLE001 - it finds the names of annotations in its own way, and raises what they raise
        return None
    return MsgspecForm(tp, contains_any=walk.contains_any)


class _Walk:
    """One walk over a type."""

    def __init__(self) -> None:
        self.contains_any = False
        self._structs: list[Any] = []

    def admits(self, tp: Any, *, tagged: bool = False) -> bool:  # noqa: C901, PLR0911 - one for each form of type
        """Return whether msgspec reads a type as strictly as its schema says.

        Args:
            tp: The type.
            tagged: Whether it stands in a union, where msgspec asks for its tag.
        """
        origin, arguments = typing.get_origin(tp), typing.get_args(tp)
        if tp is Any:
            self.contains_any = True
        if tp in _SCALARS:
            return True
        if origin is typing.Annotated:
            return _are_alike(tp.__metadata__, arguments[0]) and self.admits(arguments[0])
        if origin in {typing.Union, types.UnionType}:
            return self._admits_union(arguments)
        if origin is typing.Literal:
            return _are_of_one_type(arguments)
        if tp is list or tp is dict:
            self.contains_any = True
            return True
        if origin is list:
            return self.admits(arguments[0])
        if origin is dict:
            return arguments[0] is str and self.admits(arguments[1])
        if origin is tuple:
            return all(self.admits(argument) for argument in arguments if argument is not Ellipsis)
        cls = origin or tp
        if isinstance(cls, type) and issubclass(cls, enum.Enum):
            return _is_closed(cls) and _are_of_one_type([member.value for member in cls])
        return isinstance(cls, type) and issubclass(cls, msgspec.Struct) and self._admits_struct(tp, cls, tagged=tagged)

    def _admits_union(self, arguments: tuple[Any, ...]) -> bool:
        members = [member for member in arguments if member not in {None, type(None), msgspec.UnsetType}]
        if len(members) == 1:
            return self.admits(members[0])
        classes = [typing.get_origin(member) or member for member in members]
        if not all(isinstance(cls, type) and issubclass(cls, msgspec.Struct) for cls in classes):
            return False
        configs = [cls.__struct_config__ for cls in classes]
        if any(config.tag is None or config.array_like for config in configs):
            return False
        return all(self.admits(member, tagged=True) for member in members)

    def _admits_struct(self, tp: Any, cls: Any, *, tagged: bool) -> bool:
        config = cls.__struct_config__
        if (config.tag is not None and not tagged) or config.array_like or hasattr(cls, "__post_init__"):
            return False
        if not config.forbid_unknown_fields:
            self.contains_any = True  # what it passes over is of any depth
        if tp in self._structs:
            self.contains_any = True  # and so may be what holds itself
            return True
        self._structs.append(tp)
        return all(map(self.admits, resolve_hints(tp, cls.__struct_fields__).values()))


def _are_alike(metadata: Iterable[object], tp: Any) -> bool:
    """Return whether msgspec understands all that stands beside a type as its schema does."""
    form = typing.get_origin(tp) or tp
    for item in metadata:
        if isinstance(item, Annotation):
            if not item.keywords.keys() <= DESCRIPTIVE:
                return False
        elif isinstance(item, msgspec.Meta):
            if any(getattr(item, name) is not None for name in _UNLIKE):
                return False
            limits = [limit for name in _BOUNDS if (limit := getattr(item, name)) is not None]
            if any(type(limit) not in {int, form} or not -_EXACT < limit < _EXACT for limit in limits):
                return False
            if (limits and form not in {int, float}) or (
                any(getattr(item, name) is not None for name in _SIZES) and form not in {str, list}
            ):
                return False
        elif type(item).__module__.partition(".")[0] in {*LIBRARIES, "ponty"}:
            return False
    return True


def _are_of_one_type(values: Iterable[object]) -> bool:
    kinds = {type(value) for value in values}
    return len(kinds) == 1 and kinds <= {str, int}


def _is_closed(cls: type[enum.Enum]) -> bool:
    if issubclass(cls, enum.Flag):
        return False
    return not any("_missing_" in vars(base) for base in cls.__mro__ if base.__module__ != "enum")
