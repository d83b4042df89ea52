"""Tables of routes become resources of an application's router.

Around each handler stand, from the inside: what answers its errors, then each middleware of its tables with what
answers the errors of that, then the limit of its bodies. All of it is put together once, here, not for each request.
"""

import functools
import inspect
from collections.abc import Callable, Iterable, Iterator, Sequence

from aiohttp import hdrs, web
from aiohttp.typedefs import Middleware

from ponty.core.routing.body_limit import limited, mark_limit
from ponty.core.routing.expect_continue import meet_expectation
from ponty.core.routing.route import Handler, Route, name_of
from ponty.core.routing.table import Routes, routes

Guard = Callable[[Handler], Handler]
"""Puts around a handler what answers its errors."""


def listed_tables(tables: Routes | Iterable[Routes] | None) -> tuple[Routes, ...]:
    """Return the tables to serve: the default table where there are none.

    Raises:
        TypeError: One of them is not a table.
    """
    if tables is None:
        return (routes,)
    if isinstance(tables, Routes):
        return (tables,)
    listed = tuple(tables)
    for table in listed:
        if not isinstance(table, Routes):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise TypeError(f"routes lists tables of routes, as routes=[table], not {name_of(table)!r}")
    return listed


def mount(
    app: web.Application, tables: Sequence[Routes], route_tables: Sequence[web.RouteTableDef], guard: Guard
) -> tuple[tuple[str, str], ...]:
    """Add all routes of `tables`, then those of `route_tables`, to `app`.

    Args:
        app: What they are added to.
        tables: Ponty's tables.
        route_tables: aiohttp's.
        guard: Put around each handler that is a coroutine function.

    Returns:
        Method and path of each.

    Raises:
        ValueError: A path is empty.
    """
    entries = [entry for table in tables for entry in table]
    definitions = [definition for table in route_tables for definition in table]
    mounted = [(entry.method, entry.path) for entry in entries]
    mounted += [named for definition in definitions for named in _named(definition)]
    taken = set(mounted)
    for entry in entries:
        if not entry.path:
            raise ValueError(f"{entry.method}: the path of {name_of(entry.handler)!r} is empty ({entry.source})")
        handler = composed(entry, guard)
        expect_handler = entry.expect_handler or meet_expectation
        app.router.add_route(entry.method, entry.path, handler, name=entry.name, expect_handler=expect_handler)
        heads = {(hdrs.METH_HEAD, entry.path), (hdrs.METH_ANY, entry.path)}
        if entry.method == hdrs.METH_GET and not heads & taken:
            app.router.add_route(hdrs.METH_HEAD, entry.path, handler, name=entry.name, expect_handler=expect_handler)
    app.add_routes(_guarded(definition, guard) for definition in definitions)
    return tuple(mounted)


def composed(entry: Route, guard: Guard) -> Handler:
    """Put around the handler of a route all that stands around it."""
    handler = entry.handler
    for middleware in reversed(entry.middlewares):
        handler = _within(middleware, guard(handler))
    if entry.max_size is not None:
        handler = limited(handler, entry.max_size)
    return mark_limit(guard(handler), entry.max_size)


def _within(middleware: Middleware, handler: Handler) -> Handler:
    async def run(request: web.Request) -> web.StreamResponse:
        return await middleware(request, handler)

    return functools.update_wrapper(run, handler)


def _named(definition: web.AbstractRouteDef) -> Iterator[tuple[str, str]]:
    match definition:
        case web.RouteDef(method, path):
            yield method, path
        case web.StaticDef(prefix):
            yield hdrs.METH_GET, f"{prefix}/{{filename}}"
        case _:
            return


def _guarded(definition: web.AbstractRouteDef, guard: Guard) -> web.AbstractRouteDef:
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
                f"{', '.join(map(repr, sorted(missing)))}, which {name_of(entry.handler)!r} reads"
            )
