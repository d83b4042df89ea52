"""`expect` binds a handler to its request: it is called with the value of each field, or the request is refused.

The handler's parameters and the fields match one to one, which is seen to at import.
"""

import functools
import inspect
import operator
import time
import types
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Sequence
from typing import Any, Literal, TypeVar, get_origin, overload

from aiohttp import hdrs, web

from ponty.core import DoesNotExist, Fault, PontyError, ValidationError
from ponty.request.content.charsets import MIMETYPE_CHECKED
from ponty.request.content.media_types import essence
from ponty.request.errors import InvalidField
from ponty.request.forms.holding import release
from ponty.request.request import CompiledField, Request, quoted

_R = TypeVar("_R")
_Req = TypeVar("_Req", bound=Request)

_Answer = Callable[[web.Request], Coroutine[Any, Any, _R]]


@overload
def expect(
    cls: type[Request], *, mimetype: str | None = None, whole: Literal[False] = False
) -> Callable[[Callable[..., Awaitable[_R]]], _Answer[_R]]: ...
@overload
def expect(
    cls: type[_Req], *, mimetype: str | None = None, whole: Literal[True]
) -> Callable[[Callable[[_Req], Awaitable[_R]]], _Answer[_R]]: ...
def expect(
    cls: type[Request], *, mimetype: str | None = None, whole: bool = False
) -> Callable[[Callable[..., Awaitable[_R]]], _Answer[_R]]:
    """Call the decorated handler with the fields of a request.

    ::

        class ListOrders(Request):
            customer = PosIntRouteParameter()
            page = PosIntQueryParameter(default=1)

        @get(f"/customers/{ListOrders.customer}/orders")
        @expect(ListOrders)
        @render_json
        async def list_orders(customer: int, page: int) -> list[str]: ...

    Every field is tried before the client is answered, so that one answer names all that is wrong with a request. It
    is a 404 where a route parameter is at fault, else the `errorcode` of a cookie or the 415 of a body, and a 400
    otherwise.

    Args:
        cls: The class of fields.
        mimetype: The media type that a request must have; another or none is a 415. Only type and subtype are compared,
            without case. Without it, a field of a JSON body takes `application/json` and what ends in `+json`.
        whole: Gives the handler one instance of `cls` in place of an argument for each field; type checkers know the
            types of its attributes.

    Raises:
        TypeError: The handler is not a coroutine function, or its parameters and the fields do not match one to one.
        ValueError: `mimetype` is not of the form `type/subtype`.
    """
    actual: Any = get_origin(cls) or cls
    if not (isinstance(actual, type) and issubclass(actual, Request)):
        raise TypeError(
            f"@expect takes a class of fields, as @expect(HelloReq), not {getattr(cls, '__qualname__', cls)!r}"
        )
    if mimetype is not None and (essence(mimetype) is None or ";" in mimetype):
        raise ValueError(f"@expect({cls.__qualname__}): {mimetype!r} is not a media type, as text/plain is")
    media_type = essence(mimetype) if mimetype is not None else None
    cls = actual
    now = tuple(field for field in cls.__compiled__ if not field.waits)
    later = tuple(field for field in cls.__compiled__ if field.waits)
    fields = (*now, *later)
    extracts = tuple(field.extract for field in now)
    extracts_later = tuple(field.extract for field in later)

    def decorate(handler: Callable[..., Awaitable[_R]]) -> _Answer[_R]:
        check_handler(handler, cls.__qualname__, [field.name for field in fields], whole=whole)
        _, inner, render = _rendered(handler)
        call = make_call(inner, [field.name for field in fields], whole=cls if whole else None)

        @functools.wraps(handler)
        async def answer(request: web.Request) -> _R:
            if media_type is not None:
                _check_media_type(request, media_type)
            values: list[Any] = []
            try:
                for extract in extracts:
                    values.append(extract(request))  # noqa: PERF401 - its length tells which field refused
                for extract in extracts_later:
                    values.append(await extract(request))  # noqa: PERF401 - likewise
            except InvalidField as invalid:
                refusing, *left = fields[len(values) :]
                # With its traceback, it would hold the frame that holds it: work for the garbage collector.
                refusals = [(refusing, invalid.with_traceback(None))]
                raise _refusal(refusals + await _refusals(request, left) if left else refusals) from None
            if render is None:
                return await call(*values)  # type: ignore[no-any-return]
            start = time.perf_counter_ns()
            return render(await call(*values), start)  # type: ignore[no-any-return]

        return _finished(answer, fields)

    return decorate


