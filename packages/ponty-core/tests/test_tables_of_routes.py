"""Tables of routes: prefixes, nesting, middlewares, and applications that serve different ones."""

import types

import pytest
from aiohttp import web

from ponty.core import PontyError, Route, Routes, build_app, get, health, post, render_json, route_iter


async def handler(request: web.Request) -> web.Response:
    """Answer with the variable parts of the path.

    And say no more.
    """
    return web.json_response(dict(request.match_info))


def paths(table):
    return [route.path for route in table]


def test_a_prefix_goes_before_each_path():
    table = Routes("/orders")
    table.get("")(handler)
    table.post("/")(handler)
    table.route("report", "/all")(handler)
    assert list(route_iter(table)) == [("GET", "/orders"), ("POST", "/orders/"), ("REPORT", "/orders/all")]


@pytest.mark.parametrize("method", ["get", "post", "put", "delete", "patch"])
async def test_a_method_of_a_table_binds_its_own(serve, method):
    table = Routes("/a")
    assert getattr(table, method)("/b")(handler) is handler
    client = await serve(routes=[table])
    async with client.request(method, "/a/b") as answer:
        assert answer.status == 200


@pytest.mark.parametrize("prefix", ["v1", "/", "/v1/", "//"])
def test_a_prefix_that_cannot_be_is_refused(prefix):
    with pytest.raises(ValueError, match="a prefix must begin with a slash and not end with one"):
        Routes(prefix)
    with pytest.raises(ValueError, match="a prefix must begin with a slash and not end with one"):
        Routes().include(Routes(), prefix=prefix)


async def test_prefixes_hold_variable_parts(serve):
    inner = Routes(r"/orders/{order:\d+}")
    inner.get("/lines/{line}")(handler)
    outer = Routes("/shops/{shop}")
    outer.include(inner, prefix="/{year}")
    client = await serve(routes=[outer])
    async with client.get("/shops/tea/2026/orders/7/lines/x") as answer:
        assert await answer.json() == {"shop": "tea", "year": "2026", "order": "7", "line": "x"}


def test_what_is_added_to_an_included_table_later_is_seen():
    inner, outer = Routes("/b"), Routes("/a")
    outer.include(inner)
    inner.get("/c")(handler)
    assert paths(outer) == ["/a/b/c"]


def test_routes_keep_the_order_in_which_they_and_the_tables_came():
    inner, outer = Routes(), Routes()
    outer.get("/1")(handler)
    outer.include(inner)
    outer.get("/3")(handler)
    inner.get("/2")(handler)
    assert paths(outer) == ["/1", "/2", "/3"]


async def test_a_table_is_included_under_two_prefixes(serve):
    common = Routes()
    common.get("/ping")(handler)
    api = Routes("/api")
    api.include(common, prefix="/v1")
    api.include(common, prefix="/v2")
    client = await serve(routes=api)
    for version in ("v1", "v2"):
        async with client.get(f"/api/{version}/ping") as answer:
            assert answer.status == 200


def test_the_same_table_under_the_same_prefix_is_refused():
    outer, inner = Routes(), Routes()
    outer.include(inner, prefix="/a")
    with pytest.raises(ValueError, match="included already, under '/a'"):
        outer.include(inner, prefix="/a")


def test_a_circle_of_tables_is_refused():
    one, two, three = Routes(), Routes(), Routes()
    one.include(two)
    two.include(three)
    for table in (one, two, three):
        with pytest.raises(ValueError, match="cannot include itself"):
            three.include(table)
    assert paths(one) == []


@pytest.mark.parametrize("slip", [[], "table", web.RouteTableDef(), None])
def test_only_tables_are_included(slip):
    with pytest.raises(TypeError, match="include takes a table of routes"):
        Routes().include(slip)


@pytest.mark.parametrize("slip", [[web.RouteTableDef()], [handler], ["x"]])
def test_only_tables_are_served(slip):
    with pytest.raises(TypeError, match=r"as routes=\[table\]"):
        build_app(routes=slip)


