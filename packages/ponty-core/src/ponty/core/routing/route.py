"""A route as its table keeps it: a frozen record of its method, path, handler and description."""

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
"""A coroutine function that answers a request."""

ExpectHandler = Callable[[web.Request], Awaitable[web.StreamResponse | None]]
"""A coroutine function for the Expect header of a request: it returns an answer, or None to call the handler."""


class RouteOptions(TypedDict, total=False):
    """The options of a route besides its path; `Routes.route` explains each of them."""

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
    """A record of a route, which iterating over a table yields.

    ::

        def paths(table: Routes) -> list[str]:
            return [f"{route.method} {route.path}" for route in table]

    Args:
        method: The HTTP method, or `"*"` for all methods.
        path: The whole path, with the prefixes of its tables, in aiohttp's syntax.
        handler: The function that was decorated.
        name: The name of the route in aiohttp's router.
        expect_handler: The handler for the Expect header; None for Ponty's own.
        max_size: The most bytes that a body may have; None for the limit of the application.
        summary: A line that says what the route does.
        description: A longer text: by default the docstring of the handler.
        tags: The tags of its tables, from the outermost to the innermost, and then its own.
        deprecated: Whether clients should no longer use it.
        hidden: Whether descriptions leave it out.
        operation_id: The name of the route in descriptions.
        raises: The classes of errors that the handler may raise.
        middlewares: The middlewares of its tables, the outermost first, and then its own.
        source: The file and line where the function was decorated, such as `shop.py:12`.
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
        TypeError: The function is not a coroutine function, or takes other arguments than a request, or an option is
            not valid.
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
            f"{here}: {name_of(handler)!r} must take the request as its only argument, "
            f"not {written_signature(handler)}: @expect(SomeRequest), below the decorator of the route, calls it with "
            "fields"
        )
    _check_parameter(here, handler)
    _check_answer(here, handler)
    max_size = options.get("max_size")
    if max_size is not None and not max_size > 0:
        raise ValueError(f"{here}: max_size must be more than 0 bytes, not {max_size}")
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
            f"{here}: {name_of(handler)!r} takes {annotated[0]!r} as {cls.__qualname__}, but is called with the "
            "request: @expect(SomeRequest), below the decorator of the route, calls it with fields"
        )


def _class_of_values(annotation: object) -> type | None:
    """Return the class of plain values that an annotation is of; None where it may be another, or is in quotes."""
    cls = annotation if isinstance(annotation, type) else typing.get_origin(annotation)
    return cls if isinstance(cls, type) and (cls in _PLAIN or dataclasses.is_dataclass(cls)) else None


_PLAIN = {bool, int, float, str, bytes, dict, list, tuple, set, frozenset}


def _check_answer(here: str, handler: Handler) -> None:
    """Refuse a function without a renderer whose return annotation is certainly not a response."""
    if hasattr(handler, "__ponty_answer__"):
        return
    cls = _class_of_values(written_annotations(handler).get("return"))
    if cls is not None:
        raise TypeError(
            f"{here}: {name_of(handler)!r} returns {cls.__qualname__!r}, not a response: "
            "@render_json, below the decorator of the route, makes one of a value"
        )


def listed(name: str, values: Sequence[str]) -> tuple[str, ...]:
    """Return the argument `name` as a tuple of texts; a single text is refused.

    Raises:
        TypeError: It is a text, or cannot be iterated over.
    """
    if isinstance(values, str):
        raise TypeError(f"{name} must be a list, such as {name}=[{values!r}], not {values!r}")
    return tuple(values)


def listed_middlewares(middlewares: Sequence[Middleware]) -> tuple[Middleware, ...]:
    """Return the middlewares of a route or a table as a tuple; a single middleware is refused.

    Raises:
        TypeError: It is a middleware, not a list.
    """
    if callable(middlewares):
        raise TypeError(f"middlewares must be a list, such as middlewares=[{name_of(middlewares)}]")
    return tuple(middlewares)


def _error_classes(here: str, classes: Sequence[type[PontyError]]) -> tuple[type[PontyError], ...]:
    if isinstance(classes, type):
        raise TypeError(f"{here}: raises must be a list, such as raises=[{classes.__qualname__}]")
    for cls in classes:
        if not (isinstance(cls, type) and issubclass(cls, PontyError)):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise TypeError(f"{here}: raises must list subclasses of PontyError; {name_of(cls)!r} is not one")
    return tuple(classes)


def is_redefinition(handler: Handler, earlier: Handler) -> bool:
    """Return whether `handler` is the same function as `earlier`, defined again by a notebook's cell or a reload.

    Functions that are made by a function may have the same name, but are different ones.
    """
    name, module = name_of(handler), getattr(handler, "__module__", None)
    same = (name, module) == (name_of(earlier), getattr(earlier, "__module__", None))
    return same and "<locals>" not in name


def name_of(thing: object) -> str:
    """Return the name of a function or class for messages of errors."""
    return getattr(thing, "__qualname__", None) or repr(thing)


def _takes_a_request(handler: Handler) -> bool:
    if type(handler) is types.FunctionType and not vars(handler).keys() & _OF_ANOTHER:
        code, defaults = handler.__code__, handler.__defaults__ or ()
        may_take_one = code.co_argcount or code.co_flags & inspect.CO_VARARGS
        if not code.co_kwonlyargcount:  # the same result as by `inspect.signature`, but quicker
            return bool(may_take_one) and code.co_argcount - len(defaults) <= 1
    try:
        written_signature(handler).bind(object())
    except TypeError:
        return False
    return True


_OF_ANOTHER = {"__wrapped__", "__signature__"}
"""Attributes of a function which say that it takes the arguments of another one."""