def _finished(answer: _Answer[_R], fields: Sequence[CompiledField]) -> _Answer[_R]:
    """Make what answers a request ready to be mounted, with what `ponty.core` is to know of it."""
    finished: Any = _releasing(answer) if any(field.takes_stream for field in fields) else answer
    # The most that a body may have is known before its handler runs: a client may ask whether to send it.
    if max_sizes := [field.max_size for field in fields if field.max_size is not None]:
        finished.__ponty_max_size__ = max(max_sizes)
    finished.__ponty_path_parameters__ = [
        d.name for field in fields if not field.waits and (d := field.describe()) and d.location == "path"
    ]
    del finished.__wrapped__  # what it takes is a request, not the handler's parameters
    return finished  # type: ignore[no-any-return]


def _releasing(answer: _Answer[_R]) -> _Answer[_R]:
    """Put around what answers a request what closes all that the request holds."""

    async def released(request: web.Request) -> _R:
        try:
            return await answer(request)
        finally:
            await release(request)

    return functools.update_wrapper(released, answer)


def _rendered(handler: Any) -> tuple[Any, Any, Any]:
    """Give the function that `render_json` has wrapped, and what renders its value; or the handler, and None."""
    rendered: tuple[Any, Any, Any] = getattr(handler, "__ponty_rendered__", (None, None, None))
    return rendered if rendered[0] is handler else (handler, handler, None)


def _check_media_type(request: web.Request, media_type: str) -> None:
    if essence(request.headers.get(hdrs.CONTENT_TYPE, "")) != media_type:
        raise _UnsupportedMediaType(headers={hdrs.ACCEPT: media_type})
    request[MIMETYPE_CHECKED] = True


class _UnsupportedMediaType(PontyError):
    status_code = 415


_Refusal = tuple[CompiledField, InvalidField]


async def _refusals(request: web.Request, fields: Iterable[CompiledField]) -> list[_Refusal]:
    """Give what those of `fields` say of a request that refuse it."""
    refusals: list[_Refusal] = []
    for field in fields:
        try:
            value = field.extract(request)
            if field.waits:
                await value
        except InvalidField as invalid:
            refusals.append((field, invalid.with_traceback(None)))
    return refusals


def _refusal(refusals: list[_Refusal]) -> PontyError:
    """Make the one error that names every fault."""
    field, invalid = refusals[0]
    if len(refusals) == 1 and invalid.status == 400 and not invalid.headers:
        return ValidationError(faults=_faults(field, invalid))
    faults: list[Fault] = []
    statuses: list[int] = []
    headers: dict[str, str] = {}
    for field, refusal in refusals:
        faults += _faults(field, refusal)
        statuses.append(refusal.status)
        headers.update(refusal.headers)
    if 404 in statuses:
        return DoesNotExist(faults=faults, headers=headers)
    error = ValidationError(faults=faults, headers=headers)
    error.status_code = next((status for status in statuses if status != 400), 400)
    return error


def _faults(field: CompiledField, invalid: InvalidField) -> list[Fault]:
    description = field.describe()
    if description is None:
        raise TypeError(f"the field {field.name!r} refuses a request, so its describe() must say what it takes of it")
    location, name = description.location, description.name
    return [Fault(location, name, detail, pointer) for pointer, detail in invalid.violations]


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
