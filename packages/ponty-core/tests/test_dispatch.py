"""Requests find the same handlers, with the same match information, by Ponty's table and by aiohttp's own resolver."""

import pathlib
import sys

import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request
from hypothesis import given, settings
from hypothesis import strategies as st

from ponty.core import Routes, build_app
from ponty.core.routing.dispatch import Dispatch, Table, UnknownError, can_dispatch

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from serving import Served, rest

SEGMENTS = ("a", "b", "7", "a b", "é", "%41", "%2F", "a%2Fb", "%25", "{x}", "{y}", r"{x:\d+}", "a{x}", "{x}b")
OPEN = ("{rest:.*}", "{rest:(?:a/)?.*}")
ASKED = ("a", "b", "7", "77", "ab", "a%20b", "%C3%A9", "%41", "%2F", "a%2Fb", "%25", "%2541", "aab", "")
METHODS = ("GET", "POST", "*")

paths = st.builds(
    lambda segments, end: "/" + "/".join([*segments, *end]),
    st.lists(st.sampled_from(SEGMENTS), max_size=3),
    st.lists(st.sampled_from(OPEN), max_size=1),
).filter(lambda path: all(path.count("{" + name) <= 1 for name in ("x", "y")))
asked = st.lists(st.sampled_from(ASKED), max_size=4).map(lambda segments: "/" + "/".join(segments))


async def nothing(request):
    raise AssertionError(request)


async def told_by_aiohttp(router, request):
    matched = await router.resolve(request)
    return None if matched.http_exception else (matched.route, dict(matched))


@given(st.lists(st.tuples(st.sampled_from(METHODS), paths), max_size=12), st.lists(asked, min_size=1, max_size=6))
async def test_a_table_finds_what_aiohttp_finds(routes, wanted):
    app = web.Application()
    for method, path in routes:
        try:
            app.router.add_route(method, path, nothing)
        except RuntimeError:  # that is there already
            continue
    app.freeze()
    table = Table(app.router.resources())
    for path in wanted:
        for method in ("GET", "POST", "PUT"):
            request = make_mocked_request(method, path)
            expected = await told_by_aiohttp(app.router, request)
            assert table.find(request.rel_url.path_safe, method) == expected, (method, path)


@settings(max_examples=15)
@given(
    st.lists(st.tuples(st.sampled_from(("GET", "POST")), paths), max_size=4),
    st.lists(asked, min_size=1, max_size=6),
    st.sampled_from([1, 12]),
)
async def test_an_application_s_table_finds_what_aiohttp_finds_there(routes, wanted, many):
    """With groups of paths, HEAD, and what no route matches."""
    table = Routes()
    for number, (method, path) in enumerate(dict.fromkeys(routes)):
        table.route(method, path)(_handler(number))
    for number in range(many):
        table.get(f"/many/{{x}}/{number}")(_handler(number))
    try:
        app = build_app(routes=table)
    except (TypeError, ValueError):  # one route hides another, or a path is refused
        return
    app.freeze()
    find = Dispatch(app, nothing, lambda *_: None).find
    for path in [*wanted, "/many/a%2Fb/11", "/many/a/0"]:
        for method in ("GET", "HEAD", "PUT"):
            request = make_mocked_request(method, path)
            assert find(request.rel_url.path_safe, method) == await told_by_aiohttp(app.router, request), path


def _handler(name):
    async def handler(request: web.Request) -> web.Response:
        return web.json_response([name, dict(request.match_info)])

    return handler


def test_what_only_aiohttp_can_tell_is_left_to_it():
    app = web.Application()
    app.router.add_get("/a/{x}", nothing)
    app.router.add_static("/a", pathlib.Path(__file__).parent)
    app.router.add_get("/a/b/{x}", nothing)
    app.router.add_get("/{y:(?P<z>q)?.*}", nothing)
    table = Table(app.router.resources())
    assert table.find("/a/b/c", "GET") is not None
    assert table.find("/a/b", "GET") is not None
    for path in ("/a/b/c", "/a/b/c/d", "/b"):
        with pytest.raises(UnknownError):
            table.find(path, "POST" if path == "/a/b/c" else "GET")


def test_an_application_with_classes_or_middlewares_of_another_kind_goes_aiohttp_s_way():
    app = web.Application()
    assert can_dispatch(app)
    app.add_domain("a.example", web.Application())
    assert not can_dispatch(app)
    assert not can_dispatch(web.Application(middlewares=[lambda app, handler: handler]))


@pytest.mark.parametrize("around", [False, True], ids=["alone", "with a middleware"])
async def test_a_handler_sees_of_aiohttp_what_it_always_does(around):
    seen = []

    @web.middleware
    async def middleware(request, handler):
        seen.append(request.match_info.handler is request.match_info.route.handler)
        return await handler(request)

    table = Routes()

    @table.get("/a/{x}")
    async def handler(request: web.Request) -> web.Response:
        matched = request.match_info
        assert type(matched) is web.UrlMappingMatchInfo
        assert matched.apps == (request.app,)
        assert matched.current_app is request.app is app
        assert request.config_dict is not None
        assert matched.route.resource.canonical == "/a/{x}"
        assert matched.http_exception is None
        with pytest.raises(RuntimeError):
            matched.add_app(app)
        return web.json_response(dict(matched))

    app = build_app(routes=table, middlewares=[middleware] if around else [])
    async with Served(app) as served:
        reader, _ = await served.send(b"GET /a/b%2Fc%25 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        assert (await rest(reader)).endswith(b'\r\n\r\n{"x": "b/c%"}')
    assert seen == [True] * around


async def test_a_sub_application_and_files_are_found_beside_routes(tmp_path):
    (tmp_path / "file").write_text("content")
    table = Routes()
    table.get("/a/{x}")(_handler("own"))
    app = build_app(routes=table)
    app.router.add_static("/files", tmp_path)
    child = Routes()
    child.get("/{x}")(_handler("child"))
    app.add_subapp("/child", build_app(routes=child))
    ends = {"a/b": b'["own", {"x": "b"}]', "child/b": b'["child", {"x": "b"}]', "files/file": b"content"}
    async with Served(app) as served:
        for path, end in ends.items():
            reader, _ = await served.send(f"GET /{path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".encode())
            assert (await rest(reader)).endswith(b"\r\n\r\n" + end)
        reader, _ = await served.send(b"GET /child/b/c HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        assert (await rest(reader)).startswith(b"HTTP/1.1 404 ")
