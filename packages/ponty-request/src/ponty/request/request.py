"""A request is a class of fields, and `expect` fills it before the handler runs."""

import functools
import inspect
import time
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from typing import Any, ClassVar, Literal, TypeVar, get_origin, overload

import msgspec
from aiohttp import hdrs, web

from ponty.core import DoesNotExist, Fault, PontyError, ValidationError
from ponty.request.calling import check_handler, make_call, quoted
from ponty.request.field import Description, Field, InvalidField
from ponty.request.mediatype import essence


class _Compiled(msgspec.Struct, frozen=True):
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
        for name, value in vars(cls).items():
            nested = f"{cls.__qualname__}.{name}"
            if isinstance(value, type) and issubclass(value, Field) and value.__qualname__ != nested:
                raise TypeError(f"{nested}: {value.__qualname__} is a class of fields; write {value.__qualname__}(…)")
        for name, field in fields.items():
            if name.startswith("__"):
                raise TypeError(f"{cls.__qualname__}.{name}: a field's name does not begin with two underscores")
            if field.name != name:
                raise TypeError(
                    f"{cls.__qualname__}.{name}: the field's own `name` is {field.name!r} already; "
                    "give each name a field of its own"
                )
        cls.__compiled__ = tuple(
            _Compiled(name, field.extract, inspect.iscoroutinefunction(field.extract), functools.cache(field.describe))
            for name, field in fields.items()
        )

    def __init__(self, /, **values: object) -> None:
        names = {field.name for field in self.__compiled__}
        if values.keys() != names:
            raise TypeError(f"{type(self).__qualname__}() takes {quoted(names)}, not {quoted(values) or 'nothing'}")
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
            if media_type is not None and essence(request.headers.get(hdrs.CONTENT_TYPE, "")) != media_type:
                raise _UnsupportedMediaType(headers={hdrs.ACCEPT: media_type})
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

        path_parameters = [d.name for field in now if (d := field.describe()) and d.location == "path"]
        answer.__ponty_path_parameters__ = path_parameters  # type: ignore[attr-defined]
        del answer.__wrapped__  # what it takes is a request, not the handler's parameters
        return answer

    return decorate


def _rendered(handler: Any) -> tuple[Any, Any, Any]:
    """Give the function that `render_json` has wrapped, and what renders its value; or the handler, and None."""
    rendered: tuple[Any, Any, Any] = getattr(handler, "__ponty_rendered__", (None, None, None))
    return rendered if rendered[0] is handler else (handler, handler, None)


class _UnsupportedMediaType(PontyError):
    status_code = 415


_Refusal = tuple[_Compiled, InvalidField]


async def _refusals(request: web.Request, fields: Iterable[_Compiled]) -> list[_Refusal]:
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


def _faults(field: _Compiled, invalid: InvalidField) -> list[Fault]:
    description = field.describe()
    if description is None:
        raise TypeError(f"the field {field.name!r} refuses a request, so its describe() must say what it takes of it")
    location, name = description.location, description.name
    return [Fault(location, name, detail, pointer) for pointer, detail in invalid.violations]
