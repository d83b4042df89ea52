"""Tables of routes: which coroutine answers which method and path.

A table has routes and includes other tables, in one order. An included table is read when the table itself is read, by
`build_app` or by iterating, so routes that were added to it later are found. A circle of tables cannot arise, since
`include` refuses the table that would close it.
"""

import contextlib
import inspect
from collections.abc import Callable, Generator, Iterator, Sequence
from typing import Protocol, TypeVar, Unpack

import msgspec
from aiohttp import hdrs
from aiohttp.typedefs import Middleware

from ponty.core.routing.route import (
    Handler,
    Route,
    RouteOptions,
    is_redefinition,
    listed,
    listed_middlewares,
    make_route,
    name_of,
)

_H = TypeVar("_H", bound=Handler)


class _Inclusion(msgspec.Struct, frozen=True):
    table: "Routes"
    prefix: str


class Routes:
    r"""A table of routes, to be served by `build_app(routes=[...])` or included in another table.

    ::

        orders = Routes("/orders", tags=["orders"])

        @orders.get("")
        async def list_orders(request: web.Request) -> web.Response: ...

        @orders.get(r"/{number:\d+}")
        async def order(request: web.Request) -> web.Response: ...

        v1 = Routes("/v1")
        v1.include(orders)
        assert [route.path for route in v1] == ["/v1/orders", r"/v1/orders/{number:\d+}"]

    Use a table for each part of a larger program. Iterating yields a `Route` for each route of the table and of the
    tables that it includes, in the order of registration.

    Args:
        prefix: The beginning of all paths of the table. It may have variable parts, and does not end with a slash.
        tags: Tags for descriptions, which come before the tags of each route.
        middlewares: aiohttp's middlewares around each handler of the table, the outermost first. Those of included
            tables are inside of these. As in an application, they get answers and no exceptions: if a handler or an
            inner middleware raises, the outer one gets the answer.

    Raises:
        TypeError: `tags` or `middlewares` is not a list.
        ValueError: The prefix does not begin with a slash, or ends with one.
    """

    def __init__(self, prefix: str = "", *, tags: Sequence[str] = (), middlewares: Sequence[Middleware] = ()) -> None:
        _check_prefix(prefix)
        self._prefix = prefix
        self._tags = listed("tags", tags)
        self._middlewares = listed_middlewares(middlewares)
        self._routes: dict[object, Route | _Inclusion] = {}

    def route(self, method: str, path: str, **options: Unpack[RouteOptions]) -> Callable[[_H], _H]:
        """Answer `method` on `path` with the decorated coroutine function.

        The function itself is returned unchanged. A route for GET also answers HEAD (RFC 9110 §9.3.2), and OPTIONS is
        answered with the methods of the path (§9.3.7), unless HEAD or OPTIONS has a route there. If the same function
        is defined again, by a notebook's cell or a reload, it replaces the earlier one.

        ::

            @route("OPTIONS", "/mugs/{colour}")
            async def options(request: web.Request) -> web.Response:
                return web.Response(headers={"Allow": "GET, OPTIONS"})

        Args:
            method: An HTTP method, or `"*"` for all methods.
            path: A path in aiohttp's syntax; `{name}` and `{name:regex}` are variable parts. It is appended to the
                prefix of the table; an empty path is the prefix itself.
            **options: `name` and `expect_handler` of aiohttp's `add_route`. `max_size`: the most bytes that a body may
                have, instead of the application's `client_max_size`. `middlewares`: middlewares around the handler, the
                outermost first, inside of those of the table. For descriptions: `summary`, a line; `description`, by
                default the docstring; `tags`; `deprecated`; `hidden`, for a route that is not described;
                `operation_id`; `raises`, the classes of PontyError that the handler may raise.

        Raises:
            TypeError: The function is not a coroutine function, or takes other arguments than a request; the method and
                path have a handler already; there is no path; or an option is unknown.
            ValueError: The path does not begin with a slash, or `max_size` is not more than 0.
        """
        method = method.upper()
        if not isinstance(path, str):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise TypeError(f"a route needs a path, such as @{method.lower()}('/hello'), not {name_of(path)!r}")

        def register(handler: _H) -> _H:
            if path and not path.startswith("/"):
                raise ValueError(f"{method} {path}: the path of {name_of(handler)!r} does not begin with a slash")
            made = make_route(method, path, handler, _caller(), options)
            earlier = self._routes.get((method, path))
            if isinstance(earlier, Route) and not is_redefinition(handler, earlier.handler):
                raise TypeError(
                    f"{method} {path}: {name_of(handler)!r} is a second handler; {name_of(earlier.handler)!r} "
                    f"answers it already ({earlier.source})"
                )
            self._routes[method, path] = made
            with contextlib.suppress(AttributeError):  # the function may not take attributes
                handler.__ponty_routed__ = f"{method} {path}"  # type: ignore[attr-defined]  # see check_not_routed
            return handler

        return register

    def get(self, path: str, **options: Unpack[RouteOptions]) -> Callable[[_H], _H]:
        """Answer GET on `path`: `route("GET", path)`.

        ::

            @get("/mugs/{colour}")
            async def mug(request: web.Request) -> web.Response:
                return web.Response(text=request.match_info["colour"])
        """
        return self.route(hdrs.METH_GET, path, **options)

    def post(self, path: str, **options: Unpack[RouteOptions]) -> Callable[[_H], _H]:
        """Answer POST on `path`: `route("POST", path)`."""
        return self.route(hdrs.METH_POST, path, **options)

    def put(self, path: str, **options: Unpack[RouteOptions]) -> Callable[[_H], _H]:
        """Answer PUT on `path`: `route("PUT", path)`."""
        return self.route(hdrs.METH_PUT, path, **options)

    def delete(self, path: str, **options: Unpack[RouteOptions]) -> Callable[[_H], _H]:
        """Answer DELETE on `path`: `route("DELETE", path)`."""
        return self.route(hdrs.METH_DELETE, path, **options)

    def patch(self, path: str, **options: Unpack[RouteOptions]) -> Callable[[_H], _H]:
        """Answer PATCH on `path`: `route("PATCH", path)`."""
        return self.route(hdrs.METH_PATCH, path, **options)

    def websocket(self, path: str, **options: Unpack[RouteOptions]) -> Callable[[_H], _H]:
        """Answer the handshake of a websocket on `path`: `route("GET", path)`, since the handshake is a GET (RFC 6455).

        The handler has the decorator `accept_socket` of `ponty.request`, or it is a handler of bare aiohttp that
        returns an `aiohttp.web.WebSocketResponse`.
        """
        return self.route(hdrs.METH_GET, path, **options)

    def include(self, other: "Routes", *, prefix: str = "") -> None:
        """Include the routes of another table in this one, also routes that are added to it later.

        You can include a table in several others, and under several prefixes.

        Args:
            other: The table to include.
            prefix: A prefix between that of this table and that of the other one.

        Raises:
            TypeError: `other` is not a table.
            ValueError: `other` is this table, includes it, or is included under this prefix already; or the prefix does
                not begin with a slash, or ends with one.
        """
        if not isinstance(other, Routes):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise TypeError(f"include takes a table of routes, not {name_of(other)!r}")
        _check_prefix(prefix)
        if other.includes(self):
            raise ValueError("a table cannot include itself, nor a table that includes it")
        if (other, prefix) in self._routes:
            raise ValueError(f"the table is included already, under {prefix or 'no prefix'!r}")
        self._routes[other, prefix] = _Inclusion(other, prefix)

    @contextlib.contextmanager
    def emptied(self) -> Generator["Routes"]:
        """Empty the table while the block runs, and restore its routes after that.

        Use it to give each test an empty default table::

            @pytest.fixture(autouse=True)
            def no_routes():
                with routes.emptied():
                    yield
        """
        before = self._routes
        self._routes = {}
        try:
            yield self
        finally:
            self._routes = before

    def includes(self, other: "Routes") -> bool:
        """Return whether `other` is this table, or included in it at any depth."""
        return other is self or any(
            entry.table.includes(other) for entry in self._routes.values() if isinstance(entry, _Inclusion)
        )

    def __iter__(self) -> Iterator[Route]:
        for entry in tuple(self._routes.values()):
            if isinstance(entry, _Inclusion):
                for included in entry.table:
                    yield self._within(entry.prefix, included)
            else:
                yield self._within("", entry)

    def __repr__(self) -> str:
        return f"<Routes {self._prefix or '/'}>"

    def _within(self, prefix: str, entry: Route) -> Route:
        """Return a route of this table, or of one that is included under `prefix`, as it is in this table."""
        return msgspec.structs.replace(
            entry,
            path=self._prefix + prefix + entry.path,
            tags=tuple(dict.fromkeys(self._tags + entry.tags)),
            middlewares=self._middlewares + entry.middlewares,
        )


