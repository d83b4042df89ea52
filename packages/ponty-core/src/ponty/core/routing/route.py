"""A route as its table keeps it: one frozen record of what answers, where, and how it is described."""

import dataclasses
import inspect
import types
import typing
from collections.abc import Awaitable, Callable, Sequence
from typing import TypedDict

import msgspec
from aiohttp import web
from aiohttp.typedefs import Middleware

from ponty.core.errors.exceptions import PontyError
from ponty.core.written import written_annotations, written_signature

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
"""What answers a request."""

ExpectHandler = Callable[[web.Request], Awaitable[web.StreamResponse | None]]
"""What answers, or meets, the Expect header of a request."""


class RouteOptions(TypedDict, total=False):
    """What a route may be given beside its path; `Routes.route` says what each is."""

    name: str | None
    expect_handler: ExpectHandler | None
    max_size: int | None
    summary: str | None
    description: str | None
    tags: Sequence[str]
    deprecated: bool
    hidden: bool
    operation_id: str | None
    raises: Sequence[type[PontyError]]
    middlewares: Sequence[Middleware]


class Route(msgspec.Struct, frozen=True, kw_only=True):
    """A route, as the iteration over a table yields it.

    ::

        def paths(table: Routes) -> list[str]:
            return [f"{route.method} {route.path}" for route in table]

    Args:
        method: The HTTP method, or `"*"` for every one.
        path: The whole path, with the prefixes of the tables that it is in, in aiohttp's syntax.
        handler: The function as it was decorated.
        name: Its name in aiohttp's router.
        expect_handler: What meets the Expect header in place of Ponty's own.
        max_size: The most bytes that a body may have; None is the limit of the application.
        summary: A line on what it does.
        description: More on it: the docstring of the handler, where no other is given.
        tags: Those of the tables that it is in, from the outermost on, and its own.
        deprecated: It is to be used no more.
        hidden: It is in no description.
        operation_id: Its name in a description.
        raises: The errors that its handler may raise.
        middlewares: Those of the tables that it is in, the outermost first, and its own.
        source: The file and line where it was decorated, as `shop.py:12`.
    """

    method: str
    path: str
    handler: Handler
    name: str | None = None
    expect_handler: ExpectHandler | None = None
    max_size: int | None = None
    summary: str | None = None
    description: str | None = None
    tags: tuple[str, ...] = ()
    deprecated: bool = False
    hidden: bool = False
    operation_id: str | None = None
    raises: tuple[type[PontyError], ...] = ()
    middlewares: tuple[Middleware, ...] = ()
    source: str = ""


def make_route(method: str, path: str, handler: Handler, source: str, options: RouteOptions) -> Route:
    """Make the record of a decorated function.

    Raises:
        TypeError: The function is not a coroutine function or does not take a request alone, or an option makes no
            sense.
        ValueError: `max_size` is not more than 0.
    """
    here = f"{method} {path}"
    if strange := sorted(options.keys() - RouteOptions.__annotations__.keys()):
        given, known = ", ".join(map(repr, strange)), ", ".join(map(repr, RouteOptions.__annotations__))
        raise TypeError(f"{here}: the route of {name_of(handler)!r} takes no option {given}; it takes {known}")
    is_coroutine_function: bool = inspect.iscoroutinefunction(handler)
    if not is_coroutine_function:
        raise TypeError(f"{here}: {name_of(handler)!r} is not a coroutine function (async def)")
    if not _takes_a_request(handler):
        raise TypeError(
            f"{here}: {name_of(handler)!r} takes {written_signature(handler)}, and not a request alone: "
            "@expect(SomeRequest), below the decorator of the route, calls it with fields"
        )
    _check_parameter(here, handler)
    _check_answer(here, handler)
    max_size = options.get("max_size")
    if max_size is not None and not max_size > 0:
        raise ValueError(f"{here}: max_size is more than 0 bytes, not {max_size}")
    description = options.get("description")
    return Route(
        method=method,
        path=path,
        handler=handler,
        name=options.get("name"),
        expect_handler=options.get("expect_handler"),
        max_size=max_size,
        summary=options.get("summary"),
        description=inspect.getdoc(handler) if description is None else description,
        tags=listed("tags", options.get("tags", ())),
        deprecated=options.get("deprecated", False),
        hidden=options.get("hidden", False),
        operation_id=options.get("operation_id"),
        raises=_error_classes(here, options.get("raises", ())),
        middlewares=listed_middlewares(options.get("middlewares", ())),
        source=source,
    )


