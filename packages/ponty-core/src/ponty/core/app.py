"""`build_app`: the application, made of routes, providers and what answers errors."""

import inspect
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal

from aiohttp import web
from aiohttp.typedefs import Middleware

from ponty.core.errors.answer_settings import AnswerSettings, Envelope, ErrorAnswer
from ponty.core.lifecycle.handler_needs import check_app_keys, replace_fields
from ponty.core.lifecycle.providers import Provider, lifespan, listed
from ponty.core.lifecycle.stopping import watch_stopping
from ponty.core.middlewares.error_middleware import answer_errors, answering, answering_for_others
from ponty.core.responses.noted_headers import add_noted_headers
from ponty.core.routing.mounting import check_path_parameters, listed_tables, mount
from ponty.core.routing.route import Route
from ponty.core.routing.table import Routes
from ponty.core.routing.unmatched import Unmatched
from ponty.core.written import written_signature

MOUNTED = web.AppKey("MOUNTED", tuple[tuple[str, str], ...])
"""Where an application keeps the method and path of each route that it was built with."""

_RECORDS = web.AppKey("_RECORDS", tuple[Route, ...])


def build_app(
    *,
    routes: Routes | Iterable[Routes] | None = None,
    providers: Iterable[Provider] = (),
    route_tables: Iterable[web.RouteTableDef] = (),
    middlewares: Sequence[Middleware] = (),
    client_max_size: int = 1024**2,
    envelope: Envelope | Literal[False] | None = None,
    errors: Mapping[type[Exception], ErrorAnswer] | None = None,
    answer_invalid: ErrorAnswer | None = None,
    check_returns: int | Literal["raise"] = 1,
    fields: Mapping[Any, object] | None = None,
) -> web.Application:
    """Build the application that `startmeup` serves, without serving it.

    It suits tests, gunicorn's aiohttp worker, and `add_subapp` of a larger application.

    ::

        async def test_an_unknown_path(aiohttp_client):
            client = await aiohttp_client(build_app())
            assert (await client.get("/nothing")).status == 404

    Args:
        routes: The tables of routes to serve; None is the default table alone.
        providers: What the application needs while it runs; started in order, stopped in reverse.
        route_tables: aiohttp's route tables, mounted behind the others.
        middlewares: aiohttp's middlewares, the outermost first. What a handler raises, and what no route matches,
            reaches them as an answer; so does what a middleware within raises. Those of a table stand within these.
        client_max_size: The most bytes a request's body may have; a larger one is a 413.
        envelope: Makes the documents of answers in place of Ponty's envelope: a function of the value, the milliseconds
            that its handler took, and the milliseconds since the epoch. False for the values themselves.
        errors: Answers to exceptions of a class and those derived from it: a status, for a problem document, or a
            function of the request and the error that returns the response. The nearest class counts. What no route
            matches is aiohttp's `HTTPNotFound` or `HTTPMethodNotAllowed`, and a body that is announced as too large its
            `HTTPRequestEntityTooLarge`.
        answer_invalid: The answer to an invalid request that would be a 400, likewise; the function gets the
            `ValidationError` with its faults. For its other statuses, as a guard's 401, there is `errors`.
        check_returns: In one of so many answers, a value that differs from what `render_json(returns=…)` declares is
            logged and counted (`answer_drift`); 0 for none. With "raise", as in tests, it is an unhandled TypeError.
        fields: For tests: what takes the place of fields of requests, by the field itself or by a class of fields. A
            field is read in its place; anything else is its value.

    Raises:
        TypeError: A provider is not an async generator function, `middlewares` is no list or lists a function that
            makes one, a path lacks a variable part that its handler reads, or `routes` lists what is no table.
        ValueError: A path is not one, an answer has no status that there is, or no handler has one of the
            `fields`.
        RuntimeError: When the application starts, and its providers have not put into it what its handlers read.
    """
    if callable(middlewares):
        raise TypeError("middlewares is a list, as middlewares=[request_ids()], not one middleware")
    for middleware in middlewares:
        _check_middleware(middleware)
    settings = AnswerSettings(envelope, {**errors} if errors else {}, answer_invalid, check_returns)
    guard = answering(settings)
    tables = listed_tables(routes)
    entries = [entry for table in tables for entry in table]
    # What a route of a table brings along for the whole application, as that of `metrics` does.
    around = [found for entry in entries if (found := getattr(entry.handler, "__ponty_around_all__", None)) is not None]
    for entry in entries:
        for middleware in entry.middlewares:
            if (check := getattr(middleware, "__ponty_check_route__", None)) is not None:
                check(entry)
    app = web.Application(
        middlewares=[answer_errors(settings), *answering_for_others([*around, *middlewares], settings)],
        client_max_size=client_max_size,
    )
    for entry in entries:
        join = getattr(entry.handler, "__ponty_joins__", None)
        if join is not None:
            join(app)
    app.cleanup_ctx.append(lifespan((*listed(providers), check_app_keys)))
    watch_stopping(app)
    if middlewares or any(entry.middlewares for entry in entries):
        app.on_response_prepare.append(add_noted_headers)
    app[MOUNTED] = mount(app, tables, tuple(route_tables), guard)
    app[_RECORDS] = tuple(entries)
    app.router.register_resource(Unmatched(app.router, guard, raises=settings.answers_errors()))
    check_path_parameters(app)
    if fields:
        replace_fields(app, fields)
    return app


def _check_middleware(middleware: object) -> None:
    """Refuse a function that makes a middleware, in place of what it makes, and one that is for routes alone."""
    if (name := getattr(middleware, "__ponty_only_for_routes__", None)) is not None:
        raise TypeError(
            f"{name} is for routes, as Routes(middlewares=[{name}(…)]) or post(path, middlewares=[{name}(…)]), "
            "not for an application"
        )
    if inspect.isfunction(middleware) and not inspect.iscoroutinefunction(middleware):
        parameters = written_signature(middleware).parameters.values()
        if sum(parameter.kind is not parameter.KEYWORD_ONLY for parameter in parameters) != 2:
            name = middleware.__name__
            raise TypeError(
                f"middlewares lists what {name!r} makes, as middlewares=[{name}()], not the function itself"
            )


def routes_of(app: web.Application) -> tuple[Route, ...]:
    """Return the records of the routes that an application was built with, in the order of registration.

    ::

        for route in routes_of(build_app()):
            print(route.method, route.path, route.source)

    Routes of aiohttp's own tables have no record.

    Args:
        app: An application; one that `build_app` has not made has none.
    """
    return app.get(_RECORDS, ())
