"""`build_app` makes an application from routes, providers, and answers to errors."""

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
"""The key of an application under which the method and path of each of its routes are kept."""

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

    Use it in tests, for gunicorn's aiohttp worker, and for `add_subapp` of a larger application.

    ::

        async def test_an_unknown_path(aiohttp_client):
            client = await aiohttp_client(build_app())
            assert (await client.get("/nothing")).status == 404

    Args:
        routes: The tables of routes to serve; None stands for the default table alone.
        providers: What the application needs while it runs. Providers start in order and stop in reverse.
        route_tables: aiohttp's route tables, mounted after the others.
        middlewares: aiohttp's middlewares, the outermost first. They see answers and no exceptions: also if a handler
            or an inner middleware raises, or no route matches. The middlewares of tables are inside of these.
        client_max_size: The most bytes that the body of a request may have; a larger body is a 413.
        envelope: A function that makes the documents of answers instead of Ponty's envelope. It gets the value, the
            milliseconds that the handler took, and the time when it was done, in milliseconds since the epoch. False
            for no envelope.
        errors: Answers to exceptions, by their class: a status, which is sent as a problem document, or a function of
            the request and the error that returns the response. A class also stands for its subclasses; the nearest
            one counts. If no route matches, the error is aiohttp's `HTTPNotFound` or `HTTPMethodNotAllowed`; for a body
            that is announced as too large, it is `HTTPRequestEntityTooLarge`.
        answer_invalid: The answer to invalid requests that would be a 400, as in `errors`. A function gets the
            `ValidationError` with its faults. Use `errors` for invalid requests with another status, such as a guard's
            401.
        check_returns: One of this many answers is checked: if its value differs from the type that
            `render_json(returns=…)` declares, that is logged and counted (`answer_drift`). 0 checks none. With "raise",
            for tests, all are checked, and a difference is an unhandled TypeError.
        fields: For tests: replacements for fields of requests. A key is a field or a class of fields. A value that is a
            field is read instead; any other value is the value of the field.

    Raises:
        TypeError: A provider is not an async generator function, `middlewares` is not a list or lists a function that
            makes a middleware, a path lacks a variable part that its handler reads, or `routes` lists something that
            is not a table.
        ValueError: A path is not valid, an answer has a status outside 200 to 599, or no handler has one of the
            `fields`.
        RuntimeError: When the application starts: its providers have not set a key that its handlers read.
    """
    if callable(middlewares):
        raise TypeError("middlewares must be a list, such as middlewares=[request_ids()], not one middleware")
    for middleware in middlewares:
        _check_middleware(middleware)
    settings = AnswerSettings(envelope, {**errors} if errors else {}, answer_invalid, check_returns)
    guard = answering(settings)
    tables = listed_tables(routes)
    entries = [entry for table in tables for entry in table]
    # A route may bring along a middleware for the whole application, as the route of `metrics` does.
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
    """Refuse a function that makes a middleware and was not called, and a middleware that is only for routes."""
    if (name := getattr(middleware, "__ponty_only_for_routes__", None)) is not None:
        raise TypeError(
            f"{name} is for routes, not for an application: use Routes(middlewares=[{name}(…)]) or "
            f"post(path, middlewares=[{name}(…)])"
        )
    if inspect.isfunction(middleware) and not inspect.iscoroutinefunction(middleware):
        parameters = written_signature(middleware).parameters.values()
        if sum(parameter.kind is not parameter.KEYWORD_ONLY for parameter in parameters) != 2:
            name = middleware.__name__
            raise TypeError(f"middlewares lists what {name!r} returns: middlewares=[{name}()], not the function itself")


def routes_of(app: web.Application) -> tuple[Route, ...]:
    """Return the records of an application's routes, in the order of registration.

    ::

        for route in routes_of(build_app()):
            print(route.method, route.path, route.source)

    Use it for tools that list or describe routes. Routes of aiohttp's own tables have no record.

    Args:
        app: An application. If `build_app` did not make it, the result is empty.
    """
    return app.get(_RECORDS, ())
