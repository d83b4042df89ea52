"""The members of a class from any of the supported libraries: their names, types, and options for encoding."""

import dataclasses
import typing
from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any, get_args, get_origin

import msgspec

from ponty.core.returned.part import Member


def is_named_tuple(kind: type) -> bool:
    """Return whether `kind` is a tuple whose items have names."""
    return issubclass(kind, tuple) and hasattr(kind, "_fields")


def members_of(hint: Any, kind: Any) -> tuple[list[Member], dict[str, Any]] | None:
    """Return the members of a class, with types instead of parts, and its options; None if it is no such class."""
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
    elif is_named_tuple(kind):
        names = kind._fields
    elif hasattr(kind, "__attrs_attrs__"):
        names = [attribute.name for attribute in kind.__attrs_attrs__]
        aliases: dict[str, str] = {attribute.name: attribute.alias for attribute in kind.__attrs_attrs__}
        renamed = _renamed(kind, [*aliases.values()])
        keys = {name: renamed.get(alias, alias) for name, alias in aliases.items()}
    elif (fields := getattr(kind, "model_fields", None)) is not None and isinstance(fields, Mapping):  # pydantic's
        names = list(fields)
        keys = {name: alias for name, field in fields.items() if (alias := field.serialization_alias)}
    else:
        return None
    names = list(names)
    # An attribute of an attrs class need not be annotated.
    hints = dict.fromkeys(names, Any) | typing.get_type_hints(kind, include_extras=True)
    values = _type_arguments(hint)
    keys = _renamed(kind, names) | keys | {name: alias for name in names if (alias := _alias(hints[name]))}
    members = [
        Member(
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
    """Return the default of a field that `omit_defaults` leaves out; it may be an empty collection."""
    return field.default_factory() if field.default_factory in {list, dict, set} else field.default


def _may_be_unset(hint: Any) -> bool:
    return msgspec.UnsetType in get_args(_outside(hint))


def _outside(hint: Any) -> Any:
    return get_args(hint)[0] if get_origin(hint) is Annotated else hint


def _alias(hint: Any) -> str | None:
    """Return the name in JSON from an annotation: the attribute `__ponty_alias__` of a part of it."""
    metadata: Iterable[object] = getattr(hint, "__metadata__", ())
    return next((alias for part in metadata if (alias := getattr(part, "__ponty_alias__", None)) is not None), None)


def _renamed(kind: Any, names: Sequence[str]) -> dict[str, str]:
    """Return the names in JSON from the `rename` of an inner class `JsonSchema` of a class or its nearest base."""
    inners: Iterable[Any] = (vars(base).get("JsonSchema") for base in kind.__mro__)
    rename = next((vars(inner)["rename"] for inner in inners if "rename" in getattr(inner, "__dict__", ())), None)
    if rename is None:
        return {}
    namesake = msgspec.defstruct(kind.__name__, [(name, Any) for name in names], rename=rename)
    return dict(zip(names, namesake.__struct_encode_fields__, strict=True))


def _type_arguments(hint: Any) -> dict[Any, Any]:
    """Return the types for the type variables of a class and its bases."""
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
