"""What scripts of a page can do with an application of another origin, in a real browser."""

import dataclasses
from http.cookies import Morsel

import pytest
from aiohttp import web
from browser import ScriptError

from ponty import (
    Fault,
    ParsedJsonBody,
    PontyError,
    Reply,
    Request,
    ValidationError,
    build_app,
    cors,
    expect,
    get,
    post,
    put,
    render_json,
)

READ = """
const answer = await fetch(values[0], values[1]);
const headers = Object.fromEntries(answer.headers);
return {status: answer.status, type: headers["content-type"], headers, document: await answer.json()};
"""


class SoldOut(PontyError):
    status_code = 410
    type = "https://mugs.example/problems/sold-out"
    title = "This mug is sold out"


@dataclasses.dataclass
class Mug:
    colour: str


class MugReq(Request):
    mug = ParsedJsonBody(Mug)


@pytest.fixture
def asked(routes):
    """Register routes; return the requests that have reached a handler."""
    asked = []

    @get("/mugs")
    @render_json
    async def mugs(request: web.Request) -> list[str]:
        asked.append("list")
        if int(request.query["most"]) > 10:
            raise ValidationError(faults=[Fault("query", "most", "must be at most 10", code="maximum")])
        return ["red"]

    @get("/mugs/blue")
    @render_json
    async def blue(request: web.Request) -> str:
        raise SoldOut(detail="the last one went an hour ago", members={"restocked": "2026-03-01"})

    @get("/mugs/broken")
    @render_json
    async def broken(request: web.Request) -> str:
        raise RuntimeError("nobody is to read this")

    @put("/mugs/red")
    @expect(MugReq)
    @render_json
    async def paint(mug: Mug) -> str:
        asked.append("paint")
        return mug.colour

    @post("/session")
    @render_json
    async def log_in(request: web.Request) -> Reply[str]:
        cookie: Morsel[str] = Morsel()
        cookie.set("session", "ann", "ann")
        return Reply("welcome", cookies={"session": cookie}, headers={"X-Visit": "first", "X-Secret": "second"})

    @get("/session")
    @render_json
    async def who(request: web.Request) -> str:
        asked.append("who")
        return request.cookies.get("session", "nobody")

    return asked


@pytest.fixture
def page(aiohttp_server):
    """Serve an empty page, and return its origin."""

    async def page():
        async def show(request):
            return web.Response(text="<!doctype html><title>A shop</title>", content_type="text/html")

        app = web.Application()
        app.router.add_get("/", show)
        server = await aiohttp_server(app)
        return str(server.make_url("/")).rstrip("/")

    return page


@pytest.fixture
def api(aiohttp_server, asked):
    """Serve the routes with middlewares, and return the address."""

    async def api(*middlewares):
        server = await aiohttp_server(build_app(middlewares=middlewares))
        return str(server.make_url("/")).rstrip("/")

    return api


async def test_a_page_reads_a_problem_document(browser, page, api):
    """Status, type, detail, members and headers of a refusal are a script's to act on, as those of a 200 are."""
    shop = await page()
    url = await api(cors([shop]))
    await browser.open(shop)
    answer = await browser.run(READ, f"{url}/mugs/blue")
    assert answer["status"] == 410
    assert answer["type"] == "application/problem+json"
    assert answer["document"] == {
        "type": "https://mugs.example/problems/sold-out",
        "title": "This mug is sold out",
        "status": 410,
        "detail": "the last one went an hour ago",
        "restocked": "2026-03-01",
    }


async def test_a_page_reads_the_code_of_a_fault(browser, page, api, asked):
    """A script branches on what is wrong without reading English, and where that is."""
    shop = await page()
    url = await api(cors([shop]))
    await browser.open(shop)
    answer = await browser.run(READ, f"{url}/mugs?most=11")
    assert answer["status"] == 400
    (fault,) = answer["document"]["errors"]
    assert (fault["in"], fault["name"], fault["code"]) == ("query", "most", "maximum")
    assert (await browser.run(READ, f"{url}/mugs?most=1"))["document"]["data"] == ["red"]


