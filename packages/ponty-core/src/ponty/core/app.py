"""`build_app`: the application, made of routes, providers and what answers errors."""

from collections.abc import Iterable, Sequence

from aiohttp import web
from aiohttp.typedefs import Middleware

from ponty.core.answers.error_middleware import answer_errors, answering
from ponty.core.lifecycle.providers import Provider, lifespan, listed
from ponty.core.routing.routes import check_path_parameters, mount_routes
from ponty.core.routing.unmatched import Unmatched
from ponty.core.wire.arriving_bodies import ArrivingBodies

ARRIVING_BODIES = web.AppKey("ARRIVING_BODIES", ArrivingBodies)
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
        middlewares: aiohttp's middlewares, the outermost first. What a handler raises, and what no route matches,
            reaches them as an answer; what they raise themselves is answered as what a handler raises.
        client_max_size: The most bytes a request's body may have; a larger one is a 413.

    Raises:
        TypeError: A provider is not an async generator function, or a path lacks a variable part that its handler
            reads.
    """
    arriving = ArrivingBodies()
    app = web.Application(middlewares=[answer_errors(arriving), *middlewares], client_max_size=client_max_size)
    app[ARRIVING_BODIES] = arriving
    app.cleanup_ctx.append(lifespan(listed(providers)))
    mount_routes(app, tuple(route_tables), answering)
    app.router.register_resource(Unmatched(app.router, answering))
    check_path_parameters(app)
    return app
