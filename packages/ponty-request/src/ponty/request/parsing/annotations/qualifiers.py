"""Qualifiers around the type of a field, which say nothing about its values: `Final`, `Required` and the like."""

import typing
from collections.abc import Mapping
from typing import Any

_WRAPPER_NAMES = ("Final", "Required", "NotRequired", "ReadOnly")
_WRAPPERS: set[object] = {getattr(typing, name) for name in _WRAPPER_NAMES if hasattr(typing, name)}


def is_wrapper(origin: Any) -> bool:
    """Return whether a form of types is only a qualifier; typing_extensions has some before typing has them."""
    return origin in _WRAPPERS or (
        type(origin).__module__ == "typing_extensions" and _wrapper_name(origin) in _WRAPPER_NAMES
    )


def _wrapper_name(origin: Any) -> str:
    return str(getattr(origin, "_name", ""))


def required_keys(cls: Any, hints: Mapping[str, Any]) -> set[str]:
    """Return the required keys; with `from __future__ import annotations`, the class itself has read no qualifiers."""
    required: set[str] = set()
    for name, hint in hints.items():
        origin = typing.get_origin(hint)
        while origin is typing.Annotated or (
            is_wrapper(origin) and _wrapper_name(origin) not in {"Required", "NotRequired"}
        ):
            hint = typing.get_args(hint)[0]  # noqa: PLW2901 - the next layer of it
            origin = typing.get_origin(hint)
        qualifier = _wrapper_name(origin)
        if qualifier == "Required" or (qualifier != "NotRequired" and name in cls.__required_keys__):
            required.add(name)
    return required
