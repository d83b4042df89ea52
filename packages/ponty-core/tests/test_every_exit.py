"""Whatever way an error leaves an application, it is a problem document."""

import asyncio

import pytest
from aiohttp import web

from ponty.core import DoesNotExist, build_app, get, post, render_json, route

PROBLEM = "application/problem+json"


async def _status(client, method, path, **options):
    async with client.request(method, path, **options) as answer:
        assert answer.content_type == PROBLEM
        return answer.status


async def handler(request: web.Request) -> web.Response:
    return web.Response(text="here")


class View(web.View):
    async def get(self) -> web.Response:
        return web.Response(text="here")

    async def put(self) -> web.Response:
        raise DoesNotExist


@web.middleware
async def broken(request, handler):
    raise ZeroDivisionError


async def test_a_route_table_s_handler(serve, caplog):
    table = web.RouteTableDef()

    @table.get("/table/{part}")
    async def raising(request: web.Request) -> web.Response:
        raise KeyError(request.match_info["part"])

    @table.route("*", "/any")
    async def missing(request: web.Request) -> web.Response:
        raise DoesNotExist

    client = await serve(route_tables=[table])
    assert await _status(client, "GET", "/table/1") == 500
    assert await _status(client, "HEAD", "/table/1") == 500
    assert await _status(client, "POST", "/table/1") == 405
    assert await _status(client, "PATCH", "/any") == 404


async def test_a_view_and_a_method_that_it_has_not(serve):
    table = web.RouteTableDef()
    table.view("/view")(View)
    client = await serve(route_tables=[table])
    async with client.get("/view") as answer:
        assert await answer.text() == "here"
    assert await _status(client, "PUT", "/view") == 404
    assert await _status(client, "POST", "/view") == 405
    assert await _status(client, "GET", "/nowhere") == 404


async def test_static_files(serve, tmp_path):
    (tmp_path / "file").write_text("here")
    table = web.RouteTableDef()
    table.static("/static", tmp_path)
    client = await serve(route_tables=[table])
    async with client.get("/static/file") as answer:
        assert await answer.text() == "here"
    assert await _status(client, "GET", "/static/..%2f") == 404
    assert await _status(client, "GET", "/static") == 403
    assert await _status(client, "POST", "/static/file") == 405


async def test_a_middleware_of_the_program_s(serve, caplog):
    get("/")(handler)
    client = await serve(middlewares=[broken])
    assert await _status(client, "GET", "/") == 500
    assert await _status(client, "GET", "/nowhere") == 500


async def test_a_middleware_sees_answers_and_no_exceptions(serve, caplog):
    """So that a header that it sets is on every answer."""
    seen = []

    @web.middleware
    async def mark(request, handler):
        answer = await handler(request)
        seen.append(answer.status)
        answer.headers["X-Mark"] = "1"
        return answer

    @get("/raising")
    async def raising(request: web.Request) -> web.Response:
        raise ZeroDivisionError

    @get("/missing")
    async def missing(request: web.Request) -> web.Response:
        raise DoesNotExist

    @get("/moved")
    async def moved(request: web.Request) -> web.Response:
        raise web.HTTPFound("/")

    client = await serve(middlewares=[mark])
    wanted = {"/raising": 500, "/missing": 404, "/moved": 302, "/nowhere": 404}
    for path, status in wanted.items():
        async with client.get(path, allow_redirects=False) as answer:
            assert (answer.status, answer.headers["X-Mark"]) == (status, "1")
    async with client.post("/moved") as answer:
        assert (answer.status, answer.headers["X-Mark"]) == (405, "1")
    assert seen == [*wanted.values(), 405]


async def test_a_route_that_is_added_later_comes_before_what_no_route_matches(aiohttp_client):
    app = build_app()
    app.router.add_get("/{later}", handler)
    client = await aiohttp_client(app)
    async with client.get("/x") as answer:
        assert await answer.text() == "here"


async def test_what_is_added_to_an_application_later(aiohttp_client, caplog):
    """As plugins of aiohttp do it: a middleware, a route, an application below."""
    get("/")(handler)
    below = web.Application(middlewares=[broken])
    app = build_app()
    app.middlewares.append(broken)
    app.router.add_get("/later", handler)
    app.add_subapp("/below", below)
    client = await aiohttp_client(app)
    for path in ("/", "/later", "/below/", "/nowhere"):
        assert await _status(client, "GET", path) == 500


async def test_an_application_below_another(aiohttp_client, caplog):
    @get("/raising")
    async def raising(request: web.Request) -> web.Response:
        raise ZeroDivisionError

    app = web.Application()
    app.add_subapp("/below", build_app())
    client = await aiohttp_client(app)
    assert await _status(client, "GET", "/below/raising") == 500
    assert await _status(client, "POST", "/below/raising") == 405
    assert await _status(client, "GET", "/below/nowhere") == 404


