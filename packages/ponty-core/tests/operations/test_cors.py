"""Pages of other origins: who may ask, and who may read the answer."""

import asyncio
import re

import aiohttp
import pytest
from aiohttp import web

from ponty.core import build_app, cors, delete, get, post, render_json, route

SHOP = "https://shop.example"
ALLOW = "Access-Control-Allow-"


@pytest.fixture(autouse=True)
def mugs(routes):
    """Register a few routes."""

    @get("/mugs/{colour}")
    @render_json
    async def mug(request: web.Request) -> str:
        return "a mug"

    @delete("/mugs/{colour}")
    async def smash(request: web.Request) -> web.Response:
        raise RuntimeError("no hands")

    @post("/mugs")
    async def make(request: web.Request) -> web.Response:
        return web.Response(status=201, headers={"Vary": "Accept, origin", "Location": "/mugs/red"})

    @route("OPTIONS", "/own")
    async def own(request: web.Request) -> web.Response:
        raise AssertionError("a preflight reached a handler")

    @get("/own")
    async def get_own(request: web.Request) -> web.Response:
        return web.Response(headers={ALLOW + "Origin": "https://forged.example"})

    @get("/stream")
    async def stream(request: web.Request) -> web.StreamResponse:
        answer = web.StreamResponse()
        await answer.prepare(request)
        await answer.write(b"data")
        return answer

    @route("*", "/any")
    async def anything(request: web.Request) -> web.Response:
        return web.Response(text=request.method)


def preflight(method="GET", origin=SHOP, **headers):
    return {"Origin": origin, "Access-Control-Request-Method": method} | headers


def cors_headers(answer):
    return {name: value for name, value in answer.headers.items() if name.startswith("Access-Control-")}


@pytest.mark.parametrize(
    ("path", "methods"),
    [
        ("/mugs/red", "GET, HEAD, DELETE"),
        ("/mugs", "POST"),
        ("/own", "GET, HEAD"),
        ("/any", "GET, HEAD, POST, PUT, PATCH, DELETE"),
    ],
)
async def test_a_preflight_is_answered_for_every_path_with_the_methods_that_it_has(serve, path, methods):
    client = await serve(middlewares=[cors([SHOP])])
    async with client.options(path, headers=preflight()) as answer:
        assert answer.status == 204
        assert cors_headers(answer) == {
            ALLOW + "Origin": SHOP,
            ALLOW + "Methods": methods,
            ALLOW + "Headers": "Authorization, Content-Type",
            "Access-Control-Max-Age": "600",
        }
        assert "Origin" in answer.headers["Vary"].split(", ")
        assert await answer.read() == b""


async def test_a_method_of_its_own_is_named_when_it_is_asked_for_and_there(serve):
    client = await serve(middlewares=[cors([SHOP])])
    for path, named in [("/any", True), ("/mugs", False)]:
        async with client.options(path, headers=preflight("REPORT")) as answer:
            assert ("REPORT" in answer.headers[ALLOW + "Methods"]) is named


async def test_a_path_without_routes_is_a_404_that_the_page_can_read(serve):
    client = await serve(middlewares=[cors([SHOP])])
    for send in (client.options, client.get):
        async with send("/nothing", headers=preflight()) as answer:
            assert (answer.status, answer.content_type) == (404, "application/problem+json")
            assert answer.headers[ALLOW + "Origin"] == SHOP


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/mugs/red", 200),
        ("DELETE", "/mugs/red", 500),
        ("PUT", "/mugs/red", 405),
        ("GET", "/nothing", 404),
        ("OPTIONS", "/mugs/red", 204),
        ("GET", "/stream", 200),
        ("HEAD", "/mugs/red", 200),
    ],
)
async def test_every_answer_can_be_read_by_a_page_of_an_allowed_origin(serve, method, path, status):
    client = await serve(middlewares=[cors([SHOP], expose=["Location", "ETag"], credentials=True)])
    async with client.request(method, path, headers={"Origin": SHOP}) as answer:
        assert answer.status == status
        assert cors_headers(answer) == {
            ALLOW + "Origin": SHOP,
            ALLOW + "Credentials": "true",
            "Access-Control-Expose-Headers": "Location, ETag",
        }
        assert answer.headers.getall("Vary") == ["Origin"]


async def test_a_body_that_is_too_large_is_a_413_that_the_page_can_read(serve):
    @post("/text")
    async def text(request: web.Request) -> web.Response:
        return web.Response(text=await request.text())

    client = await serve(middlewares=[cors([SHOP])], client_max_size=10)
    async with client.post("/text", data=b"x" * 100, headers={"Origin": SHOP}) as answer:
        assert answer.status == 413
        assert answer.headers[ALLOW + "Origin"] == SHOP