def _check_prefix(prefix: str) -> None:
    if prefix and (not prefix.startswith("/") or prefix.endswith("/")):
        raise ValueError(f"a prefix must begin with a slash and not end with one, such as '/v1', not {prefix!r}")


def _caller() -> str:
    """Return the file and line of the program that called into Ponty.

    If Ponty makes a route for the program, as `handle` and `health` do, that is the line where the program called them.
    """
    frame = inspect.currentframe()
    while frame and str(frame.f_globals.get("__name__")).startswith("ponty."):
        frame = frame.f_back
    return f"{frame.f_code.co_filename}:{frame.f_lineno}" if frame else "?"


routes: Routes = Routes()
"""The default table of routes, whose methods are `get` and the other shorthands.

An application serves it unless other tables are given."""


class RouteMethod(Protocol):
    """The type of `route`."""

    def __call__(self, method: str, path: str, **options: Unpack[RouteOptions]) -> Callable[[_H], _H]:
        """Answer `method` on `path` with the decorated coroutine function."""
        ...


class Shorthand(Protocol):
    """The type of `get` and the other shorthands."""

    def __call__(self, path: str, **options: Unpack[RouteOptions]) -> Callable[[_H], _H]:
        """Answer one method on `path` with the decorated coroutine function."""
        ...


route: RouteMethod = routes.route
get: Shorthand = routes.get
post: Shorthand = routes.post
put: Shorthand = routes.put
delete: Shorthand = routes.delete
patch: Shorthand = routes.patch
websocket: Shorthand = routes.websocket


def route_iter(*tables: Routes) -> Iterator[tuple[str, str]]:
    """Yield the method and path of each route, in the order of registration.

    Args:
        *tables: The tables; the default table if none is given.
    """
    return iter([(entry.method, entry.path) for table in tables or (routes,) for entry in table])
