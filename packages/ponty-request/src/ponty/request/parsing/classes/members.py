"""The members of a class that is an object in JSON: those that its constructor takes, and those that are sent.

Each library has its own form of a field; here they get a common form, so that everything else is written once.
"""

import dataclasses
import re
import types
import typing
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from ponty.request.content.json_decoder import Json
from ponty.request.parsing.annotations.json_names import (
    Alias,
    json_names,
    refuse_clashes,
    rename_rule,
    renamed,
    without_alias,
)
from ponty.request.parsing.annotations.type_hints import resolve_hints
from ponty.request.parsing.classes.defaults import default_keyword
from ponty.request.parsing.classes.kinds import is_attrs_class, is_pydantic_model


class Member(msgspec.Struct, frozen=True, kw_only=True):
    """A member of an object.

    Args:
        name: The argument of the constructor.
        key: Its name in JSON.
        place: Its name in messages.
        hint: Its type, without `UnsetType`.
        required: Whether it is always there.
        may_be_unset: Whether its type has `UnsetType`, so that it may be absent.
        default: The keyword `default` of its schema, or nothing.
    """

    name: str
    key: str
    place: str
    hint: Any
    required: bool
    may_be_unset: bool
    default: Mapping[str, Json]


def is_class_of_members(cls: type) -> bool:
    """Return whether a class is an object in JSON whose members its constructor takes."""
    is_known = issubclass(cls, msgspec.Struct) or dataclasses.is_dataclass(cls)
    return is_known or is_attrs_class(cls) or is_pydantic_model(cls)


def dataclass_members(tp: Any, cls: Any) -> list[Member]:
    """Return the members of a dataclass: its fields, except those with `init=False`.

    Raises:
        TypeError: It has an InitVar, two fields have the same name in JSON, or a type cannot be resolved.
        ValueError: JSON cannot hold a default.
    """
    _refuse_init_only(cls)
    fields = [field for field in dataclasses.fields(cls) if field.init]
    defaults = {field.name: _dataclass_default(field) for field in fields}
    return _members(tp, cls, defaults)


def struct_members(tp: Any, cls: Any) -> list[Member]:
    """Return the members of a `msgspec.Struct`, by the names with which it is encoded.

    Raises:
        TypeError: A field has an `Alias`, the class has a `rename` in its `JsonSchema`, or a type cannot be resolved.
        ValueError: JSON cannot hold a default.
    """
    if rename_rule(cls) is not None:
        raise TypeError(
            f"{cls.__qualname__}.JsonSchema: a Struct takes its rename in its own line: "
            f"class {cls.__name__}(msgspec.Struct, rename=…)"
        )
    names: tuple[str, ...] = cls.__struct_fields__
    known: tuple[object, ...] = cls.__struct_defaults__
    missing = (msgspec.NODEFAULT,) * (len(names) - len(known))
    defaults = {name: _struct_default(value) for name, value in zip(names, (*missing, *known), strict=True)}
    return _members(tp, cls, defaults, dict(zip(names, cls.__struct_encode_fields__, strict=True)))


def attrs_members(tp: Any, cls: Any) -> list[Member]:
    """Return the members of an attrs class, by the names of the arguments that its constructor takes.

    Raises:
        TypeError: Two attributes have the same name in JSON, or a type cannot be resolved.
        ValueError: JSON cannot hold a default.
    """
    from ponty.request.parsing.classes import attrs_classes  # noqa: PLC0415 - few programs have one

    arguments = attrs_classes.arguments_of(cls)
    own = resolve_hints(tp, [attribute.name for attribute in arguments.values()])
    hints: dict[str, Any] = {}
    for name, attribute in arguments.items():
        hint = own[attribute.name]
        if hint is Any and attribute.type is not None:
            hint = attribute.type  # the attribute has a type, but no annotation
        alias = without_alias(hint)[1]
        taken = attrs_classes.taken_type(attribute, hint)
        hints[name] = taken if alias is None or taken is hint else typing.Annotated[taken, Alias(alias)]
    defaults = {name: _Default(*attrs_classes.default_of(attribute)) for name, attribute in arguments.items()}
    return _members(tp, cls, defaults, hints=hints)


class _Default(msgspec.Struct, frozen=True):
    """The default of a field: a value, or a factory; MISSING twice if it is required."""

    value: Any = dataclasses.MISSING
    factory: Any = dataclasses.MISSING


def _dataclass_default(field: "dataclasses.Field[Any]") -> _Default:
    return _Default(field.default, field.default_factory)


def _struct_default(value: Any) -> _Default:
    if value is msgspec.NODEFAULT:
        return _Default()
    if type(value).__module__ == "msgspec._core" and hasattr(value, "factory"):
        return _Default(factory=value.factory)
    return _Default(value)


