"""Routes: which coroutine answers which method and path.

Decorated functions are listed in one table of the process; `ponty.core.build_app` mounts it on each application.
"""

import inspect
from collections.abc import Awaitable, Callable, Iterator, Sequence
from typing import TypedDict, TypeVar, Unpack

import msgspec
from aiohttp import hdrs, web

from ponty.core.routing.expect_continue import meet_expectation

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
"""What answers a request."""

_H = TypeVar("_H", bound=Handler)


class RouteOptions(TypedDict, total=False):
    """What `route` hands on to aiohttp's `add_route`."""

    name: str | None
    expect_handler: Callable[[web.Request], Awaitable[web.StreamResponse | None]] | None


class _Route(msgspec.Struct, frozen=True):
    method: str
    path: str
    handler: Handler
    options: RouteOptions


_routes: dict[tuple[str, str], _Route] = {}


def route(method: str, path: str, **options: Unpack[RouteOptions]) -> Callable[[_H], _H]:
    """Answer `method` on `path` with the decorated coroutine function.

    The function is returned as it was. A route for GET answers HEAD as well (RFC 9110 §9.3.2), unless HEAD has one of
    its own.

    ::

        @route("OPTIONS", "/mugs/{colour}")
        async def options(request: web.Request) -> web.Response:
            return web.Response(headers={"Allow": "GET, OPTIONS"})

    Args:
        method: An HTTP method, or `"*"` for every one.
        path: A path in aiohttp's syntax; `{name}` and `{name:regex}` stand for variable parts.
        **options: `name` and `expect_handler` of aiohttp's `add_route`.

    Raises:
        TypeError: The function is not a coroutine function, or does not take a request alone, the method and path have
            a handler already, or there is no path.
        ValueError: The path does not begin with a slash.
    """
    method = method.upper()
    if not isinstance(path, str):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise TypeError(f"a route needs a path, as @{method.lower()}('/hello'), not {_name(path)!r}")

    def register(handler: _H) -> _H:
        if not path.startswith("/"):
            raise ValueError(f"{method} {path}: the path of {_name(handler)!r} does not begin with a slash")
        is_coroutine_function: bool = inspect.iscoroutinefunction(handler)
        if not is_coroutine_function:
            raise TypeError(f"{method} {path}: {_name(handler)!r} is not a coroutine function (async def)")
        if not _takes_a_request(handler):
            raise TypeError(
                f"{method} {path}: {_name(handler)!r} does not take a request alone; the decorator of the route stands "
                "above @expect"
            )
        if (method, path) in _routes:
            raise TypeError(
                f"{method} {path}: {_name(handler)!r} comes second, {_name(_routes[method, path].handler)!r} answers it"
            )
        _routes[method, path] = _Route(method, path, handler, options)
        return handler

    return register


def _takes_a_request(handler: Handler) -> bool:
    try:
        inspect.signature(handler).bind(object())
    except TypeError:
        return False
    return True


def get(path: str, **options: Unpack[RouteOptions]) -> Callable[[_H], _H]:
    """Answer GET on `path`: `route("GET", path)`.

    ::

        @get("/mugs/{colour}")
        async def mug(request: web.Request) -> web.Response:
            return web.Response(text=request.match_info["colour"])
    """
    return route(hdrs.METH_GET, path, **options)


def post(path: str, **options: Unpack[RouteOptions]) -> Callable[[_H], _H]:
    """Answer POST on `path`: `route("POST", path)`."""
    return route(hdrs.METH_POST, path, **options)


def put(path: str, **options: Unpack[RouteOptions]) -> Callable[[_H], _H]:
    """Answer PUT on `path`: `route("PUT", path)`."""
    return route(hdrs.METH_PUT, path, **options)


def delete(path: str, **options: Unpack[RouteOptions]) -> Callable[[_H], _H]:
    """Answer DELETE on `path`: `route("DELETE", path)`."""
    return route(hdrs.METH_DELETE, path, **options)


def patch(path: str, **options: Unpack[RouteOptions]) -> Callable[[_H], _H]:
    """Answer PATCH on `path`: `route("PATCH", path)`."""
    return route(hdrs.METH_PATCH, path, **options)


def route_iter() -> Iterator[tuple[str, str]]:
    """Give the method and path of each decorated route, in the order of registration."""
    return iter(list(_routes))


def mount_routes(
    app: web.Application, tables: Sequence[web.RouteTableDef], guard: Callable[[Handler], Handler]
) -> None:
    """Add the decorated routes and those of `tables` to `app`.

    Args:
        app: What they are added to.
        tables: aiohttp's route tables.
        guard: Put around each handler that is a coroutine function.
    """
    in_tables = {
        (definition.method, definition.path)
        for table in tables
        for definition in table
        if isinstance(definition, web.RouteDef)
    }
    for (method, path), entry in _routes.items():
        options: RouteOptions = {"expect_handler": meet_expectation, **entry.options}
        handler = guard(entry.handler)
        app.router.add_route(method, path, handler, **options)
        heads = {(hdrs.METH_HEAD, path), (hdrs.METH_ANY, path)}
        if method == hdrs.METH_GET and not heads & (_routes.keys() | in_tables):
            app.router.add_route(hdrs.METH_HEAD, path, handler, **options)
    for table in tables:
        app.add_routes(_guarded(definition, guard) for definition in table)


def _guarded(definition: web.AbstractRouteDef, guard: Callable[[Handler], Handler]) -> web.AbstractRouteDef:
    options = {"expect_handler": meet_expectation}
    match definition:
        case web.RouteDef(method, path, handler, kwargs):
            # The errors of a view, which is a class, are answered by the outermost middleware alone.
            guarded = guard(handler) if inspect.iscoroutinefunction(handler) else handler
            return web.RouteDef(method, path, guarded, options | kwargs)
        case web.StaticDef(prefix, path, kwargs):
            return web.StaticDef(prefix, path, options | kwargs)
        case _:
            return definition


def check_path_parameters(app: web.Application) -> None:
    """Refuse a route whose path lacks a variable part that its handler reads.

    A handler tells which it reads by its attribute `__ponty_path_parameters__`, an iterable of names.

    Raises:
        TypeError: A part is missing; without this, each request to the route would be a 500.
    """
    for entry in app.router.routes():
        wanted = frozenset[str](getattr(entry.handler, "__ponty_path_parameters__", ()))
        if not wanted or entry.resource is None:
            continue
        pattern = entry.resource.get_info().get("pattern")
        missing = wanted - (pattern.groupindex.keys() if pattern else set())
        if missing:
            raise TypeError(
                f"{entry.method} {entry.resource.canonical}: the path has no variable part "
                f"{', '.join(map(repr, sorted(missing)))}, which {_name(entry.handler)!r} reads"
            )


def _name(handler: object) -> str:
    return getattr(handler, "__qualname__", None) or repr(handler)
