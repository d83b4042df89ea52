"""Plain type hints: without wrappers such as `Annotated`, which do not change the value that is sent."""

import typing
from typing import Annotated, Any, get_args, get_origin


def plain_hint(hint: Any) -> Any:
    """Return a type without its wrappers and aliases.

    Raises:
        TypeError: It is a type variable without a bound or a default.
    """
    while True:
        if hint is typing.LiteralString:
            hint = str
        elif hint is bytearray:
            hint = bytes
        elif hint in _ANY_JSON:
            hint = Any
        elif get_origin(hint) in _AROUND:
            hint = get_args(hint)[0]
        elif isinstance(hint, typing.NewType):
            hint = hint.__supertype__
        elif isinstance(hint, typing.TypeVar):
            default = getattr(hint, "__default__", None)
            bound = hint.__bound__ if default is None or default is getattr(typing, "NoDefault", None) else default
            if bound is None:
                raise TypeError(f"@render_json: the type variable {hint.__name__} has no bound or default")
            hint = bound
        elif hasattr(hint, "__value__"):  # a type alias, with its arguments or without
            hint = hint.__value__[get_args(hint)] if get_args(hint) else hint.__value__
        else:
            return hint


# The names by which the alias of JSON values refers to itself.
_ANY_JSON = ("Json", typing.ForwardRef("Json"))
# `ReadOnly` is new in Python 3.13.
_AROUND = {Annotated, typing.Final, typing.Required, typing.NotRequired, getattr(typing, "ReadOnly", Annotated)}
