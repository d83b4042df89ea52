"""Routes that can never be reached are found at the start, by name and place."""

import functools
import itertools
import random
import re

import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request

from ponty.core import Routes, build_app, get, route
from ponty.core.routing.patterns.coverage import covers
from ponty.core.routing.patterns.example import example


async def first(request: web.Request) -> web.Response:
    return web.Response(text="first")


async def second(request: web.Request) -> web.Response:
    return web.Response(text="second")


PLACE = r"\(.*test_route_conflicts.py:\d+\)"


@pytest.mark.parametrize(
    ("earlier", "later"),
    [
        ("/users/{id}", "/users/{name}"),
        ("/users/{id}", r"/users/{name:\w+}"),
        (r"/users/{name:\w+}", r"/users/{id:\d+}"),
        (r"/users/{name:\w+}", "/users/{kind:admin|guest}"),
        ("/users/{id}", r"/users/{day:\d{4}-\d{2}}"),
        ("/files/{path:.*}", "/files/{folder:[a-z]+}/{name:[a-z]+}"),
        ("/files/{path:.*}", "/files/"),
        ("/{a}/{b}", "/{a:[ab]}/x{b:[0-9]}"),
        ("/%C3%A9t%C3%A9", "/été"),
        ("/a b/{x}", "/a%20b/{y}"),
        ("/{a}", "/{b:é+}"),
    ],
)
@pytest.mark.parametrize("kind", ["one table", "two tables", "aiohttp's"])
def test_a_route_that_is_never_reached_is_refused_by_name_and_place(earlier, later, kind):
    table, other, theirs = Routes(), Routes(), web.RouteTableDef()
    table.get(earlier)(first)
    {"one table": table, "two tables": other, "aiohttp's": theirs}[kind].get(later)(second)
    hidden, other_one = (rf"GET {re.escape(path)}" for path in (later, earlier))
    message = rf"{hidden}: 'second' {PLACE} is never reached, 'first' {PLACE} answers {other_one} first"
    with pytest.raises(TypeError, match=message):
        build_app(routes=[table, other], route_tables=[theirs])


def test_one_path_in_two_tables_is_refused():
    one, other = Routes("/users"), Routes()
    one.get("/me")(first)
    other.get("/users/me")(second)
    with pytest.raises(TypeError, match=rf"GET /users/me: 'second' {PLACE} is never reached, 'first' {PLACE}"):
        build_app(routes=[one, other])


@pytest.mark.parametrize(
    ("earlier", "later"),
    [
        ("/users/me", "/users/{id}"),
        ("/users/{id}", "/users/me"),
        (r"/users/{name:\w+}", "/users/me"),
        (r"/users/{id:\d+}", r"/users/{name:\w+}"),
        ("/users/{id}", "/users/{path:.*}"),
        ("/users/{id}", "/users/{id}/orders"),
        ("/files/{path:.*}", "/files/x/{name}"),
        ("/files/{path:.*}", "/files"),
        ("/files/{path:.*}", "/files/{name:[^/]+}"),
        (r"/{a:(?!x)\w+}", "/{b:y}"),
        (r"/{a:(?i:ab)}", "/{b:ab}"),
        ("/{a}.{b}", r"/{c:\w+\.\w+}"),
        ("/{a:[a-m]+}", "/{b:[a-z]+}"),
    ],
)
def test_a_route_that_can_be_reached_is_not_refused(earlier, later):
    """The more literal path is looked at first; `.` is no line break; and of some patterns nothing is said."""
    get(earlier)(first)
    get(later)(second)
    build_app()


def test_a_route_of_another_method_is_not_hidden():
    get("/thing/{a}")(first)
    route("POST", "/thing/{b}")(second)
    build_app()


def test_a_route_for_every_method_hides_what_comes_later():
    route("*", "/thing/{a}")(first)
    get("/thing/{b}")(second)
    with pytest.raises(TypeError, match=r"GET /thing/{b}: .* answers \* /thing/{a} first"):
        build_app()


def test_a_more_literal_path_hides_one_that_came_earlier():
    get("/{kind:users}/{id}")(first)
    get("/users/{id}")(second)
    with pytest.raises(TypeError, match=r"GET /{kind:users}/{id}: 'first' .* is never reached, 'second'"):
        build_app()


def test_all_conflicts_are_told_at_once():
    for path in ("/a", "/b"):
        get(path)(first)
    table = Routes()
    for path in ("/a", "/b"):
        table.get(path)(second)
    outer = Routes()
    outer.include(table)
    with pytest.raises(TypeError) as caught:
        build_app(routes=[table, outer])
    assert [line.split(":")[0] for line in str(caught.value).splitlines()] == ["GET /a", "GET /b"]


