"""A request is a class of fields, and `expect` fills it before the handler runs."""

import functools
import inspect
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, TypeVar, get_origin, overload

from aiohttp import hdrs, web

from ponty.core import DoesNotExist, Fault, PontyError, ValidationError
from ponty.request.field import Description, Field, InvalidField
from ponty.request.mediatype import essence


@dataclass(frozen=True, slots=True)
class _Compiled:
    """What a request needs of a field, looked up once."""

    name: str
    extract: Callable[[web.Request], Any]
    waits: bool
    describe: Callable[[], Description | None]


class Request:
    """Base class of requests: its class variables that are fields each take one part of the HTTP request.

    ::

        class ListOrders(Request):
            customer = PosIntRouteParameter()
            page = PosIntQueryParameter(default=1)

        assert ListOrders(customer=7, page=1).customer == 7

    Fields are inherited; a subclass may put another in the place of one, or take one away by setting the name to
    None. Other attributes and methods are the subclass's own.

    An instance holds the value of each field under its name. `expect` makes them of HTTP requests; a test makes one
    of values, `HelloReq(name="ann")`.

    Raises:
        TypeError: The values given and the fields do not match one to one.
    """

    __compiled__: ClassVar[tuple[_Compiled, ...]] = ()

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        members = {name: value for base in reversed(cls.__mro__) for name, value in vars(base).items()}
        fields = {name: value for name, value in members.items() if isinstance(value, Field)}
        for name, field in fields.items():
            if name.startswith("__"):
                raise TypeError(f"{cls.__qualname__}.{name}: a field's name does not begin with two underscores")
            if field.name != name:
                raise TypeError(
                    f"{cls.__qualname__}.{name}: the field's own `name` is {field.name!r} already; "
                    "give each name a field of its own"
                )
        cls.__compiled__ = tuple(
            _Compiled(name, field.extract, inspect.iscoroutinefunction(field.extract), field.describe)
            for name, field in fields.items()
        )

    def __init__(self, /, **values: object) -> None:
        names = {field.name for field in self.__compiled__}
        if values.keys() != names:
            raise TypeError(f"{type(self).__qualname__}() takes {_quoted(names)}, not {_quoted(values) or 'nothing'}")
        vars(self).update(values)


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
            without case.
        whole: Gives the handler one instance of `cls` in place of an argument for each field; type checkers know the
            types of its attributes.

    Raises:
        TypeError: The handler is not a coroutine function, or its parameters and the fields do not match one to one.
        ValueError: `mimetype` is not of the form `type/subtype`.
    """
    if mimetype is not None and (essence(mimetype) is None or ";" in mimetype):
        raise ValueError(f"@expect({cls.__qualname__}): {mimetype!r} is not a media type, as text/plain is")
    media_type = essence(mimetype) if mimetype is not None else None
    cls = get_origin(cls) or cls
    now = tuple(field for field in cls.__compiled__ if not field.waits)
    later = tuple(field for field in cls.__compiled__ if field.waits)

    def decorate(handler: Callable[..., Awaitable[_R]]) -> _Answer[_R]:
        _check_handler(handler, cls, whole=whole)

        @functools.wraps(handler)
        async def answer(request: web.Request) -> _R:
            if media_type is not None and essence(request.headers.get(hdrs.CONTENT_TYPE, "")) != media_type:
                raise _UnsupportedMediaType(headers={hdrs.ACCEPT: media_type})
            values: dict[str, Any] = {}
            refusals: list[tuple[_Compiled, InvalidField]] | None = None
            for field in now:
                try:
                    values[field.name] = field.extract(request)
                except InvalidField as invalid:
                    # With its traceback it would hold this frame, which holds it: work for the garbage collector.
                    refusals = [*(refusals or ()), (field, invalid.with_traceback(None))]
            for field in later:
                try:
                    values[field.name] = await field.extract(request)
                except InvalidField as invalid:
                    refusals = [*(refusals or ()), (field, invalid.with_traceback(None))]
            if refusals:
                raise _refusal(refusals)
            return await (handler(cls(**values)) if whole else handler(**values))

        path_parameters = [d.name for field in now if (d := field.describe()) and d.location == "path"]
        answer.__ponty_path_parameters__ = path_parameters  # type: ignore[attr-defined]
        del answer.__wrapped__  # what it takes is a request, not the handler's parameters
        return answer

    return decorate


class _UnsupportedMediaType(PontyError):
    status_code = 415


def _refusal(refusals: list[tuple[_Compiled, InvalidField]]) -> PontyError:
    """Make the one error that names every fault."""
    faults = [fault for field, invalid in refusals for fault in _faults(field, invalid)]
    statuses = [invalid.status for _, invalid in refusals]
    headers = {name: value for _, invalid in refusals for name, value in invalid.headers.items()}
    if 404 in statuses:
        return DoesNotExist(faults=faults, headers=headers)
    error = ValidationError(faults=faults, headers=headers)
    error.status_code = next((status for status in statuses if status != 400), 400)
    return error


def _faults(field: _Compiled, invalid: InvalidField) -> list[Fault]:
    description = field.describe()
    if description is None:
        raise TypeError(f"the field {field.name!r} refuses a request, so its describe() must say what it takes of it")
    return [Fault(description.location, description.name, detail, pointer) for pointer, detail in invalid.violations]


def _check_handler(handler: Callable[..., object], cls: type[Request], *, whole: bool) -> None:
    name = getattr(handler, "__qualname__", repr(handler))
    place = f"@expect({cls.__qualname__}) on {name!r}"
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
    had = [field.name for field in cls.__compiled__]
    if taken_only := _quoted(set(taken) - set(had)):
        had_only = _quoted(set(had) - set(taken)) or "nothing more"
        raise TypeError(f"{place}: the handler takes {taken_only}, the request has {had_only}")
    if had_only := _quoted(set(had) - set(taken)):
        raise TypeError(f"{place}: the request has {had_only}, the handler takes nothing more")
    for parameter in parameters:
        if parameter.kind is inspect.Parameter.POSITIONAL_ONLY:
            raise TypeError(f"{place}: the handler takes {parameter.name!r} by position only, but is given it by name")


_PREFIXES: dict[object, str] = {inspect.Parameter.VAR_POSITIONAL: "*", inspect.Parameter.VAR_KEYWORD: "**"}


def _quoted(names: Iterable[str]) -> str:
    return ", ".join(map(repr, sorted(names)))
