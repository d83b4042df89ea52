"""How a handler is called: its parameters and the fields of its request match one to one."""

import inspect
import operator
import types
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any


def check_handler(handler: Callable[..., object], cls: str, names: Iterable[str], *, whole: bool) -> None:
    """See that a handler takes what a request has.

    Args:
        handler: The handler.
        cls: The name of the request's class.
        names: The names of its fields.
        whole: Whether the handler is to take one instance of the class.

    Raises:
        TypeError: It is not a coroutine function, or its parameters and the fields do not match one to one.
    """
    name = getattr(handler, "__qualname__", repr(handler))
    place = f"@expect({cls}) on {name!r}"
    if not inspect.iscoroutinefunction(handler):
        raise TypeError(f"{place}: the handler is not a coroutine function (async def)")
    signature = inspect.signature(handler)
    if whole:
        try:
            signature.bind(object())
        except TypeError:
            raise TypeError(f"{place}: with whole=True, the handler takes one argument, not {signature}") from None
        return
    parameters = signature.parameters.values()
    taken = [_PREFIXES.get(parameter.kind, "") + parameter.name for parameter in parameters]
    had = {*names}
    if taken_only := quoted(set(taken) - had):
        had_only = quoted(had - set(taken)) or "nothing more"
        raise TypeError(f"{place}: the handler takes {taken_only}, the request has {had_only}")
    if had_only := quoted(had - set(taken)):
        raise TypeError(f"{place}: the request has {had_only}, the handler takes nothing more")
    for parameter in parameters:
        if parameter.kind is inspect.Parameter.POSITIONAL_ONLY:
            raise TypeError(f"{place}: the handler takes {parameter.name!r} by position only, but is given it by name")


def make_call(handler: Any, names: Sequence[str], *, whole: Any) -> Callable[..., Awaitable[Any]]:
    """Make what calls a handler with the values of fields, in the order of these.

    Args:
        handler: The handler.
        names: The names of the fields.
        whole: The class of the one instance that it takes; None where it takes each field by its name.
    """
    if whole is not None:
        return lambda *values: handler(whole(**dict(zip(names, values, strict=True))))
    # Only of a function that wraps no other, the signature surely is its own.
    if isinstance(handler, types.FunctionType) and not hasattr(handler, "__wrapped__"):
        parameters = inspect.signature(handler).parameters
        if all(parameter.kind is parameter.POSITIONAL_OR_KEYWORD for parameter in parameters.values()):
            order = [names.index(name) for name in parameters]
            if order == sorted(order):
                return handler
            arrange = operator.itemgetter(*order)
            return lambda *values: handler(*arrange(values))
    return lambda *values: handler(**dict(zip(names, values, strict=True)))


_PREFIXES: dict[object, str] = {inspect.Parameter.VAR_POSITIONAL: "*", inspect.Parameter.VAR_KEYWORD: "**"}


def quoted(names: Iterable[str]) -> str:
    """Name names."""
    return ", ".join(map(repr, sorted(names)))