@pytest.mark.parametrize(("path", "status"), [("/mugs/broken", 500), ("/none", 404), ("/mugs/red", 405)])
async def test_a_page_reads_what_no_handler_answers(browser, page, api, path, status):
    """A page can tell a fault of the server, and a path that is none, from a network that is down."""
    shop = await page()
    url = await api(cors([shop]))
    await browser.open(shop)
    answer = await browser.run(READ, f"{url}{path}")
    assert answer["document"]["status"] == answer["status"] == status


async def test_a_page_sends_json_after_a_preflight(browser, page, api, asked):
    """A PUT of JSON needs the browser's question; it is answered, and the request comes after."""
    shop = await page()
    url = await api(cors([shop]))
    await browser.open(shop)
    sent = {"method": "PUT", "headers": {"Content-Type": "application/json"}, "body": '{"colour": "green"}'}
    answer = await browser.run(READ, f"{url}/mugs/red", sent)
    assert answer["document"]["data"] == "green"
    assert asked == ["paint"]


@pytest.mark.parametrize(
    ("path", "sent"),
    [
        ("/mugs/red", {"method": "DELETE"}),
        (
            "/mugs/red",
            {"method": "PUT", "headers": {"Content-Type": "application/json", "X-A": "a"}, "body": '{"colour": ""}'},
        ),
    ],
    ids=["a method that the path has not", "a header that is not allowed"],
)
async def test_a_preflight_holds_back_what_is_not_allowed(browser, page, api, asked, path, sent):
    shop = await page()
    url = await api(cors([shop]))
    await browser.open(shop)
    with pytest.raises(ScriptError, match="Failed to fetch"):
        await browser.run(READ, f"{url}{path}", sent)
    assert any("blocked by CORS policy" in line for line in await browser.console())
    assert not asked


async def test_another_origin_reads_nothing(browser, page, api, asked):
    """A page that is not allowed may send a plain GET, and reads no answer; what needs a preflight is not even sent."""
    shop, elsewhere = await page(), await page()
    url = await api(cors([shop]))
    await browser.open(elsewhere)
    with pytest.raises(ScriptError, match="Failed to fetch"):
        await browser.run(READ, f"{url}/mugs?most=1")
    assert asked == ["list"]
    sent = {"method": "PUT", "headers": {"Content-Type": "application/json"}, "body": '{"colour": "green"}'}
    with pytest.raises(ScriptError, match="Failed to fetch"):
        await browser.run(READ, f"{url}/mugs/red", sent)
    assert asked == ["list"]


async def test_credentials_come_where_they_are_allowed(browser, page, api, asked):
    """A cookie of the application is kept, and comes with the next request; exposed headers alone are read."""
    shop = await page()
    url = await api(cors([shop], credentials=True, expose=["X-Visit"]))
    await browser.open(shop)
    answer = await browser.run(READ, f"{url}/session", {"method": "POST", "credentials": "include"})
    assert answer["headers"]["x-visit"] == "first"
    assert not {"x-secret", "set-cookie"} & answer["headers"].keys()
    answer = await browser.run(READ, f"{url}/session", {"credentials": "include"})
    assert answer["document"]["data"] == "ann"
    answer = await browser.run(READ, f"{url}/session", {"credentials": "omit"})
    assert answer["document"]["data"] == "nobody"


@pytest.mark.parametrize("origins", ["named", "all"])
async def test_credentials_are_refused_where_they_are_not_allowed(browser, page, api, asked, origins):
    """An answer to a request with credentials is not read unless `credentials=True`; one without them is."""
    shop = await page()
    url = await api(cors([shop] if origins == "named" else "*"))
    await browser.open(shop)
    with pytest.raises(ScriptError, match="Failed to fetch"):
        await browser.run(READ, f"{url}/session", {"credentials": "include"})
    assert any("Access-Control-Allow-Credentials" in line or "'*'" in line for line in await browser.console())
    answer = await browser.run(READ, f"{url}/session", {"credentials": "omit"})
    assert answer["document"]["data"] == "nobody"


async def test_without_cors_no_other_origin_reads(browser, page, api, asked):
    """What the tests above show is the middleware's doing: without it the same page fails."""
    shop = await page()
    url = await api()
    await browser.open(shop)
    with pytest.raises(ScriptError, match="Failed to fetch"):
        await browser.run(READ, f"{url}/mugs?most=1")
    await browser.open(f"{url}/mugs?most=1")
    assert (await browser.run(READ, f"{url}/mugs?most=1"))["document"]["data"] == ["red"]
