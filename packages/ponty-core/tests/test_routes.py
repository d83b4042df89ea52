"""Which coroutine answers which method and path."""

import pytest
from aiohttp import web

from ponty.core import build_app, delete, get, patch, post, put, render_json, route, route_iter


@pytest.mark.parametrize(
    ("shorthand", "method"), [(get, "GET"), (post, "POST"), (put, "PUT"), (delete, "DELETE"), (patch, "PATCH")]
)
async def test_a_shorthand_binds_its_method(serve, shorthand, method):
    @shorthand("/thing")
    async def handler(request: web.Request) -> web.Response:
        return web.Response(text=request.method)

    client = await serve()
    async with client.request(method, "/thing") as answer:
        assert (answer.status, await answer.text()) == (200, method)
    assert list(route_iter()) == [(method, "/thing")]


async def test_route_takes_any_method(serve):
    @route("REPORT", "/thing")
    async def handler(request: web.Request) -> web.Response:
        return web.Response(text="report")

    client = await serve()
    async with client.request("REPORT", "/thing") as answer:
        assert await answer.text() == "report"


def test_the_function_is_returned_as_it_was():
    async def handler(request: web.Request) -> web.Response:
        return web.Response()

    assert get("/thing")(handler) is handler
    assert post("/thing")(handler) is handler


def test_routes_are_given_in_the_order_of_registration():
    async def handler(request: web.Request) -> web.Response:
        return web.Response()

    for path in ("/c", "/a", "/b"):
        get(path)(handler)
    post("/a")(handler)
    assert list(route_iter()) == [("GET", "/c"), ("GET", "/a"), ("GET", "/b"), ("POST", "/a")]


def plain(request):
    return web.Response()


async def stream(request):
    yield b""


class Caller:
    async def __call__(self, request):
        return web.Response()


@pytest.mark.parametrize(("handler", "name"), [(plain, "plain"), (stream, "stream"), (Caller(), "Caller")])
def test_what_is_no_coroutine_function_is_refused_by_name(handler, name):
    with pytest.raises(TypeError, match=f"GET /thing: .*{name}.* is not a coroutine function"):
        get("/thing")(handler)
    assert list(route_iter()) == []


def test_a_method_and_path_given_twice_are_refused_by_name():
    @get("/thing")
    async def first(request: web.Request) -> web.Response:
        return web.Response()

    with pytest.raises(TypeError, match=r"GET /thing: '.*second' is a second handler; '.*first' answers it already"):

        @route("get", "/thing")
        async def second(request: web.Request) -> web.Response:
            return web.Response()


async def test_options_reach_aiohttp(serve):
    @get("/thing/{id}", name="thing")
    async def handler(request: web.Request) -> web.Response:
        return web.Response(text=str(request.app.router["thing"].url_for(id="7")))

    client = await serve()
    async with client.get("/thing/1") as answer:
        assert await answer.text() == "/thing/7"


async def test_head_is_answered_where_get_is(serve):
    """As RFC 9110 §9.1 has it, without a body."""

    @get("/thing")
    async def handler(request: web.Request) -> web.Response:
        return web.Response(text="hello")

    client = await serve()
    async with client.head("/thing") as answer:
        assert (answer.status, answer.headers["Content-Length"], await answer.read()) == (200, "5", b"")


async def test_a_route_for_head_of_its_own_is_kept(serve):
    @get("/thing")
    async def handler(request: web.Request) -> web.Response:
        return web.Response(text="hello")

    @route("HEAD", "/thing")
    async def head(request: web.Request) -> web.Response:
        return web.Response(headers={"X-From": "head"})

    client = await serve()
    async with client.head("/thing") as answer:
        assert answer.headers["X-From"] == "head"


async def test_a_route_for_head_in_a_table_is_kept(serve):
    table = web.RouteTableDef()

    @get("/thing")
    async def handler(request: web.Request) -> web.Response:
        return web.Response(text="hello")

    @table.head("/thing")
    async def head(request: web.Request) -> web.Response:
        return web.Response(headers={"X-From": "table"})

    client = await serve(route_tables=[table])
    async with client.head("/thing") as answer:
        assert answer.headers["X-From"] == "table"


@pytest.mark.parametrize("path", ["thing", "", "//thing/{"])
def test_a_path_that_cannot_be_is_refused_by_name(path):
    with pytest.raises(ValueError, match="path"):

        @get(path)
        async def handler(request: web.Request) -> web.Response:
            return web.Response()

        build_app()


async def test_route_tables_are_mounted_beside_the_decorated_routes(serve):
    table = web.RouteTableDef()

    @table.get("/table")
    @render_json
    async def from_table(request: web.Request) -> str:
        return "table"

    @get("/decorated")
    @render_json
    async def decorated(request: web.Request) -> str:
        return "decorated"

    client = await serve(route_tables=[table])
    for name in ("table", "decorated"):
        async with client.get(f"/{name}") as answer:
            assert (await answer.json())["data"] == name


async def test_two_applications_serve_the_same_routes(serve):
    @get("/thing")
    async def handler(request: web.Request) -> web.Response:
        return web.Response(text="hello")

    for client in (await serve(), await serve()):
        async with client.get("/thing") as answer:
            assert answer.status == 200


async def test_an_application_is_a_sub_application(aiohttp_client):
    @get("/thing")
    async def handler(request: web.Request) -> web.Response:
        return web.Response(text="hello")

    parent = web.Application()
    parent.add_subapp("/v1", build_app())
    client = await aiohttp_client(parent)
    async with client.get("/v1/thing") as answer:
        assert answer.status == 200
    async with client.get("/v1/nothing") as answer:
        assert (answer.status, answer.content_type) == (404, "application/problem+json")


def test_a_path_without_the_part_that_its_handler_reads_is_refused_at_the_start():
    @get("/thing/{nmae}")
    async def handler(request: web.Request) -> web.Response:
        return web.Response()

    handler.__ponty_path_parameters__ = ["name"]
    with pytest.raises(
        TypeError, match=r"GET /thing/{nmae}: the path has no variable part 'name', which '.*handler' reads"
    ):
        build_app()