def _members(
    tp: Any,
    cls: Any,
    defaults: Mapping[str, _Default],
    encoded: Mapping[str, str] | None = None,
    hints: Mapping[str, Any] | None = None,
) -> list[Member]:
    """Bring the fields of a class into the common form.

    Args:
        tp: The class, which may be parametrized.
        cls: The class.
        defaults: Its fields, each with its default.
        encoded: Their names in JSON, if the class itself defines them.
        hints: Their types; by default those of the annotations.
    """
    bare: dict[str, Any] = {}
    aliases: dict[str, str | None] = {}
    for name, hint in (resolve_hints(tp, defaults) if hints is None else hints).items():
        bare[name], aliases[name] = without_alias(hint)
        if encoded is not None and aliases[name] is not None:
            raise TypeError(
                f"{cls.__qualname__}.{name}: msgspec sets the names of a Struct in JSON; "
                f"write {name} = msgspec.field(name={aliases[name]!r}) instead of the Alias"
            )
    names = json_names(cls, aliases) if encoded is None else encoded
    refuse_clashes(cls, names)
    members: list[Member] = []
    for name, default in defaults.items():
        place = f"{cls.__qualname__}.{name}"
        hint, may_be_unset = without_unset(bare[name])
        required = default.value is dataclasses.MISSING and default.factory is dataclasses.MISSING
        if may_be_unset and required:
            raise TypeError(
                f"{place}: a field that may be UNSET needs the default UNSET; write {name}: … | UnsetType = UNSET"
            )
        if default.value is msgspec.UNSET and not may_be_unset:
            raise TypeError(f"{place}: its default is UNSET, so its type must be … | UnsetType")
        keyword = {} if default.value is msgspec.UNSET else default_keyword(place, default.value, default.factory)
        members.append(
            Member(
                name=name,
                key=names[name],
                place=place,
                hint=hint,
                required=required,
                may_be_unset=may_be_unset,
                default=keyword,
            )
        )
    return members


class SentMember(msgspec.Struct, frozen=True):
    """A member of an object that is sent.

    Args:
        name: Its name in JSON.
        hint: Its type.
        required: Whether it is always sent.
    """

    name: str
    hint: Any
    required: bool


def sent_members(tp: Any, cls: Any) -> list[SentMember] | None:
    """Return the members of a class that are sent; None if it is not a class with members."""
    names: Mapping[str, str]
    optional: Iterable[str] = ()
    if issubclass(cls, msgspec.Struct):
        names = dict(zip(cls.__struct_fields__, cls.__struct_encode_fields__, strict=True))
        if cls.__struct_config__.omit_defaults:
            optional = [field.name for field in msgspec.structs.fields(cls) if not field.required]
    elif dataclasses.is_dataclass(cls):
        names = {field.name: field.name for field in dataclasses.fields(cls)}
    elif typing.is_typeddict(cls) or hasattr(cls, "__total__"):
        names = {name: name for name in cls.__annotations__}
        optional = cls.__optional_keys__
    elif issubclass(cls, tuple) and hasattr(cls, "_fields"):
        names = {name: name for name in cls._fields}  # pyright: ignore[reportAttributeAccessIssue]  # it has them
    elif hasattr(cls, "__attrs_attrs__"):
        names = {attribute.name: attribute.alias for attribute in cls.__attrs_attrs__}  # pyright: ignore[reportAttributeAccessIssue]  # likewise
    elif isinstance(fields := getattr(cls, "model_fields", None), Mapping):  # pydantic's
        names = {name: getattr(field, "serialization_alias", None) or name for name, field in fields.items()}
    else:
        return None
    hints = _sent_hints(tp, cls, names)
    keys = {} if issubclass(cls, msgspec.Struct) else renamed(cls, [*names.values()])  # pyright: ignore[reportArgumentType]  # a class
    return [
        SentMember(
            without_alias(hints[name])[1] or keys.get(key, key),
            hints[name],
            required=name not in optional and not without_unset(hints[name])[1],
        )
        for name, key in names.items()
    ]


def _sent_hints(tp: Any, cls: Any, names: Iterable[str]) -> Mapping[str, Any]:
    if dataclasses.is_dataclass(cls) or issubclass(cls, dict | tuple):
        return resolve_hints(tp, names)
    found = typing.get_type_hints(cls, include_extras=True)
    return {name: found.get(name, Any) for name in names}


def without_unset(hint: Any) -> tuple[Any, bool]:
    """Return a type without `UnsetType`, and whether that was one of its members."""
    given: object = hint
    if type(given) is type and given is not msgspec.UnsetType:
        return hint, False
    origin = typing.get_origin(hint)
    if origin is typing.Annotated:
        inner, found = without_unset(typing.get_args(hint)[0])
        return (typing.Annotated[(inner, *hint.__metadata__)] if found else hint), found
    if hint is msgspec.UnsetType:
        return typing.Never, True
    if origin not in {typing.Union, types.UnionType}:
        return hint, False
    members = typing.get_args(hint)
    if msgspec.UnsetType not in members:
        return hint, False
    return typing.Union[tuple(member for member in members if member is not msgspec.UnsetType)], True  # noqa: UP007


def _refuse_init_only(cls: Any) -> None:
    for name, field in cls.__dataclass_fields__.items():
        written = isinstance(field.type, str) and re.match(r"(\w+\.)*InitVar\b", field.type)
        if written or field.type is dataclasses.InitVar or isinstance(field.type, dataclasses.InitVar):
            raise TypeError(f"{cls.__qualname__}.{name}: an InitVar is not a field, and has no form in JSON")