@pytest.mark.parametrize(
    "origin",
    [
        "https://shop.example.evil.example",
        "https://evilshop.example",
        "http://shop.example",
        "https://shop.example:8443",
        "https://SHOP.example",
        "https://shop.example/",
        "https://shop.example, https://shop.example",
        "null",
        "*",
        "",
        "file://",
        "https://[::1]\udcff",
    ],
)
async def test_another_origin_may_neither_ask_nor_read(serve, origin):
    client = await serve(middlewares=[cors([SHOP])])
    port = client.server.port
    for head in ("GET /mugs/red", "OPTIONS /mugs/red"):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        text = f"{head} HTTP/1.1\r\nHost: a\r\nConnection: close\r\nAccess-Control-Request-Method: GET\r\n"
        writer.write(f"{text}Origin: {origin}".encode(errors="surrogateescape") + b"\r\n\r\n")
        lines = (await reader.read()).decode().split("\r\n")
        writer.close()
        assert lines[0].split()[1] == ("200" if head.startswith("GET") else "403")
        assert not [line for line in lines if line.startswith("Access-Control-")]
        assert [line for line in lines if re.match(r"Vary: Origin\b", line)]


async def test_two_origins_in_one_request_are_none(serve):
    client = await serve(middlewares=[cors([SHOP])])
    headers = [("Origin", SHOP), ("Origin", "https://evil.example")]
    async with client.get("/mugs/red", headers=headers) as answer:
        assert cors_headers(answer) == {}


async def test_an_answer_to_a_request_without_an_origin_varies_by_it(serve):
    """A cache may hand it to one that has."""
    client = await serve(middlewares=[cors([SHOP])])
    async with client.get("/mugs/red") as answer:
        assert cors_headers(answer) == {}
        assert answer.headers["Vary"] == "Origin"


async def test_vary_keeps_what_the_handler_says(serve):
    client = await serve(middlewares=[cors([SHOP])])
    async with client.post("/mugs", headers={"Origin": SHOP}) as answer:
        assert answer.headers.getall("Vary") == ["Accept, origin"]


async def test_a_handler_cannot_let_another_origin_in_by_mistake(serve):
    client = await serve(middlewares=[cors([SHOP])])
    async with client.get("/own", headers={"Origin": SHOP}) as answer:
        assert answer.headers.getall(ALLOW + "Origin") == [SHOP]


async def test_all_origins_may_read_where_that_is_said_and_caches_need_not_tell_them_apart(serve):
    client = await serve(middlewares=[cors("*", expose="*")])
    for headers in ({}, {"Origin": SHOP}, {"Origin": "null"}):
        async with client.get("/mugs/red", headers=headers) as answer:
            assert cors_headers(answer) == {ALLOW + "Origin": "*", "Access-Control-Expose-Headers": "*"}
            assert "Vary" not in answer.headers


@pytest.mark.parametrize(
    ("allowed", "asked", "told"),
    [
        ((), "X-Token", None),
        (["X-Token"], "x-token", "X-Token"),
        ("*", "x-token, Authorization", "x-token, Authorization"),
        ("*", "x-token,, b@d, *", "x-token, *"),
        ("*", "", None),
        ("*", None, None),
    ],
)
async def test_which_headers_a_page_may_set(serve, allowed, asked, told):
    client = await serve(middlewares=[cors([SHOP], headers=allowed, credentials=True)])
    headers = preflight() | ({} if asked is None else {"Access-Control-Request-Headers": asked})
    async with client.options("/mugs/red", headers=headers) as answer:
        assert answer.headers.get(ALLOW + "Headers") == told
        assert "Access-Control-Request-Headers" in answer.headers["Vary"]


@pytest.mark.parametrize(
    ("let", "asked", "told"), [(True, "true", "true"), (True, "false", None), (False, "true", None)]
)
async def test_a_private_network(serve, let, asked, told):
    client = await serve(middlewares=[cors([SHOP], private_network=let)])
    headers = preflight(**{"Access-Control-Request-Private-Network": asked})
    async with client.options("/mugs/red", headers=headers) as answer:
        assert answer.headers.get(ALLOW + "Private-Network") == told


async def test_a_function_may_decide(serve):
    asked = []

    def is_ours(origin):
        asked.append(origin)
        return origin.endswith(".shop.example")

    client = await serve(middlewares=[cors(is_ours)])
    for origin, told in [("https://a.shop.example", "https://a.shop.example"), ("https://evil.example", None)]:
        async with client.get("/mugs/red", headers={"Origin": origin}) as answer:
            assert answer.headers.get(ALLOW + "Origin") == told
    async with client.get("/mugs/red", headers={"Origin": "null"}) as answer:
        assert answer.status == 200
    assert asked == ["https://a.shop.example", "https://evil.example"]


