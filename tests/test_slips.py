"""Slips that beginners make: each is told at import, at start, or at the first request, with what to write instead."""

import dataclasses
import logging
import textwrap

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

import ponty

HEAD = """
import dataclasses
from aiohttp import web
from ponty import *
from ponty.memo import cache, localcache

class Page(Request):
    page = PosIntQueryParameter(default=1)
"""

AT_IMPORT = {
    "render_json above get": (
        """
        @render_json
        @get("/a")
        async def handler(request):
            return 1
        """,
        "@render_json stands above the decorator of the route GET /a, which does not see it: write it below",
    ),
    "expect above get": (
        """
        @expect(Page)
        @get("/a")
        @render_json
        async def handler(page):
            return 1
        """,
        "@expect(Page) on 'handler' stands above the decorator of the route GET /a, which does not see it: swap them",
    ),
    "render_json above expect's route": (
        """
        @render_json(status=201)
        @post("/a")
        @expect(Page)
        async def handler(page):
            return 1
        """,
        "@render_json stands above the decorator of the route POST /a",
    ),
    "no render_json, with an annotation": (
        """
        @get("/a")
        @expect(Page)
        async def handler(page: int) -> dict[str, int]:
            return {"page": page}
        """,
        "GET /a: 'handler' returns 'dict', not a response: @render_json, below the decorator of the route, makes one",
    ),
    "no parameter": (
        """
        @get("/a")
        @render_json
        async def handler():
            return 1
        """,
        "GET /a: 'handler' must take the request as its only argument, not (): @expect(SomeRequest), below the",
    ),
    "no expect": (
        """
        @get("/a")
        @render_json
        async def handler(page, size):
            return 1
        """,
        "GET /a: 'handler' must take the request as its only argument, not (page, size): @expect(SomeRequest)",
    ),
    "no expect, with an annotation": (
        """
        @get("/mugs/{colour}")
        @render_json
        async def handler(colour: str):
            return colour
        """,
        "GET /mugs/{colour}: 'handler' takes 'colour' as str, but is called with the request: @expect(SomeRequest)",
    ),
    "an annotation in the place of a field": (
        """
        class Other(Request):
            page: int = 1

        @get("/a")
        @expect(Other)
        @render_json
        async def handler(page: int):
            return page
        """,
        "the request has nothing more; Other.page is not a field; a field is written as page = QueryParameter(…)",
    ),
    "a lifespan in the place of a provider": (
        """
        import contextlib

        @contextlib.asynccontextmanager
        async def database(app):
            yield

        build_app(providers=[database])
        """,
        "the provider 'database' is a context manager already; leave out @asynccontextmanager",
    ),
    "a context manager in the place of a scope": (
        """
        import contextlib

        @contextlib.asynccontextmanager
        async def transaction(request):
            yield 1

        Scoped(transaction)
        """,
        "Scoped: 'transaction' is a context manager already; leave out @asynccontextmanager",
    ),
    "a scope without the request": (
        """
        async def transaction():
            yield 1

        Scoped(transaction)
        """,
        "Scoped: 'transaction' takes (), and not the request first",
    ),
    "a keyword that pydantic has another name for": (
        "Annotation(ge=1)",
        "Annotation: 'ge' is not a keyword of JSON Schema (did you mean 'minimum'?)",
    ),
    "an option of a description that there is not": (
        "api_docs(title='Mugs', version='1', servres=['https://mugs.example'])",
        "api_docs() has no option 'servres', and neither has the Info Object of OpenAPI",
    ),
    "expect without a class": (
        """
        @get("/a")
        @expect
        @render_json
        async def handler(page):
            return 1
        """,
        "@expect takes a class of fields, as @expect(HelloReq), not 'handler'",
    ),
    "a class that is no Request": (
        """
        class Other:
            page = PosIntQueryParameter(default=1)

        @get("/a")
        @expect(Other)
        @render_json
        async def handler(page):
            return 1
        """,
        "@expect takes a class of fields, as @expect(HelloReq), not 'Other'",
    ),
    "get without a path": (
        """
        @get
        async def handler(request):
            return 1
        """,
        "a route needs a path, such as @get('/hello'), not 'handler'",
    ),
    "a path without a slash": (
        """
        @get("a")
        async def handler(request): ...
        """,
        "GET a: the path of 'handler' does not begin with a slash",
    ),
    "a function that is not async": (
        """
        @get("/a")
        @render_json
        def handler(request):
            return 1
        """,
        "@render_json: 'handler' is not a coroutine function (async def)",
    ),
    "a field's class": (
        """
        class Other(Request):
            page = PosIntQueryParameter
        """,
        "Other.page: PosIntQueryParameter is a class of fields; write PosIntQueryParameter(…)",
    ),
    "a misspelt argument": (
        """
        @get("/a")
        @expect(Page)
        @render_json
        async def handler(pgae):
            return 1
        """,
        "@expect(Page) on 'handler': the handler takes 'pgae', the request has 'page'",
    ),
    "an argument of another type": (
        """
        @get("/a")
        @expect(Page)
        @render_json
        async def handler(page: bytes):
            return 1
        """,
        "@expect(Page) on 'handler': the handler takes 'page' as bytes, the request has it as int",
    ),
    "a default that is no value": (
        """
        class Other(Request):
            order = StringQueryParameter(values=["up", "down"], default="sideways")
        """,
        "StringQueryParameter: the default 'sideways' is not among the values",
    ),
    "a default that is none of the choices": (
        """
        from typing import Literal

        class Other(Request):
            order = QueryParameter(Literal["up", "down"], default="sideways")
        """,
        "QueryParameter: the default 'sideways' is not of the type Literal['up', 'down']",
    ),
    "a default without an offset": (
        """
        import datetime

        class Other(Request):
            since = QueryParameter(datetime.datetime, default=datetime.datetime(2026, 1, 1))
        """,
        "QueryParameter: the default datetime.datetime(2026, 1, 1, 0, 0) is not a date and time with an offset",
    ),
    "content of a 204": (
        """
        @get("/a")
        @render_json(returns=int, status=204)
        async def handler(request):
            return 1
        """,
        "@render_json: an answer with status 204 has no content; leave out `returns`",
    ),
    "tags that are a text": ("Routes('/a', tags='mugs')", "tags must be a list, such as tags=['mugs'], not 'mugs'"),
    "a prefix with a slash behind": (
        "Routes('/a/')",
        "a prefix must begin with a slash and not end with one, such as '/v1'",
    ),
    "one table that is a list": (
        "build_app(routes=['/a'])",
        "routes must be a list of tables, such as routes=[table], not ",
    ),
    "a middleware that is not made": (
        "build_app(middlewares=[request_ids])",
        "middlewares lists what 'request_ids' returns: middlewares=[request_ids()], not the function",
    ),
    "a middleware without a list": (
        "build_app(middlewares=request_ids())",
        "middlewares must be a list, such as middlewares=[request_ids()], not one middleware",
    ),
    "a provider that is called": (
        """
        async def database(app):
            yield

        build_app(providers=[database(None)])
        """,
        "'database' was called; list the function itself: providers=[database]",
    ),
    "a provider without a yield": (
        """
        async def database(app): ...

        build_app(providers=[database])
        """,
        "'database' has no yield: a provider starts something, yields, and stops it",
    ),
    "one provider that is no list": (
        """
        async def database(app):
            yield

        build_app(providers=database)
        """,
        "providers must be a list, such as providers=['database']",
    ),
    "a path that lacks the f of an f-string": (
        """
        class Hello(Request):
            name = StringRouteParameter()

        @get("/hello/{Hello.name}")
        @expect(Hello)
        @render_json
        async def handler(name):
            return 1

        build_app()
        """,
        "'/hello/{Hello.name}' has an invalid variable part: '{Hello.name}'; the f of an f-string is missing",
    ),
    "a path without its variable part": (
        """
        class Hello(Request):
            name = StringRouteParameter()

        @get("/hello")
        @expect(Hello)
        @render_json
        async def handler(name):
            return 1

        build_app()
        """,
        "GET /hello: the path has no variable part 'name', which 'handler' reads",
    ),
    "two handlers of one route": (
        """
        @get("/a")
        async def handler(request): ...

        @get("/a")
        async def other(request): ...
        """,
        "GET /a: 'other' is a second handler; 'handler' answers it already",
    ),
    "a cache of a function that is not async": (
        """
        @localcache()
        def price(product): ...
        """,
        "@localcache on 'price': it is not a coroutine function (async def)",
    ),
    "a port that is a text": ("startmeup(port='8080')", "port must be a whole number from 0 to 65535, not '8080'"),
    "no port": ("startmeup()", "give one of port, path and sock: the TCP port, or a Unix socket, or an open"),
}

