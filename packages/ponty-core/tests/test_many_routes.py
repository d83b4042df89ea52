"""Many dynamic routes below one literal part: found by their segments, in the order of registration."""

import pytest
from aiohttp import web

from ponty.core import Routes, build_app
from ponty.core.routing import dispatch
from ponty.core.routing.dispatch import Table
from ponty.core.routing.paths import path_of_pattern, read_path
from ponty.core.routing.segment_index import SegmentIndex


def answering(text):
    async def handler(request: web.Request) -> web.Response:
        return web.json_response([text, dict(request.match_info)])

    return handler


@pytest.fixture
def table():
    table = Routes("/api/{tenant}")
    for number in range(50):
        table.get(f"/things{number}/{{id}}")(answering(number))
    return table


async def test_each_is_found(serve, table):
    client = await serve(routes=[table])
    for number in (0, 7, 49):
        async with client.get(f"/api/t/things{number}/x") as answer:
            assert await answer.json() == [number, {"tenant": "t", "id": "x"}]
    async with client.get("/api/t/things50/x") as answer:
        assert answer.status == 404
    async with client.delete("/api/t/things7/x") as answer:
        assert (answer.status, answer.headers["Allow"]) == (405, "GET,HEAD,OPTIONS")


async def test_the_first_of_those_that_match_answers(serve, table):
    table.get(r"/{kind:\w+}/first")(answering("kind"))
    table.get("/{rest:.*}")(answering("rest"))
    table.post("/{rest:.*}")(answering("posted"))
    table.get("/{kind}/{id}/more")(answering("more"))
    client = await serve(routes=[table])
    for method, path, expected in [
        ("GET", "things3/first", 3),
        ("GET", "others/first", "kind"),
        ("GET", "others/second", "rest"),
        ("GET", "a/b/more", "rest"),
        ("POST", "things3/first", "posted"),
        ("GET", "", "rest"),
    ]:
        async with client.request(method, f"/api/t/{path}") as answer:
            assert (await answer.json())[0] == expected
    async with client.put("/api/t/things3/first") as answer:
        assert answer.headers["Allow"] == "GET,HEAD,OPTIONS,POST"


async def test_what_comes_between_keeps_its_place(serve):
    """Routes of aiohttp's own kind, such as named ones, part the group."""
    table = Routes("/a")
    for number in range(20):
        table.get(f"/{{x}}/{number}")(answering(number))
    table.get("/{rest:(?:x/)?99}", name="between")(answering("between"))
    table.get("/{x}/99")(answering("behind"))
    client = await serve(routes=[table])
    for path, expected in [("x/99", "between"), ("y/99", "behind"), ("99", "between"), ("x/7", 7)]:
        async with client.get(f"/a/{path}") as answer:
            assert (await answer.json())[0] == expected


async def test_in_a_sub_application(aiohttp_client, table):
    parent = web.Application()
    child = web.Application()
    child.add_subapp("/child", build_app(routes=[table]))
    parent.add_subapp("/parent", child)
    client = await aiohttp_client(parent)
    async with client.get("/parent/child/api/t/things7/x") as answer:
        assert await answer.json() == [7, {"tenant": "t", "id": "x"}]
    async with client.get("/parent/child/api/t/things77/x") as answer:
        assert answer.status == 404


def test_the_router_lists_the_routes_of_a_group(table):
    app = build_app(routes=[table])
    listed = {(route.method, route.resource.canonical) for route in app.router.routes()}
    assert {("GET", "/api/{tenant}/things7/{id}"), ("HEAD", "/api/{tenant}/things49/{id}")} <= listed
    assert sum(len(resource) for resource in app.router.resources()) == 100


def test_only_the_routes_that_may_match_are_tried():
    """So one of a thousand is found as soon as one of ten."""
    index = SegmentIndex()
    for number in range(1000):
        index.add(read_path(f"/api/{{tenant}}/things{number}/{{id}}"), number)
    index.add(read_path("/api/{tenant}/{kind}/{id}"), "kind")
    index.add(read_path("/api/{rest:.*}"), "rest")
    assert index.candidates("/api/t/things7/x") == [7, "kind", "rest"]
    assert index.candidates("/api/t/things7/x/y") == ["rest"]
    assert index.candidates("/other") == []


def test_a_segment_is_told_by_the_text_around_its_variable_part():
    """So are those of which no segment is literal as a whole."""
    index = SegmentIndex()
    for number in range(1000):
        index.add(read_path(f"/a{number}-{{id}}"), ("after", number))
        index.add(read_path(f"/b{{id}}-{number}"), ("before", number))
        index.add(read_path(f"/c{number}-{{x}}{{y}}_{number}/more"), ("around", number))
    index.add(read_path("/{any}"), "any")
    assert index.candidates("/a7-x") == [("after", 7), "any"]
    assert index.candidates("/bx-7") == [("before", 7), "any"]
    assert index.candidates("/c7-xy_7/more") == [("around", 7)]
    assert index.candidates("/c7-xy_8/more") == []
    assert index.candidates("/a") == ["any"]


def test_a_text_is_not_both_the_begin_and_the_end():
    index = SegmentIndex()
    index.add(read_path("/ab{id}ba"), "both")
    assert index.candidates("/aba") == []
    assert index.candidates("/abba") == ["both"]  # which the pattern of the path refuses


def test_of_a_thousand_routes_of_aiohttp_s_own_those_alone_are_tried_that_may_match(monkeypatch):
    """Such as named ones, and those of a table of aiohttp's."""
    table = Routes("/a")
    for number in range(500):
        table.get(f"/{{id:[0-9]+}}/x{number}", name=f"x{number}")(answering(number))
    theirs = web.RouteTableDef()
    for number in range(500, 1000):
        theirs.get(f"/a/{{id}}/x{number}", name=f"x{number}")(answering(number))
    app = build_app(routes=[table], route_tables=[theirs])
    found = Table(one for one in app.router.resources() if isinstance(one, web.DynamicResource))
    tried = []
    monkeypatch.setattr(dispatch._Dynamic, "find", lambda *_: tried.append(1))
    assert found.find("/a/7/x999", "GET") is None
    assert found.find("/a/7/x7", "GET") is None
    assert found.find("/a/7/x1000", "GET") is None
    assert len(tried) == 2


@pytest.mark.parametrize(
    "path", ["/a/{id}/b", "/a/{x}-{y:\\d+}/", "/{day:[0-9]{4}-[0-9]{2}}", "/a/{rest:.*}", "/a.b/{x}", "/{x:(?:a|b)c}"]
)
def test_the_path_of_a_pattern_of_aiohttp_s_is_found_again(path):
    resource = web.DynamicResource(path)
    info = resource.get_info()
    found = path_of_pattern(info["formatter"], info["pattern"])
    assert found is not None
    assert (found.shape, found.edges) == (read_path(path).shape, read_path(path).edges)


@pytest.mark.parametrize("path", ["/a/{x:(a+)+}", "/ä/{x}"])
def test_a_pattern_that_cannot_be_told_is_tried_each_time(path):
    info = web.DynamicResource(path).get_info()
    found = path_of_pattern(info["formatter"], info["pattern"])
    assert found is None or found.pattern == info["pattern"]