async def test_routes_of_a_sub_application_are_found(aiohttp_client):
    parent = build_app(middlewares=[cors([SHOP])])
    parent.add_subapp("/v1", build_app())
    client = await aiohttp_client(parent)
    async with client.options("/v1/mugs", headers=preflight("POST")) as answer:
        assert answer.headers[ALLOW + "Methods"] == "POST"


async def test_it_works_under_an_application_of_aiohttp_s_own(aiohttp_client):
    async def handler(request):
        return web.Response()

    app = web.Application(middlewares=[cors([SHOP])])
    app.router.add_put("/mugs", handler)
    client = await aiohttp_client(app)
    async with client.options("/mugs", headers=preflight("PUT")) as answer:
        assert answer.headers[ALLOW + "Methods"] == "PUT"
    async with client.put("/mugs", headers={"Origin": SHOP}) as answer:
        assert answer.headers[ALLOW + "Origin"] == SHOP


async def test_an_answer_that_is_plain_stays_plain(serve, monkeypatch):
    """Further headers must not cost what building a response of aiohttp's does."""
    from ponty.core.responses.plain_response import PlainResponse

    monkeypatch.setattr(PlainResponse, "build", lambda answer: pytest.fail("it was built"))
    client = await serve(middlewares=[cors([SHOP])])
    async with client.get("/mugs/red", headers={"Origin": SHOP}) as answer:
        assert answer.headers[ALLOW + "Origin"] == SHOP
        assert (await answer.json())["data"] == "a mug"


@pytest.mark.parametrize("headers", [{}, {"Connection": "close"}])
@pytest.mark.parametrize("size", [10, 2**17])
async def test_a_plain_answer_that_goes_another_way_has_the_headers_once(serve, headers, size):
    @get("/text")
    @render_json
    async def text(request: web.Request) -> str:
        return "x" * size

    client = await serve(middlewares=[cors([SHOP])])
    async with client.get("/text", headers={"Origin": SHOP} | headers) as answer:
        assert answer.headers.getall(ALLOW + "Origin") == [SHOP]
        assert answer.headers.getall("Vary") == ["Origin"]
        assert len((await answer.json())["data"]) == size


async def test_a_websocket_is_let_through(serve):
    @get("/socket")
    async def socket(request: web.Request) -> web.WebSocketResponse:
        answer = web.WebSocketResponse()
        await answer.prepare(request)
        await answer.send_str("hello")
        await answer.close()
        return answer

    client = await serve(middlewares=[cors([SHOP])])
    async with client.ws_connect("/socket", origin=SHOP) as connection:
        assert (await connection.receive()).data == "hello"
        assert (await connection.receive()).type is aiohttp.WSMsgType.CLOSE


@pytest.mark.parametrize(
    "origin",
    [
        "https://shop.example/",
        "https://shop.example/path",
        "https://Shop.example",
        "HTTPS://shop.example",
        "shop.example",
        "https://",
        "https://shop.example:443",
        "http://shop.example:80",
        "https://*.shop.example",
        "https://user@shop.example",
        "null",
        "",
        "https://shop.example\n",
        "https://café.example",
        3,
    ],
)
def test_an_origin_that_no_browser_writes_is_refused(origin):
    with pytest.raises(ValueError, match="is not an origin as browsers write it"):
        cors([origin])


@pytest.mark.parametrize(
    ("origins", "options", "words"),
    [
        ("*", {"credentials": True}, "credentials never go with"),
        (["*"], {"credentials": True}, "credentials never go with"),
        ([SHOP], {"credentials": True, "expose": "*"}, "credentials never go with"),
        ([SHOP, "*"], {}, "is not an origin"),
        (SHOP, {}, "origins must be a list"),
        ([SHOP], {"headers": ["bad name"]}, "is not the name of a header"),
        ([SHOP], {"expose": ["bad\nname"]}, "is not the name of a header"),
        ([SHOP], {"max_age": -1}, "max_age must be a whole number"),
        ([SHOP], {"max_age": 1.5}, "max_age must be a whole number"),
    ],
)
def test_settings_that_make_no_sense_are_refused(origins, options, words):
    with pytest.raises(ValueError, match=words):
        cors(origins, **options)


@pytest.mark.parametrize("argument", ["headers", "expose"])
def test_one_name_in_place_of_a_list_is_refused(argument):
    with pytest.raises(TypeError, match=rf"{argument} must be a list of names, such as \['ETag'\]"):
        cors([SHOP], **{argument: "ETag"})