AT_A_REQUEST = {
    "no render_json": (
        """
        @get("/a")
        async def handler(request):
            return {"a": 1}
        """,
        "'handler' returned 'dict', not a response: @render_json, below the decorator of the route, makes one of a",
    ),
    "no client": (
        """
        @get("/a")
        @render_json
        async def handler(request):
            async with lease_http_client():
                return 1
        """,
        "no HTTP client named '_default' is running; registered: none; http_client_provider(…) among the providers",
    ),
    "a value that has no form in JSON": (
        """
        @get("/a")
        @render_json
        async def handler(request):
            return object()
        """,
        "cannot encode a 'object' as JSON",
    ),
}


def execute(code):
    namespace = {"__name__": "program"}
    exec(HEAD + textwrap.dedent(code), namespace)


@pytest.mark.parametrize("slip", AT_IMPORT)
def test_a_slip_is_told_before_anything_is_served(slip, routes):
    code, message = AT_IMPORT[slip]
    with pytest.raises((TypeError, ValueError)) as caught:
        execute(code)
    assert message in str(caught.value)


@pytest.mark.parametrize("slip", AT_A_REQUEST)
async def test_a_slip_that_shows_at_a_request_is_logged(slip, routes, caplog):
    code, message = AT_A_REQUEST[slip]
    execute(code)
    async with TestClient(TestServer(ponty.build_app())) as client, client.get("/a") as answer:
        assert answer.status == 500
    (record,) = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert message in caplog.text
    assert record.getMessage().startswith("GET /a failed")


async def test_a_missing_provider_is_told_at_start(routes):
    key = web.AppKey("DATABASE", str)

    class Query(ponty.Request):
        database = ponty.Provided(key)

    @ponty.get("/a")
    @ponty.expect(Query)
    @ponty.render_json
    async def handler(database: str) -> str:
        return database

    server = TestServer(ponty.build_app())
    with pytest.raises(RuntimeError, match=r"^GET /a reads .*DATABASE.*, and no provider of the application has put"):
        await server.start_server()
    await server.close()


@pytest.mark.parametrize("annotation", [web.Response, web.StreamResponse, None, object, dataclasses.Field, "dict"])
def test_what_may_be_a_response_is_let_in(annotation, routes):
    async def handler(request): ...

    handler.__annotations__["return"] = annotation
    ponty.get("/a")(handler)
    ponty.get("/b")(handler)