@pytest.mark.parametrize(
    ("method", "path", "status", "allow"),
    [
        ("GET", "/", 404, None),
        ("GET", "/nowhere", 404, None),
        ("GET", "/a/b/", 404, None),
        ("GET", "/%FF%00%2F", 404, None),
        ("PUT", "/a/b", 405, "GET,HEAD,OPTIONS"),
        ("PUT", "/a/7", 405, "GET,HEAD,OPTIONS,POST"),
        ("GET", "/a/7/c", 405, "OPTIONS,PATCH"),
        ("DELETE", "/a-b/x", 405, "OPTIONS,PUT"),
        ("HEAD", "/a/7/c", 405, "OPTIONS,PATCH"),
    ],
)
async def test_no_route(serve, method, path, status, allow):
    """The methods that are allowed are gathered from every route that has the path."""
    get("/a/b")(handler)
    get(r"/a/{x:\d+}")(handler)
    post(r"/{y}/7")(handler)
    route("PATCH", r"/a/{x:\d+}/c")(handler)
    route("PUT", "/a-b/{x}")(handler)
    client = await serve()
    async with client.request(method, path) as answer:
        assert (answer.status, answer.content_type, answer.headers.get("Allow")) == (status, PROBLEM, allow)


async def test_the_first_of_two_routes_that_match_answers(serve):
    for path in ("/{x:[a-z]}", "/a", "/{y}"):
        get(path)(handler)
    post("/{z}")(handler)
    client = await serve()
    for method in ("GET", "POST", "HEAD"):
        async with client.request(method, "/a" if method != "POST" else "/c") as answer:
            assert answer.status == 200


@pytest.mark.parametrize("path", ["/", "/nowhere"])
async def test_a_client_of_http_1_0(serve, path):
    @get("/")
    @render_json
    async def hello(request: web.Request) -> str:
        return "here"

    client = await serve()
    reader, writer = await asyncio.open_connection(client.host, client.port)
    writer.write(f"GET {path} HTTP/1.0\r\n\r\n".encode())
    head, _, body = (await reader.read()).partition(b"\r\n\r\n")
    writer.close()
    status, media_type = (b"200", b"application/json") if path == "/" else (b"404", b"application/problem+json")
    assert head.split()[1] == status
    assert media_type in head
    assert body.startswith(b"{")


@pytest.mark.parametrize(("value", "status"), [("100-continue", 404), ("SECRET", 417)])
async def test_an_expectation_where_nothing_is(ponty_client, value, status):
    get("/")(handler)
    client = await ponty_client()
    reader, writer = await asyncio.open_connection(client.host, client.port)
    writer.write(f"POST /nowhere HTTP/1.1\r\nHost: a\r\nConnection: close\r\nExpect: {value}\r\n\r\n".encode())
    sent = await reader.read()
    writer.close()
    assert f"HTTP/1.1 {status} ".encode() in sent
    assert b"application/problem+json" in sent
    assert b"SECRET" not in sent


def _header(answer):
    answer.headers["X-Evil"] = "a\r\nb"


def _type(answer):
    answer.content_type = "a\r\nb/c"


def _cookie(answer):
    answer.set_cookie("a", "b", path="/\r\nX-Evil: c")


def _jar(answer):
    answer.cookies["a"] = "b"
    answer.cookies["a"]["path"] = "/\r\nX-Evil: c"


def _forgotten(answer):
    answer.del_cookie("a", path="/\r\nX-Evil: c")


def _reason(answer):
    answer.set_status(200, "a\0b")


@pytest.mark.parametrize("change", [_header, _type, _cookie, _jar, _forgotten, _reason])
async def test_a_rendered_answer_that_is_changed_to_what_cannot_be_sent(serve, caplog, change):
    @render_json
    async def rendered() -> int:
        return 1

    @get("/")
    async def changed(request: web.Request) -> web.Response:
        answer = await rendered()
        change(answer)
        return answer

    client = await serve()
    assert await _status(client, "GET", "/") == 500
    assert len(caplog.records) == 1


async def test_a_rendered_answer_may_have_more_headers_cookies_and_another_status(serve):
    @render_json
    async def rendered() -> int:
        return 1

    @get("/")
    async def changed(request: web.Request) -> web.Response:
        answer = await rendered()
        answer.set_status(203, "Somehow")
        answer.headers["X-A"] = "b"
        answer.set_cookie("c", "d")
        return answer

    client = await serve()
    for _ in range(2):
        async with client.get("/") as answer:
            assert (answer.status, answer.reason, answer.headers["X-A"]) == (203, "Somehow", "b")
            assert answer.cookies["c"].value == "d"
            assert (await answer.json())["data"] == 1