def test_a_handler_behind_a_decorator_is_told_by_its_module():
    theirs = web.RouteTableDef()
    namespace = {"__name__": "elsewhere"}
    exec("async def handler(request): ...", namespace)
    theirs.get("/a")(namespace["handler"])
    theirs.get("/a")(first)
    with pytest.raises(TypeError, match=r"'first' \(.*test_route_conflicts.py:\d+\) .* 'handler' \(<string>:1\)"):
        build_app(route_tables=[theirs])


SEGMENTS = ["a", "b", "", "{x}", r"{x:\d+}", "{x:[ab]}", "{x:.*}", "v{x}", "{x}b", "{x:a|7}", "{x:[^/]*}"]
WORDS = ["a", "b", "", "7", "va", "ab", "77", "vb"]
PATHS = ["/" + "/".join(words) for depth in (1, 2) for words in itertools.product(WORDS, repeat=depth)]
PATHS += ["/" + "/".join(random.Random(number).choices(WORDS, k=3)) for number in range(60)]


def random_routes(seed):
    chooser = random.Random(seed)
    for number in range(30):
        segments = chooser.choices(SEGMENTS, k=chooser.randint(1, 3))
        path = "/" + "/".join(segment.replace("{x", f"{{x{at}") for at, segment in enumerate(segments))
        yield chooser.choice(["GET", "POST", "*"]), path, number


def numbered(number):
    async def handler(request: web.Request) -> web.Response:
        return web.Response()

    handler.number = number
    return handler


@functools.cache
def requests():
    return [make_mocked_request(method, path) for path in PATHS for method in ("GET", "POST")]


async def reached(app):
    """Give, for each path and method, which route answers it with which parts, or which methods are allowed."""
    app.freeze()
    found = {}
    for request in requests():
        match = await app.router.resolve(request)
        number = getattr(match.handler, "number", None)
        found[request.method, request.path] = number, dict(match) if number is not None else None
    return found


def build(routes):
    table = Routes()
    for method, path, number in routes:
        table.route(method, path)(numbered(number))
    return build_app(routes=[table])


@pytest.mark.parametrize("seed", range(3))
async def test_as_aiohttp_finds_them_and_nothing_is_refused_that_could_be_reached(seed):
    """Random tables of many dynamic routes, on all paths of some words, beside a router of aiohttp."""
    kept, refused = [], []
    for one in random_routes(seed):
        try:
            build([*kept, one])
        except TypeError:
            refused.append((len(kept), one))
        else:
            kept.append(one)
    plain = web.Application()
    for method, path, number in kept:
        plain.router.add_route(method, path, numbered(number))
    assert len(kept) > 12
    assert await reached(build(kept)) == await reached(plain)
    for before, one in refused[:4]:
        plain = web.Application()
        for method, path, number in [*kept[:before], one]:
            plain.router.add_resource(path, name=f"r{number}").add_route(method, numbered(number))
        numbers = {number for number, _ in (await reached(plain)).values()}
        assert not {number for *_, number in [*kept[:before], one]} <= numbers


@pytest.mark.parametrize(
    ("pattern", "covered", "expected"),
    [
        ("[^{}/]+", "me", True),
        (r"\w+", r"\d+", True),
        (r"\d+", r"\w+", False),
        (".*", "", True),
        (".+", "", False),
        (r"\w+", "me-", False),
        (r"\w+", "é+", True),
        ("[a-z]+", "é+", False),
        (r"(?a:\w+)", "é+", False),
        (r"[\d-]+", r"\d{4}-\d{2}-\d{2}", True),
        (r"\d+", r"\d{4}-\d{2}", False),
        ("(?:ab|cd)*", "(?:abcd)+", True),
        ("(?:abcd)+", "(?:ab|cd)*", False),
        (r"\S+", r"\w+", True),
        (r"\w+", r"\S+", False),
        ("[^a]", r"\d", True),
        (r"\d+", "[0-9]+", True),
        ("[0-9]+", r"\d+", False),
        ("[a-zé-ü]+", "[ö-ø]+", True),
        (".+", "[^/]+", False),
        ("(?s:.+)", "[^/]+", True),
        (r"(?!me)\w+", "me", False),
        (r"(a)\1", "aa", False),
        ("a{900}b{900}", "a", False),
    ],
)
def test_whether_a_pattern_covers_another(pattern, covered, expected):
    assert covers(pattern, covered) is expected


@pytest.mark.parametrize(
    "pattern",
    ["abc", r"\d{3}-[a-c]+", "(?:ab|c)*x", "é[^a-z]", "[\u0400-\u04ff]{2}", r"\s\S\D\W", "[^{}/]+", "(?s:.)?", ""],
)
def test_an_example_matches(pattern):
    assert re.fullmatch(pattern, example(pattern))


@pytest.mark.parametrize("pattern", ["(?=a)b", "a++", r"(a)\1", "(?i:a)", "a{5000}"])
def test_no_example_is_made_of_what_is_not_exact(pattern):
    assert example(pattern) is None
