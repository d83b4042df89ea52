"""OPTIONS, and the methods that a path allows (RFC 9110 §9.3.7, §15.5.6)."""

import pytest
from aiohttp import web

from ponty.core import Routes, build_app, get, post, route


async def handler(request: web.Request) -> web.Response:
    return web.Response(text="mine")


@pytest.mark.parametrize(
    ("path", "allow"),
    [("/thing", "GET,HEAD,OPTIONS,POST"), ("/thing/7", "DELETE,OPTIONS"), ("/table", "OPTIONS,PUT")],
)
async def test_a_path_that_has_routes_says_which_methods_it_answers(serve, path, allow):
    table = web.RouteTableDef()
    table.put("/table")(handler)
    get("/thing")(handler)
    post("/thing")(handler)
    route("DELETE", r"/thing/{id:\d+}")(handler)
    client = await serve(route_tables=[table])
    async with client.options(path) as answer:
        assert (answer.status, answer.headers["Allow"], await answer.read()) == (204, allow, b"")
        assert "Content-Type" not in answer.headers
        assert "Content-Length" not in answer.headers
    async with client.request("TRACE", path) as answer:
        assert (answer.status, answer.headers["Allow"]) == (405, allow)


@pytest.mark.parametrize("method", ["OPTIONS", "*"])
async def test_a_route_for_options_of_its_own_is_kept(serve, method):
    route(method, "/thing")(handler)
    client = await serve()
    async with client.options("/thing") as answer:
        assert (answer.status, await answer.text()) == (200, "mine")


async def test_options_of_an_unknown_path_is_a_404(serve):
    get("/thing")(handler)
    client = await serve()
    async with client.options("/nothing") as answer:
        assert answer.status == 404


async def test_a_sub_application_answers_options(aiohttp_client):
    table = Routes()
    table.get("/thing")(handler)
    parent = web.Application()
    parent.add_subapp("/v1", build_app(routes=[table]))
    client = await aiohttp_client(parent)
    async with client.options("/v1/thing") as answer:
        assert (answer.status, answer.headers["Allow"]) == (204, "GET,HEAD,OPTIONS")
