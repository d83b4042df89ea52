"""Paths of routes mean what they mean in a client's path, or are refused at the start."""

import pytest
from aiohttp import web
from yarl import URL

from ponty.core import Routes, build_app, get


async def handler(request: web.Request) -> web.Response:
    return web.json_response(dict(request.match_info))


@pytest.mark.parametrize(
    ("path", "asked"),
    [
        ("/été", "/%C3%A9t%C3%A9"),
        ("/%C3%A9t%C3%A9", "/%c3%a9t%c3%a9"),
        ("/a b", "/a%20b"),
        ("/a%20b", "/a%20b"),
        ("/100%", "/100%25"),
        ("/a%2Fb", "/a%2fb"),
        ("/a%25b", "/a%25b"),
        ("/a%2525b", "/a%2525b"),
        ('/"<>^`|\\', "/%22%3C%3E%5E%60%7C%5C"),
        ("/a+b&c=d;e,f@g:h!$'()*~-._", "/a+b&c=d;e,f@g:h!$'()*~-._"),
        ("/%3F%23", "/%3F%23"),
        ("//a", "//a"),
    ],
)
@pytest.mark.parametrize("kind", ["literal", "dynamic", "named", "aiohttp's", "in a sub-application"])
async def test_literal_text_is_found_as_clients_send_it(aiohttp_client, path, asked, kind):
    table, theirs = Routes(), web.RouteTableDef()
    tail = "" if kind == "literal" else "/{x}"
    name = {"name": "route"} if kind == "named" else {}
    (theirs if kind == "aiohttp's" else table).get(path + tail, **name)(handler)
    app = build_app(routes=[table], route_tables=[theirs])
    prefix = ""
    if kind == "in a sub-application":
        prefix, below = "/below", app
        app = web.Application()
        app.add_subapp(prefix, below)
    client = await aiohttp_client(app)
    url = f"http://{client.host}:{client.port}{prefix}{asked}{'/7' if tail else ''}"
    async with client.session.get(URL(url, encoded=True)) as answer:
        assert (answer.status, await answer.json()) == (200, {"x": "7"} if tail else {})
    async with client.session.head(URL(url, encoded=True)) as answer:
        assert answer.status == 200
    async with client.session.options(URL(url, encoded=True)) as answer:
        assert (answer.status, answer.headers["Allow"]) == (204, "GET,HEAD,OPTIONS")
    if name:
        assert str(app.router["route"].url_for(x="7")).endswith("/7")


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("/a/{x", "an unmatched '{'"),
        ("/a}/{x}", "an unmatched '}'"),
        ("/{x!}", "an invalid variable part: '{x!}'"),
        ("/{x:}", "an invalid variable part: '{x:}'"),
        ("/{x:(}", "an invalid pattern"),
        ("/{x}/{x}", "two variable parts named 'x'"),
        ("/search?q={q}", "a '[?]', which ends a path; write it as %3F"),
        ("/a#b", "a '#', which ends a path; write it as %23"),
        ("/a/../b", "a segment of dots"),
        ("/./{x}", "a segment of dots"),
    ],
)
def test_a_path_that_no_client_asks_for_is_refused(path, reason):
    get(path)(handler)
    with pytest.raises(ValueError, match=rf"'handler' \(.*test_canonical_paths.py:\d+\): the path .* has {reason}"):
        build_app()


def test_dots_beside_other_text_are_text():
    for path in ("/.well-known/{x}", "/a..b", "/{x}.", "/.../a", "/{x:[.]}/a"):
        get(path)(handler)
    build_app()
