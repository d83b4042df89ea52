"""The arguments of a class, read from a plain Python `__init__`.

`inspect.signature` would return them for any class, but in a hundred steps, and a program may have hundreds of
dataclasses.
"""

import inspect
import types
from collections.abc import Iterable
from typing import Any

import msgspec


class InitArguments(msgspec.Struct, frozen=True):
    """The arguments of a class.

    Args:
        defaults: The arguments in their order, each with its default; `inspect.Parameter.empty` for none.
        by_position: Whether all can be passed by position, too.
    """

    defaults: dict[str, Any]
    by_position: bool

    @property
    def required(self) -> set[str]:
        """The arguments without a default."""
        return {name for name, default in self.defaults.items() if default is inspect.Parameter.empty}

    def may_be(self, names: Iterable[str]) -> bool:
        """Return whether the class has all these arguments."""
        return self.defaults.keys() >= {*names}


def arguments_of(cls: Any) -> InitArguments:
    """Return the arguments of a class of any kind."""
    known = init_arguments(cls)
    if known is not None:
        return known
    parameters = inspect.signature(cls).parameters
    return InitArguments(
        {name: parameter.default for name, parameter in parameters.items()},
        by_position=all(parameter.kind is parameter.POSITIONAL_OR_KEYWORD for parameter in parameters.values()),
    )


def init_arguments(cls: Any) -> InitArguments | None:
    """Return the arguments of a class; None if only `inspect.signature` can find them."""
    init: Any = vars(cls).get("__init__")
    if type(init) is not types.FunctionType or vars(init):
        return None
    if type(cls).__call__ is not type.__call__ or cls.__new__ is not object.__new__ or hasattr(cls, "__signature__"):
        return None
    code = init.__code__
    if code.co_posonlyargcount or not code.co_argcount or code.co_flags & (inspect.CO_VARARGS | inspect.CO_VARKEYWORDS):
        return None
    names = code.co_varnames[1 : code.co_argcount + code.co_kwonlyargcount]
    positional = names[: code.co_argcount - 1]
    values = init.__defaults__ or ()
    if len(values) > len(positional):
        return None
    defaults = dict.fromkeys(names, inspect.Parameter.empty)
    defaults.update(zip(reversed(positional), reversed(values), strict=False), **init.__kwdefaults__ or {})
    return InitArguments(defaults, by_position=not code.co_kwonlyargcount)
