"""The handler's side of `expect`: its parameters are checked at import, and it is called with the values."""

import inspect
import operator
import types
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from ponty.request.fields.base import annotations_of
from ponty.request.fields.plan import quoted
from ponty.request.fields.value_types import takes
from ponty.request.parsing.annotations.written import written_annotations, written_signature
from ponty.request.request import Request
from ponty.request.texts.plain_texts import type_name


def check_handler(
    handler: Callable[..., object], inner: Callable[..., object], cls: type[Request], *, whole: bool
) -> None:
    """Check that a handler takes the fields of a request.

    Args:
        handler: The handler.
        inner: The function that gets the handler's arguments unchanged: the handler itself, or the one that it renders.
        cls: The request's class.
        whole: Whether the handler takes one instance of the class.

    Raises:
        TypeError: The handler is not a coroutine function, or is a route already; its parameters and the fields do not
            match one to one; or a parameter has another type than its field.
    """
    name = getattr(handler, "__qualname__", repr(handler))
    place = f"@expect({cls.__qualname__}) on {name!r}"
    if (routed := getattr(handler, "__ponty_routed__", None)) is not None:
        raise TypeError(f"{place} stands above the decorator of the route {routed}, which does not see it: swap them")
    if not inspect.iscoroutinefunction(handler):
        raise TypeError(f"{place}: the handler is not a coroutine function (async def)")
    is_own = inner is handler or inner is getattr(handler, "__wrapped__", None)
    names = _plain_names(inner) if is_own else None
    if names is not None and {*names} == {*cls.__fields__} and not whole:
        _check_types(place, annotations_of(inner), cls)
        return
    signature = written_signature(handler)
    # Another decorator may change the arguments, so the inner annotations would say nothing.
    annotations = {} if hasattr(inner, "__wrapped__") else annotations_of(inner)
    if whole:
        _check_whole(place, signature, annotations, cls)
    else:
        _check_names(place, signature, cls)
        _check_types(place, annotations, cls)


def _check_whole(place: str, signature: inspect.Signature, annotations: Mapping[str, Any], cls: type[Request]) -> None:
    try:
        signature.bind(object())
    except TypeError:
        raise TypeError(f"{place}: with whole=True, the handler takes one argument, not {signature}") from None
    first = next(iter(signature.parameters))
    annotation = annotations.get(first, Any)
    if not takes(annotation, cls):
        raise TypeError(f"{place}: the handler takes {first!r} as {type_name(annotation)}, not as {cls.__qualname__}")


def _check_types(place: str, annotations: Mapping[str, Any], cls: type[Request]) -> None:
    for name, field in cls.__fields__.items():
        tp = field.value_type()
        if name in annotations and not takes(annotations[name], tp):
            raise TypeError(
                f"{place}: the handler takes {name!r} as {type_name(annotations[name])}, "
                f"the request has it as {type_name(tp)}"
            )


def _check_names(place: str, signature: inspect.Signature, cls: type[Request]) -> None:
    had = {*cls.__fields__}
    parameters = signature.parameters.values()
    taken = [_PREFIXES.get(parameter.kind, "") + parameter.name for parameter in parameters]
    if taken_only := quoted(set(taken) - had):
        had_only = quoted(had - set(taken)) or "nothing more"
        raise TypeError(f"{place}: the handler takes {taken_only}, the request has {had_only}{_hint(cls, taken)}")
    if had_only := quoted(had - set(taken)):
        raise TypeError(f"{place}: the request has {had_only}, the handler takes nothing more")
    for parameter in parameters:
        if parameter.kind is inspect.Parameter.POSITIONAL_ONLY:
            raise TypeError(f"{place}: the handler takes {parameter.name!r} by position only, but is given it by name")


def _hint(cls: type[Request], taken: Sequence[str]) -> str:
    """Return a hint at an attribute that was meant as a field; an empty text if there is none."""
    attributes = {*written_annotations(cls), *vars(cls)}
    for name in taken:
        if name not in cls.__fields__ and name in attributes:
            return f"; {cls.__qualname__}.{name} is not a field; a field is written as {name} = QueryParameter(…)"
    return ""


def _plain_names(function: Any) -> tuple[str, ...] | None:
    """Return the names of a function's parameters, if each can be passed by name and by position; else None.

    `inspect.signature` would need a hundred steps for that. For a function that wraps another, it would return the
    parameters of the wrapped one.
    """
    if type(function) is not types.FunctionType or vars(function).keys() & {"__wrapped__", "__signature__"}:
        return None
    code = function.__code__
    is_plain = not (code.co_posonlyargcount or code.co_kwonlyargcount or code.co_flags & _ANY_NUMBER)
    return code.co_varnames[: code.co_argcount] if is_plain else None


_ANY_NUMBER = inspect.CO_VARARGS | inspect.CO_VARKEYWORDS


def make_call(handler: Any, names: Sequence[str], *, whole: Any) -> Callable[..., Awaitable[Any]]:
    """Make a function that calls a handler with the values of fields, passed in the order of `names`.

    Args:
        handler: The handler.
        names: The names of the fields.
        whole: The class whose one instance the handler takes; None if it takes each field by its name.
    """
    if whole is not None:
        return lambda *values: handler(whole(**dict(zip(names, values, strict=True))))
    if (taken := _plain_names(handler)) is not None:
        order = [names.index(name) for name in taken]
        call: Callable[..., Awaitable[Any]] = handler
        if order == sorted(order):
            return call
        arrange = operator.itemgetter(*order)
        return lambda *values: call(*arrange(values))
    return lambda *values: handler(**dict(zip(names, values, strict=True)))


_PREFIXES: dict[object, str] = {inspect.Parameter.VAR_POSITIONAL: "*", inspect.Parameter.VAR_KEYWORD: "**"}
