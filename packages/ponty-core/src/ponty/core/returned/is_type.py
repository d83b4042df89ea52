"""Whether a decorator was called with a type, or is bare above a function."""

import types
import typing
from typing import Any, TypeVar


def is_type(value: Any) -> bool:
    """Return whether `value` is a type, and not a handler."""
    return (
        isinstance(value, type | types.UnionType | typing.NewType | TypeVar)
        or typing.get_origin(value) is not None
        or not callable(value)
        or value is Any
        or value is typing.LiteralString
    )