def _check_parameter(here: str, handler: Handler) -> None:
    """Refuse a function whose one parameter is annotated as what is surely no request, and that no `expect` calls."""
    if hasattr(handler, "__ponty_request__"):
        return
    annotations = written_annotations(handler)
    annotated = [name for name in annotations if name != "return"]
    if len(annotated) != 1:
        return
    cls = _class_of_values(annotations[annotated[0]])
    if cls is not None and next(iter(written_signature(handler).parameters)) == annotated[0]:
        raise TypeError(
            f"{here}: {name_of(handler)!r} takes {annotated[0]!r} as {cls.__qualname__}, and is given the request: "
            "@expect(SomeRequest), below the decorator of the route, calls it with fields"
        )


def _class_of_values(annotation: object) -> type | None:
    """Return the class of plain values that an annotation is of; None where it may be another, or is in quotes."""
    cls = annotation if isinstance(annotation, type) else typing.get_origin(annotation)
    return cls if isinstance(cls, type) and (cls in _PLAIN or dataclasses.is_dataclass(cls)) else None


_PLAIN = {bool, int, float, str, bytes, dict, list, tuple, set, frozenset}


def _check_answer(here: str, handler: Handler) -> None:
    """Refuse a function that is annotated as what is surely no response, and is not rendered."""
    if hasattr(handler, "__ponty_answer__"):
        return
    cls = _class_of_values(written_annotations(handler).get("return"))
    if cls is not None:
        raise TypeError(
            f"{here}: {name_of(handler)!r} returns {cls.__qualname__!r}, and no response: "
            "@render_json, below the decorator of the route, makes one of a value"
        )


def listed(name: str, values: Sequence[str]) -> tuple[str, ...]:
    """Return the texts of the argument `name`, which one text alone is not.

    Raises:
        TypeError: It is a text, or not to be iterated over.
    """
    if isinstance(values, str):
        raise TypeError(f"{name} is a list, as {name}=[{values!r}], not {values!r}")
    return tuple(values)


def listed_middlewares(middlewares: Sequence[Middleware]) -> tuple[Middleware, ...]:
    """Return the middlewares of a route or a table, which one alone is not.

    Raises:
        TypeError: It is one, not a list.
    """
    if callable(middlewares):
        raise TypeError(f"middlewares is a list, as middlewares=[{name_of(middlewares)}]")
    return tuple(middlewares)


def _error_classes(here: str, classes: Sequence[type[PontyError]]) -> tuple[type[PontyError], ...]:
    if isinstance(classes, type):
        raise TypeError(f"{here}: raises is a list, as raises=[{classes.__qualname__}]")
    for cls in classes:
        if not (isinstance(cls, type) and issubclass(cls, PontyError)):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise TypeError(f"{here}: raises lists classes of PontyError, which {name_of(cls)!r} is not")
    return tuple(classes)


def is_redefinition(handler: Handler, earlier: Handler) -> bool:
    """Return whether `handler` is `earlier` once more, as a notebook's cell or a reload defines it.

    Functions of one name that a function makes are several, and each may hide another.
    """
    name, module = name_of(handler), getattr(handler, "__module__", None)
    same = (name, module) == (name_of(earlier), getattr(earlier, "__module__", None))
    return same and "<locals>" not in name


def name_of(thing: object) -> str:
    """Return the name under which an error speaks of a function or class."""
    return getattr(thing, "__qualname__", None) or repr(thing)


def _takes_a_request(handler: Handler) -> bool:
    if type(handler) is types.FunctionType and not vars(handler).keys() & _OF_ANOTHER:
        code, defaults = handler.__code__, handler.__defaults__ or ()
        may_take_one = code.co_argcount or code.co_flags & inspect.CO_VARARGS
        if not code.co_kwonlyargcount:  # as `inspect.signature` would tell, in many steps
            return bool(may_take_one) and code.co_argcount - len(defaults) <= 1
    try:
        written_signature(handler).bind(object())
    except TypeError:
        return False
    return True


_OF_ANOTHER = {"__wrapped__", "__signature__"}
"""What says of a function that its arguments are those of another."""
