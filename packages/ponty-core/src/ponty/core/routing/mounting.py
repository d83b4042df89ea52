"""Mounting: tables of routes become resources of an application's router.

Each handler is wrapped, from the inside out, in a guard that answers its errors, in each middleware of its tables with
a guard for the errors of that middleware, and in the limit for its bodies. This is done once, here, not for each
request.
"""

import functools
import inspect
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Sequence

import msgspec
from aiohttp import hdrs, web
from aiohttp.abc import AbstractView
from aiohttp.typedefs import Middleware

from ponty.core.routing.body_limit import limited, mark_limit
from ponty.core.routing.conflicts import Candidate, check_conflicts
from ponty.core.routing.expect_continue import meet_expectation
from ponty.core.routing.path_group import PathGroup
from ponty.core.routing.paths import Path, read_path
from ponty.core.routing.route import ExpectHandler, Handler, Route, name_of
from ponty.core.routing.table import Routes, routes

Guard = Callable[[Handler], Handler]
"""Wrap a handler so that its errors are answered."""

_FEW = 8
"""The most dynamic paths with the same literal beginning that are tried one after another."""


def listed_tables(tables: Routes | Iterable[Routes] | None) -> tuple[Routes, ...]:
    """Return the tables to serve: the default table if none are given.

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
            raise TypeError(f"routes must be a list of tables, such as routes=[table], not {name_of(table)!r}")
    return listed


class _Mount(msgspec.Struct, frozen=True, kw_only=True):
    """A route on its way into the router."""

    method: str
    path: Path
    handler: Handler | type[AbstractView]
    title: str
    name: str | None
    expect_handler: ExpectHandler
    with_head: bool
    """Whether it also answers HEAD, if no other route does."""


def mount(
    app: web.Application, tables: Sequence[Routes], route_tables: Sequence[web.RouteTableDef], guard: Guard
) -> tuple[tuple[str, str], ...]:
    """Add all routes of `tables`, then those of `route_tables`, to `app`.

    Args:
        app: The application.
        tables: Ponty's tables.
        route_tables: aiohttp's tables.
        guard: Wraps each handler that is a coroutine function.

    Returns:
        The method and path of each route.

    Raises:
        TypeError: A route is never reached.
        ValueError: A path is not valid.
    """
    mounts = [_of_entry(entry, guard) for table in tables for entry in table]
    definitions = [definition for table in route_tables for definition in table]
    others = [_of_definition(one, guard) if isinstance(one, web.RouteDef) else one for one in definitions]
    every = [*mounts, *(one for one in others if isinstance(one, _Mount))]
    check_conflicts([Candidate(one.method, one.path, one.title) for one in every])
    taken = {(one.method, one.path.text) for one in every}
    router = _Router(app.router, every)
    for one in [*mounts, *others]:
        if not isinstance(one, _Mount):
            router.pass_on(one)
            continue
        router.add(one)
        if one.with_head and taken.isdisjoint({(hdrs.METH_HEAD, one.path.text), (hdrs.METH_ANY, one.path.text)}):
            router.add(msgspec.structs.replace(one, method=hdrs.METH_HEAD))
    static = [(hdrs.METH_GET, f"{one.prefix}/{{filename}}") for one in others if isinstance(one, web.StaticDef)]
    return (*((one.method, one.path.text) for one in every), *static)


class _Router:
    """Adds routes to aiohttp's router; routes that it would not find, or not quickly, are added in groups."""

    def __init__(self, router: web.UrlDispatcher, mounts: Iterable[_Mount]) -> None:
        self._router = router
        self._groups: dict[str, PathGroup] = {}
        paths = {one.path.text: one.path.key for one in mounts if one.path.literal is None}
        self._crowded = {key for key, count in Counter(paths.values()).items() if count > _FEW}

    def is_simple(self, one: _Mount) -> bool:
        """Return whether aiohttp finds the route by itself, and quickly."""
        path = one.path
        if path.literal is not None:
            return path.is_plain
        return path.is_plain and path.longest is None and (one.name is not None or path.key not in self._crowded)

    def pass_on(self, definition: web.AbstractRouteDef) -> None:
        """Add a definition that is not a route: files, or a class of the program."""
        self._groups.clear()
        if isinstance(definition, web.StaticDef):
            definition = web.StaticDef(
                definition.prefix, definition.path, {"expect_handler": meet_expectation} | definition.kwargs
            )
        definition.register(self._router)

    def add(self, one: _Mount) -> None:
        """Add a route after those that were added before."""
        key = one.path.key
        if one.path.literal is not None or self.is_simple(one):
            # Later routes under the same key must be tried later, so the next group is a new one.
            self._groups.pop(key, None)
            self._router.add_route(
                one.method,
                one.path.literal or one.path.text,
                one.handler,
                name=one.name,
                expect_handler=one.expect_handler,
            )
            return
        group = self._groups.get(key)
        if group is None or not group.takes(one.path, one.name):
            group = self._groups[key] = PathGroup(key, name=one.name)
            self._router.register_resource(group)
        group.add(one.method, one.path, one.handler, one.expect_handler)


def _of_entry(entry: Route, guard: Guard) -> _Mount:
    title = f"{name_of(entry.handler)!r} ({entry.source})"
    path = _path(entry.path, entry.method, title)
    return _Mount(
        method=entry.method,
        path=path,
        handler=composed(entry, guard),
        title=title,
        name=entry.name,
        expect_handler=entry.expect_handler or meet_expectation,
        with_head=entry.method == hdrs.METH_GET,
    )


def _of_definition(definition: web.RouteDef, guard: Guard) -> _Mount:
    handler, options = definition.handler, dict(definition.kwargs)
    method = definition.method.upper()
    title = f"{name_of(handler)!r} ({_source(handler)})"
    made = _Mount(
        method=method,
        path=_path(definition.path or "/", method, title),  # for aiohttp, an empty path is the root
        # The errors of a view, which is a class, are only answered by the outermost middleware.
        handler=guard(handler) if inspect.iscoroutinefunction(handler) else handler,
        title=title,
        name=options.pop("name", None),
        expect_handler=options.pop("expect_handler", None) or meet_expectation,
        with_head=method == hdrs.METH_GET and options.pop("allow_head", True),
    )
    if options:
        raise TypeError(f"{method} {definition.path}: {title}: a route takes no {', '.join(map(repr, options))}")
    return made


def _path(text: str, method: str, title: str) -> Path:
    try:
        return read_path(text)
    except ValueError as error:
        raise ValueError(f"{method} {text or '(nothing)'}: {title}: {error}") from None


def _source(handler: object) -> str:
    """Return the file and line of a handler, or only its module if a decorator of another file wraps it."""
    module = sys.modules.get(getattr(handler, "__module__", ""))
    code = getattr(inspect.unwrap(handler) if callable(handler) else handler, "__code__", None)
    file = getattr(module, "__file__", None)
    if code is not None and code.co_filename == (file or code.co_filename):
        return f"{code.co_filename}:{code.co_firstlineno}"
    return str(file or getattr(handler, "__module__", "?"))


def composed(entry: Route, guard: Guard) -> Handler:
    """Return the handler of a route, wrapped in its guards, its middlewares and its limit."""
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


def check_path_parameters(app: web.Application) -> None:
    """Refuse a route whose path lacks a variable part that its handler reads.

    The attribute `__ponty_path_parameters__` of a handler lists the names of the parts that it reads.

    Raises:
        TypeError: A part is missing, so each request to the route would be a 500.
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