def test_lists_given_as_one_thing_are_refused():
    @web.middleware
    async def middleware(request, handler):
        return await handler(request)

    with pytest.raises(TypeError, match=r"tags must be a list, such as tags=\['orders'\]"):
        Routes(tags="orders")
    with pytest.raises(TypeError, match=r"middlewares must be a list, such as middlewares=\[.*middleware\]"):
        Routes(middlewares=middleware)
    with pytest.raises(TypeError, match=r"tags must be a list"):
        Routes().get("/", tags="orders")(handler)
    with pytest.raises(TypeError, match=r"raises must be a list, such as raises=\[PontyError\]"):
        Routes().get("/", raises=PontyError)(handler)
    with pytest.raises(TypeError, match=r"raises must list subclasses of PontyError; 'KeyError' is not one"):
        Routes().get("/", raises=[KeyError])(handler)


def test_a_path_without_anything_is_refused_at_the_start():
    table = Routes()
    table.get("")(handler)
    with pytest.raises(ValueError, match=r"GET .*'handler' \(.*test_tables_of_routes.py:\d+\).* does not begin"):
        build_app(routes=[table])


def test_the_record_of_a_route_has_what_describes_it():
    async def bare(request: web.Request) -> web.Response:
        return web.Response()

    class Full(PontyError):
        status_code = 409

    inner = Routes("/b", tags=["inner", "shared"])
    inner.post(
        "/c",
        name="c",
        max_size=10,
        summary="Do c.",
        description="At length.",
        tags=["shared", "own"],
        deprecated=True,
        hidden=True,
        operation_id="doC",
        raises=[Full],
    )(handler)
    inner.get("/d")(handler)
    inner.get("/e")(bare)
    outer = Routes("/a", tags=["outer"])
    outer.include(inner)
    told, documented, silent = outer
    assert isinstance(told, Route)
    assert (told.method, told.path, told.handler, told.name, told.max_size) == ("POST", "/a/b/c", handler, "c", 10)
    assert (told.summary, told.description, told.operation_id) == ("Do c.", "At length.", "doC")
    assert told.tags == ("outer", "inner", "shared", "own")
    assert (told.deprecated, told.hidden, told.raises) == (True, True, (Full,))
    assert (documented.summary, documented.description) == (
        None,
        "Answer with the variable parts of the path.\n\nAnd say no more.",
    )
    assert (documented.tags, documented.deprecated, documented.hidden) == (("outer", "inner", "shared"), False, False)
    assert silent.description is None
    assert all(__file__ in route.source for route in outer)


def test_an_option_that_routes_do_not_have_is_refused():
    """One of another framework's would change nothing, in silence."""
    with pytest.raises(TypeError, match=r"of 'handler' takes no option 'status_code'; it takes .*'raises'"):
        Routes("/shop").get("/mugs", status_code=201)(handler)


def test_the_place_of_a_route_that_ponty_makes_is_where_the_program_asked_for_it():
    assert {route.source.rpartition(":")[0] for route in health()} == {__file__}


async def test_two_applications_serve_different_tables(serve):
    tables = {name: Routes(f"/{name}") for name in ("one", "two")}
    for table in tables.values():
        table.get("")(handler)
    get("/default")(handler)
    clients = {name: await serve(routes=[table]) for name, table in tables.items()}
    clients["default"] = await serve()
    clients["none"] = await serve(routes=[])
    for name, client in clients.items():
        for path in ("one", "two", "default"):
            async with client.get(f"/{path}") as answer:
                assert answer.status == (200 if name == path else 404)


def test_route_iter_takes_tables():
    one, two = Routes("/one"), Routes("/two")
    for table in (one, two):
        table.get("")(handler)
    post("/default")(handler)
    assert list(route_iter(two, one)) == [("GET", "/two"), ("GET", "/one")]
    assert list(route_iter()) == [("POST", "/default")]


def test_the_default_table_is_emptied_for_a_while(routes):
    get("/a")(handler)
    with routes.emptied() as table:
        assert table is routes
        assert list(route_iter()) == []
        get("/b")(handler)
        assert list(route_iter()) == [("GET", "/b")]
    assert list(route_iter()) == [("GET", "/a")]


