"""The members of an object as texts, by their names in JSON; a query or a form is written from them."""

import typing
from collections.abc import Iterable
from typing import Any

import msgspec

from ponty.request.errors import InvalidField
from ponty.request.parsing.classes.attrs_classes import arguments_of
from ponty.request.parsing.classes.kinds import is_attrs_class, is_pydantic_model
from ponty.request.parsing.classes.members import attrs_members, dataclass_members, struct_members
from ponty.request.texts.text_writing import written


class MemberTexts:
    """The members of a class.

    Args:
        tp: A dataclass, or another class with fields.
    """

    def __init__(self, tp: Any) -> None:
        self._class: Any = typing.get_origin(tp) or tp
        self._keys: dict[str, str] | None = None if is_pydantic_model(self._class) else _keys(tp, self._class)

    def values(self, value: Any) -> dict[str, Any]:
        """Return the members of an instance that are not UNSET, by their names in JSON.

        Raises:
            InvalidField: The value is no instance of the class.
        """
        if not isinstance(value, self._class):
            raise InvalidField(f"must be a {self._class.__qualname__}")
        if self._keys is None:
            dumped = value.__pydantic_serializer__.to_python(value, mode="json", by_alias=True)
            members: Iterable[tuple[str, Any]] = dumped.items()
        else:
            members = ((key, getattr(value, name)) for name, key in self._keys.items())
        return {key: member for key, member in members if member is not msgspec.UNSET}

    def texts(self, value: Any) -> dict[str, list[str]]:
        """Return the texts of an instance, one for each element of a member; members that are None are left out.

        Raises:
            InvalidField: The value is no instance of the class, or a member cannot be written as text.
        """
        return {key: texts_of(key, member) for key, member in self.values(value).items() if member is not None}


def texts_of(key: str, member: Any) -> list[str]:
    """Return the texts of a member.

    Raises:
        InvalidField: The member cannot be written as text.
    """
    try:
        if isinstance(member, Iterable) and not isinstance(member, str | bytes | bytearray):
            return [written(element) for element in typing.cast("Iterable[object]", member)]
        return [written(member)]
    except (TypeError, ValueError, OverflowError, RecursionError):
        raise InvalidField(f"has a member {key!r} that cannot be written as text") from None


def _keys(tp: Any, cls: Any) -> dict[str, str]:
    """Return the names in JSON of the attributes of a class."""
    if issubclass(cls, msgspec.Struct):
        return {member.name: member.key for member in struct_members(tp, cls)}
    if is_attrs_class(cls):
        arguments = arguments_of(cls)
        return {arguments[member.name].name: member.key for member in attrs_members(tp, cls)}
    return {member.name: member.key for member in dataclass_members(tp, cls)}
