"""Patterns of paths that could hold up every other request are refused at the start, or match short paths only."""

import math
import re

import pytest
from aiohttp import web

from ponty.core import build_app, get
from ponty.core.routing.patterns.backtracking import UnboundedPatternError, degree

UUID = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"

LINEAR = [
    "",
    "abc",
    r"\d+",
    r"\w+",
    r"\S+",
    "[a-z-]+",
    "[^/]+",
    "[^{}/]+",
    ".*",
    ".+",
    ".*?",
    r"\d{4}-\d{2}-\d{2}",
    UUID,
    "[0-9a-f]{64}",
    "[A-Za-z0-9_-]{1,100}",
    "(?:a|b)+",
    "(?:en|de|fr)(?:-[A-Z]{2})?",
    "[a-z]+(?:-[a-z]+)*",
    r"(?:\w+-)*\w+",
    r"(?:/\w+)*",
    "(?:[^/]+/)*[^/]+",
    r"-?\d+(?:\.\d+)?",
    r"v\d+(?:\.\d+){0,2}",
    r"\d{1,3}(?:\.\d{1,3}){3}",
    r"[^/.]+\.(?:png|jpe?g)",
    r"[a-z0-9]+(?:[._-][a-z0-9]+)*@[a-z0-9-]+(?:\.[a-z0-9-]+)+",
    "(?i:abc)+",
    r"(?!admin)\w+",
    r"(?=.*\d)\w+",
    r"(?<=/)\w+(?<!x)",
    r"\bab\b",
    r"\A\w+\Z",
    r"(?a:\w+)-(?s:.)x",
    "(?#said)a+",
    r"\x41\u00e9\U0001F600\N{BULLET}\101\n+",
    "[]a]+[^]a]+",
    r"[\]\d-]+",
    "(?>a+)b",
    "a++b",
    "x{}a{,3}b{x}c{,}",
]

QUADRATIC = [
    "a*a*",
    r"[^{}/]+\.[^{}/]+",
    r"\w+-?\w+",
    ".*/raw/.*",
    "a*b*a*",
    "a*(?=a*c)b",
    "(?:(?=a*b)a)*",
    r"(?i:[a-z]+)[A-Z]+",
]

CUBIC = ["[^{}/]+-[^{}/]+-[^{}/]+", "a*.*b.*"]

HOSTILE = [
    "([a-z0-9]+-?)+",
    "(a+)+",
    "(a*)*",
    "(a|a)*",
    "(a|aa)+",
    "(a|b|ab)*c",
    "(.*)*",
    "(.+)+x",
    r"(\w+\d+)+",
    r"(?:\w+\s?)*",
    "(x+x+)+y",
    "(?:[a-z]|[a-m]x?)+",
    "(?:(?:a?)*b)*",
    "(?:a?){25}a{25}",
    "(a|a){20}",
    "(?:.*a){12}",
    "(?:a{1,20}){1,20}",
    r"(?=(a+)+b)\w+",
    r"(?!(\w*)*$)\w+",
    "(?i:(a|A)+)b",
    "(?>(a+)+b)",
]

POLYNOMIAL = ["a*a*a*a*", r"\d*\d*\d*\d*!", ".*a.*b.*c.*", "[^{}/]+-[^{}/]+-[^{}/]+-[^{}/]+"]


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        *((pattern, 0) for pattern in LINEAR),
        *((pattern, 1) for pattern in QUADRATIC),
        *((pattern, 2) for pattern in CUBIC),
        *((pattern, 3) for pattern in POLYNOMIAL),
        *((pattern, math.inf) for pattern in HOSTILE),
    ],
)
def test_how_the_ways_grow(pattern, expected):
    re.compile(pattern)
    assert degree(pattern) == expected


