"""The kinds of classes, each known by its marks, so that no library is imported for programs that do not use it."""

import sys
import typing
from typing import Any

import msgspec


def is_typed_dict(cls: Any) -> bool:
    """Return whether a class is a TypedDict, including that of typing_extensions."""
    return issubclass(cls, dict) and hasattr(cls, "__total__") and hasattr(cls, "__required_keys__")


def is_struct(tp: Any) -> bool:
    """Return whether a type is a `msgspec.Struct`, which may be parametrized."""
    cls = typing.get_origin(tp) or tp
    return isinstance(cls, type) and issubclass(cls, msgspec.Struct)


def is_array(cls: Any) -> bool:
    """Return whether a class is an array in JSON."""
    return issubclass(cls, tuple) or (issubclass(cls, msgspec.Struct) and cls.__struct_config__.array_like)


def is_attrs_class(cls: Any) -> bool:
    """Return whether a class is made by attrs."""
    return isinstance(getattr(cls, "__attrs_attrs__", None), tuple)


def is_pydantic_model(cls: Any) -> bool:
    """Return whether a class is a model of pydantic, or a dataclass of pydantic."""
    return isinstance(cls, type) and "pydantic" in sys.modules and hasattr(cls, "__pydantic_validator__")


def is_pydantic_type(cls: Any) -> bool:
    """Return whether a class itself defines how pydantic reads it."""
    return "pydantic" in sys.modules and hasattr(cls, "__get_pydantic_core_schema__")


def may_hash(cls: Any) -> bool:
    """Return whether the instances of a class have a hash, leaving their members aside."""
    if is_struct(cls):
        return bool(cls.__struct_config__.frozen or not cls.__struct_config__.eq)
    return cls.__hash__ is not None
