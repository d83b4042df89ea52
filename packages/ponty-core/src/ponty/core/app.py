"""`build_app`: the application, made of routes, providers and the middleware that answers errors."""

import functools
from collections.abc import Iterable, Sequence

from aiohttp import web
from aiohttp.typedefs import Middleware

from ponty.core.answers import answer_errors, guard
from ponty.core.closing import Unmatched, can_close
from ponty.core.providers import Provider, lifespan, listed
from ponty.core.routing import Handler, check_path_parameters, mount_routes
from ponty.core.uploads import Uploads

UPLOADS = web.AppKey("UPLOADS", Uploads)
"""Where an application keeps the requests whose body is still arriving."""


def build_app(
    *,
    providers: Iterable[Provider] = (),
    route_tables: Iterable[web.RouteTableDef] = (),
    middlewares: Sequence[Middleware] = (),
    client_max_size: int = 1024**2,
) -> web.Application:
    """Build the application that `startmeup` serves, without serving it.

    It suits tests, gunicorn's aiohttp worker, and `add_subapp` of a larger application.

    ::

        async def test_an_unknown_path(aiohttp_client):
            client = await aiohttp_client(build_app())
            assert (await client.get("/nothing")).status == 404

    Args:
        providers: What the application needs while it runs; started in order, stopped in reverse.
        route_tables: aiohttp's route tables, mounted beside the decorated routes.
        middlewares: aiohttp's middlewares, the outermost first. What they raise is answered as what a handler raises.
        client_max_size: The most bytes a request's body may have; a larger one is a 413.

    Raises:
        TypeError: A provider is not an async generator function, or a path lacks a variable part that its handler
            reads.
    """
    return _assemble(listed(providers), tuple(route_tables), tuple(middlewares), client_max_size, closed=False)


def build_closed_app(
    *,
    providers: Iterable[Provider] = (),
    route_tables: Iterable[web.RouteTableDef] = (),
    middlewares: Sequence[Middleware] = (),
    client_max_size: int = 1024**2,
) -> web.Application:
    """Build the application that nobody adds to; see `build_app` and `ponty.core.closing`."""
    tables, middlewares = tuple(route_tables), tuple(middlewares)
    closed = can_close(tables, middlewares)
    return _assemble(listed(providers), tables, middlewares, client_max_size, closed=closed)


def _assemble(
    providers: tuple[Provider, ...],
    tables: tuple[web.RouteTableDef, ...],
    middlewares: tuple[Middleware, ...],
    client_max_size: int,
    *,
    closed: bool,
) -> web.Application:
    uploads = Uploads()
    if closed:
        app = web.Application(client_max_size=client_max_size)

        def guarded(handler: Handler) -> Handler:
            return functools.update_wrapper(guard(handler, (app,), uploads), handler)

        mount_routes(app, tables, guarded)
        app.router.register_resource(Unmatched(app.router, guarded))
    else:
        app = web.Application(middlewares=[answer_errors(uploads), *middlewares], client_max_size=client_max_size)
        mount_routes(app, tables)
    app[UPLOADS] = uploads
    app.cleanup_ctx.append(lifespan(providers))
    check_path_parameters(app)
    return app