@pytest.mark.parametrize(
    "pattern",
    [r"(a)\1*", "(?P<a>x)(?P=a)", "(x)?(?(1)a|b)", "(?x:a b)", "(?x) a b", "a{400}b{400}c{400}", "(?:(?=a|b)){9}"],
)
def test_what_cannot_be_judged_is_refused(pattern):
    re.compile(pattern)
    with pytest.raises(UnboundedPatternError):
        degree(pattern)


async def handler(request: web.Request) -> web.Response:
    return web.json_response(dict(request.match_info))


@pytest.mark.parametrize("pattern", [p for p in LINEAR if p and "{" not in p] + [UUID, r"\d{4}-\d{2}-\d{2}"])
def test_a_pattern_without_choice_may_stand_in_a_path(pattern):
    get(f"/files/{{name:{pattern}}}")(handler)
    build_app()


@pytest.mark.parametrize("pattern", [*(p for p in HOSTILE + POLYNOMIAL if "{" not in p), "(a|a){20}", r"(a)\2*"])
def test_a_pattern_that_backtracks_is_refused_at_the_start(pattern):
    get(f"/files/{{name:{pattern}}}/x")(handler)
    place = r"'handler' \(.*test_route_patterns.py:\d+\)"
    with pytest.raises(ValueError, match=rf"GET /files/.*{place}.* has a pattern (that|whose)"):
        build_app()


def test_a_pattern_in_a_table_of_aiohttp_is_refused_as_well():
    table = web.RouteTableDef()
    table.get("/{name:(a+)+}")(handler)
    with pytest.raises(ValueError, match=r"test_route_patterns.py:\d+\).* has a pattern that backtracks"):
        build_app(route_tables=[table])


def test_parts_of_one_segment_are_judged_together():
    get("/{a}-{b}-{c}-{d}")(handler)
    with pytest.raises(ValueError, match=r"may be matched in about n\*\*3 ways"):
        build_app()


def test_a_slash_between_parts_keeps_them_apart():
    get("/{a}/{b}/{c}/{d}/{e:.*}")(handler)
    build_app()


@pytest.mark.parametrize(
    ("path", "fits", "longest"),
    [
        ("/{name}.{kind}", "/{}.x", 512),
        ("/{a}-{b}-{c}", "/{}-b-c", 128),
        ("/files/{a:.*}/raw/{b:.*}", "/files/{}/raw/b", 512),
        ("/{name}", "/{}", None),
    ],
)
async def test_a_pattern_that_backtracks_a_little_matches_paths_up_to_a_length(serve, path, fits, longest):
    get(path)(handler)
    client = await serve()
    rest = len(fits) - len("{}")
    for length in (longest, longest + 1) if longest else (5000,):
        async with client.get(fits.format("x" * (length - rest))) as answer:
            assert answer.status == (404 if longest and length > longest else 200)
    async with client.get(fits.format("x")) as answer:
        assert answer.status == 200


@pytest.mark.parametrize("named", [True, False])
async def test_a_route_of_such_a_pattern_is_as_any_other(serve, named):
    seen = []

    @get("/files/{name}.{kind}", **({"name": "file"} if named else {}))
    async def file(request: web.Request) -> web.Response:
        resource = request.match_info.route.resource
        seen.append((resource.canonical, resource.get_info()["formatter"], str(resource.url_for(name="a", kind="b"))))
        if named:
            assert str(request.app.router["file"].url_for(name="a b", kind="c")) == "/files/a%20b.c"
        return web.json_response(dict(request.match_info))

    client = await serve()
    async with client.get("/files/a%2Fb%25.c") as answer:
        assert await answer.json() == {"name": "a/b%", "kind": "c"}
    assert seen == [("/files/{name}.{kind}", "/files/{name}.{kind}", "/files/a.b")]
    async with client.head("/files/a.b") as answer:
        assert answer.status == 200
    async with client.post("/files/a.b") as answer:
        assert (answer.status, answer.headers["Allow"]) == (405, "GET,HEAD,OPTIONS")
    async with client.get("/files/a") as answer:
        assert answer.status == 404