def marking(name, calls):
    """Make a middleware that notes when it begins and the status of the answer that it gets."""

    @web.middleware
    async def middleware(request, handler):
        calls.append(name)
        answer = await handler(request)
        calls.append((name, answer.status))
        answer.headers.add("X-Seen", name)
        return answer

    return middleware


@pytest.mark.parametrize(
    ("error", "status"),
    [(None, 200), (PontyError(), 500), (web.HTTPConflict(), 409), (KeyError("x"), 500)],
)
async def test_the_middlewares_of_tables_see_answers_the_outermost_first(serve, error, status):
    calls = []
    inner = Routes("/inner", middlewares=[marking("c", calls), marking("d", calls)])
    outer = Routes(middlewares=[marking("b", calls)])
    outer.include(inner)
    bare = Routes("/bare")

    @bare.get("")
    @inner.get("")
    async def failing(request: web.Request) -> web.Response:
        if error is not None:
            raise error
        return web.Response()

    client = await serve(routes=[outer, bare], middlewares=[marking("a", calls)])
    async with client.get("/inner") as answer:
        assert (answer.status, answer.headers.getall("X-Seen")) == (status, ["d", "c", "b", "a"])
    assert calls == ["a", "b", "c", "d", ("d", status), ("c", status), ("b", status), ("a", status)]
    calls.clear()
    async with client.get("/bare") as answer:
        assert answer.headers.getall("X-Seen") == ["a"]
    async with client.get("/inner/unknown") as answer:
        assert (answer.status, answer.headers.getall("X-Seen")) == (404, ["a"])


async def test_what_a_middleware_raises_reaches_the_others_as_an_answer(serve):
    """Those around it, of the table and of the application alike."""
    calls = []

    @web.middleware
    async def refusing(request, handler):
        raise web.HTTPForbidden

    table = Routes(middlewares=[marking("c", calls), refusing])
    table.get("/")(handler)
    client = await serve(routes=[table], middlewares=[marking("a", calls), marking("b", calls)])
    async with client.get("/") as answer:
        assert (answer.status, answer.content_type) == (403, "application/problem+json")
    assert calls[3:] == [("c", 403), ("b", 403), ("a", 403)]
    calls.clear()
    client = await serve(routes=[table], middlewares=[marking("a", calls), refusing, marking("b", calls)])
    async with client.get("/") as answer:
        assert answer.status == 403
    assert calls == ["a", ("a", 403)]


async def test_a_middleware_of_a_table_reads_the_route_and_answers_in_its_place(serve):
    @web.middleware
    async def closed(request, handler):
        return web.Response(text=request.match_info.route.resource.canonical, status=503)

    table = Routes("/{shop}", middlewares=[closed])

    @table.get("/orders")
    @render_json
    async def orders(request: web.Request) -> int:
        raise AssertionError

    client = await serve(routes=[table])
    async with client.get("/tea/orders") as answer:
        assert (answer.status, await answer.text()) == (503, "/{shop}/orders")


def defined(module, path="/thing", *, text):
    """Define a function in a module, as a notebook's cell or a reload does."""
    code = f"""
@get({path!r})
async def thing(request):
    return web.Response(text={text!r})
"""
    exec(code, module.__dict__)


async def test_the_same_function_defined_again_takes_the_place_of_the_earlier_one(serve):
    module = types.ModuleType("cell")
    module.__dict__.update(get=get, web=web)
    defined(module, text="first")
    get("/other")(handler)
    defined(module, text="second")
    assert list(route_iter()) == [("GET", "/thing"), ("GET", "/other")]
    client = await serve()
    async with client.get("/thing") as answer:
        assert await answer.text() == "second"


def test_another_function_of_the_same_name_is_refused():
    """One of another module, and one of several that a function makes."""

    def make():
        @get("/made")
        async def made(request: web.Request) -> web.Response:
            return web.Response()

    one, other = types.ModuleType("one"), types.ModuleType("other")
    for module in (one, other):
        module.__dict__.update(get=get, web=web)
    defined(one, text="")
    told = r"GET /thing: 'thing' is a second handler; 'thing' answers it already \(<string>:\d+\)"
    with pytest.raises(TypeError, match=told):
        defined(other, text="")
    make()
    with pytest.raises(TypeError, match=r"is a second handler"):
        make()
