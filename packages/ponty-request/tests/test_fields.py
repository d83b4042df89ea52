"""What each field takes, and what it refuses."""

import asyncio
import datetime
import decimal
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from multidict import CIMultiDict
from yarl import URL

from ponty.core import get, post, render_json
from ponty.request import (
    ContentLength,
    ContentType,
    Cookie,
    Description,
    Header,
    PosIntQueryParameter,
    PosIntRouteParameter,
    QueryParameter,
    Request,
    RouteParameter,
    StringQueryParameter,
    StringRouteParameter,
    expect,
)
from ponty.request.texts.converters import parse_digits


@pytest.fixture
def ask_field(ask):
    """Serve a handler that gives back the value of one field, and ask it."""
    mounted = []

    async def ask_field(field, query="", **options):
        if not mounted:

            class OneField(Request):
                value = field

            path = f"/{OneField.value}" if isinstance(field, RouteParameter) else "/{any:.*}"
            mounted.append(path)

            @get(path)
            @expect(OneField)
            @render_json
            async def handler(value: object) -> object:
                return value

        status, body = await ask(URL("/" + query, encoded=True), **options)
        return status, body["data"] if status == 200 else body.get("errors", [])

    return ask_field


def detail(errors):
    (error,) = errors
    return error["detail"]


def test_a_route_parameter_reads_from_the_class_as_aiohttp_s_part():
    class HelloReq(Request):
        name = StringRouteParameter()
        id = PosIntRouteParameter()
        code = RouteParameter(pattern="[a-z]{5}")

    assert f"/hello/{HelloReq.name}" == r"/hello/{name:\w+}"
    assert HelloReq.name == r"{name:\w+}"
    assert (HelloReq.id, HelloReq.code) == (r"{id:\d+}", "{code:[a-z]{5}}")


@pytest.mark.parametrize(
    ("part", "status", "value"),
    [
        ("0", 200, 0),
        ("007", 200, 7),
        ("9" * 4000, 200, int("9" * 4000)),
        ("9" * 5000, 404, None),
        ("%D9%A1", 404, None),  # an Arabic-Indic digit
        ("%C2%B2", 404, None),  # a superscript two
        ("+5", 404, None),
        ("-5", 404, None),
        ("1_000", 404, None),
        ("%205%20", 404, None),
        ("5.0", 404, None),
        ("abc", 404, None),
        ("", 404, None),
        ("%00", 404, None),
        ("%FF", 404, None),
    ],
)
async def test_an_integer_in_the_path(ask_field, part, status, value):
    got, data = await ask_field(PosIntRouteParameter(), part)
    assert got == status
    if status == 200:
        assert data == value


@pytest.mark.parametrize(
    ("part", "status", "value"),
    [("ann", 200, "ann"), ("Zo%C3%AB", 200, "Zoë"), ("a-b", 404, None), ("a%2Fb", 404, None), ("%FF", 404, None)],
)
async def test_a_word_in_the_path(ask_field, part, status, value):
    got, data = await ask_field(StringRouteParameter(), part)
    assert got == status
    if status == 200:
        assert data == value


@pytest.mark.parametrize(
    "error", [ValueError, KeyError, IndexError, TypeError, ZeroDivisionError, decimal.InvalidOperation, UnicodeError]
)
async def test_a_cast_that_fails_in_the_path_is_a_404(ask_field, error):
    def cast(text):
        raise error("secret")

    status, errors = await ask_field(RouteParameter(pattern="[a-z]+", cast_func=cast), "abc")
    assert (status, errors) == (
        404,
        [{"in": "path", "name": "value", "pointer": "", "detail": "is not valid", "code": "cast"}],
    )


async def test_a_route_parameter_of_one_s_own(ask_field):
    class Day(RouteParameter[datetime.date]):
        def __init__(self) -> None:
            super().__init__(pattern=r"\d{4}-\d\d-\d\d", cast_func=datetime.date.fromisoformat)

    assert await ask_field(Day(), "2026-02-28") == (200, "2026-02-28")
    assert (await ask_field(Day(), "2026-02-31"))[0] == 404


@pytest.mark.parametrize(
    ("query", "status", "value"),
    [
        ("", 200, 1),
        ("?value=0", 200, 0),
        ("?value=42", 200, 42),
        ("?other=42", 200, 1),
        ("?value=" + "9" * 5000, 400, None),
        ("?value=", 400, None),
        ("?value", 400, None),
        ("?value=%D9%A1", 400, None),
        ("?value=%C2%B2", 400, None),
        ("?value=%2B5", 400, None),
        ("?value=+5", 400, None),
        ("?value=%205%20", 400, None),
        ("?value=-5", 400, None),
        ("?value=1_000", 400, None),
        ("?value=5.0", 400, None),
        ("?value=abc", 400, None),
        ("?value=%00", 400, None),
    ],
)
async def test_an_integer_in_the_query(ask_field, query, status, value):
    got, data = await ask_field(PosIntQueryParameter(default=1), query)
    assert got == status
    if status == 200:
        assert data == value
    else:
        assert data == [
            {
                "in": "query",
                "name": "value",
                "pointer": "",
                "detail": "must be a non-negative integer, in the digits 0 to 9",
                "code": "cast",
            }
        ]


@given(st.text())
def test_digits_are_ascii_digits_and_nothing_else(text):
    plain = bool(text) and set(text) <= set("0123456789")
    try:
        assert parse_digits(text) == int(text)
    except ValueError:
        assert not plain
    else:
        assert plain


@given(st.integers(min_value=0))
def test_digits_are_read_as_they_are_written(number):
    assert parse_digits(str(number)) == number


@pytest.mark.parametrize(
    ("query", "value"),
    [
        ("?value=a%20b", "a b"),
        ("?value=", ""),
        ("?value=%C3%AB", "ë"),
        ("?value=%00", "\0"),
        ("?value=a%26b", "a&b"),
        ("?VALUE=a", "-"),
    ],
)
async def test_a_string_in_the_query(ask_field, query, value):
    assert await ask_field(StringQueryParameter(default="-"), query) == (200, value)


async def test_a_parameter_given_twice_is_refused(ask_field):
    status, errors = await ask_field(StringQueryParameter(default="-"), "?value=a&value=a")
    assert (status, detail(errors)) == (400, "must be given once")


async def test_a_parameter_has_a_key_of_its_own(ask_field):
    field = PosIntQueryParameter(key="per-page", required=True)
    assert await ask_field(field, "?per-page=3") == (200, 3)
    status, errors = await ask_field(field, "?value=3")
    assert (status, errors) == (
        400,
        [{"in": "query", "name": "per-page", "pointer": "", "detail": "is required", "code": "missing"}],
    )


async def test_legal_values_may_come_from_a_generator_and_hold_on_every_request(ask_field):
    field = StringQueryParameter(required=True, values=(value for value in ("up", "down")))
    for _ in range(3):
        assert await ask_field(field, "?value=up") == (200, "up")
        status, errors = await ask_field(field, "?value=sideways")
        assert (status, detail(errors)) == (400, "must be one of 'up', 'down'")


async def test_a_default_is_used_as_it_is(ask_field):
    assert await ask_field(PosIntQueryParameter(default=None), "") == (200, None)
    assert await ask_field(PosIntQueryParameter(default=None), "?value=") != (200, None)


@pytest.mark.parametrize(
    "field",
    [
        lambda: StringQueryParameter(default="none", values=["up"]),
        lambda: PosIntQueryParameter(default=3, values=["1", "2"]),
        lambda: QueryParameter(int, default=3, values=["1", "2"]),
    ],
)
def test_a_default_is_a_legal_value(field):
    with pytest.raises(ValueError, match="the default .* is not among the values"):
        field()


@pytest.mark.parametrize("default", ["up", None])
async def test_a_default_among_the_values_is_one_and_so_is_none(ask_field, default):
    assert await ask_field(StringQueryParameter(default=default, values=["up"])) == (200, default)


@pytest.mark.parametrize(
    "error", [ValueError, KeyError, IndexError, TypeError, ZeroDivisionError, decimal.InvalidOperation, UnicodeError]
)
async def test_a_cast_that_fails_in_the_query_names_the_parameter_and_repeats_nothing(ask_field, error):
    def cast(text):
        raise error(text)

    status, errors = await ask_field(QueryParameter(default=0, cast_func=cast), "?value=secret")
    assert (status, errors) == (
        400,
        [{"in": "query", "name": "value", "pointer": "", "detail": "must be a valid value", "code": "cast"}],
    )


async def test_another_error_of_a_cast_is_the_program_s_own(ask_field, caplog):
    def cast(text):
        raise RuntimeError

    assert (await ask_field(QueryParameter(default=0, cast_func=cast), "?value=a"))[0] == 500
    assert len(caplog.records) == 1


async def test_a_query_parameter_of_one_s_own(ask_field):
    words = {"yes": True, "no": False}

    class Boolean(QueryParameter[bool]):
        expected = "yes or no"

        def __init__(self, *, default: bool) -> None:
            super().__init__(default=default, cast_func=words.__getitem__)

    assert await ask_field(Boolean(default=True), "?value=no") == (200, False)
    status, errors = await ask_field(Boolean(default=True), "?value=maybe")
    assert (status, detail(errors)) == (400, "must be yes or no")


@pytest.mark.parametrize(
    ("options", "given"),
    [
        ({}, "neither"),
        ({"required": False}, "neither"),
        ({"required": True, "default": 1}, "both"),
        ({"required": True, "default": None}, "both"),
    ],
)
@pytest.mark.parametrize(
    "field", [PosIntQueryParameter, StringQueryParameter, lambda **kw: QueryParameter(cast_func=int, **kw)]
)
def test_a_query_parameter_is_required_or_has_a_default(field, options, given):
    with pytest.raises(ValueError, match=f"give required=True or a default, not {given}"):
        field(**options)


@pytest.mark.parametrize("values", ["abc", [1, 2], (None,)])
def test_legal_values_are_texts(values):
    with pytest.raises(TypeError, match="values must be the legal texts"):
        StringQueryParameter(default="", values=values)


async def test_a_header(ask_field):
    field = Header(key="x-agent", required=True)
    assert await ask_field(field, headers={"X-Agent": "007"}) == (200, "007")
    assert await ask_field(field, headers={"X-AGENT": ""}) == (200, "")
    assert await ask_field(field, headers=CIMultiDict([("X-Agent", "a"), ("X-Agent", "b")])) == (200, "a, b")
    assert await ask_field(field, headers={"X-Agent": "Zoë"}) == (200, "Zoë")
    status, errors = await ask_field(field)
    assert (status, errors) == (
        400,
        [{"in": "header", "name": "x-agent", "pointer": "", "detail": "is required", "code": "missing"}],
    )


@pytest.mark.parametrize(
    ("field", "value"),
    [(Header(key="X-A"), ""), (Header(key="X-A", default="-"), "-"), (Header(key="X-A", default=None), None)],
)
async def test_the_default_of_a_header(ask_field, field, value):
    assert await ask_field(field) == (200, value)


@pytest.mark.parametrize("key", ["", "X A", "X:A", "X\r\nA", "Ä"])
def test_what_cannot_be_the_name_of_a_header_is_refused(key):
    with pytest.raises(ValueError, match="cannot be the name of a header"):
        Header(key=key)


async def test_content_length_and_content_type(ask):
    class Body(Request):
        length = ContentLength(required=True)
        type = ContentType(required=True)

    @post("/")
    @expect(Body)
    @render_json
    async def handler(length: str, type: str) -> list[str]:
        return [length, type]

    status, body = await ask("/", method="POST", data=b"abc", headers={"Content-Type": "text/plain; charset=utf-8"})
    assert (status, body["data"]) == (200, ["3", "text/plain; charset=utf-8"])
    status, body = await ask("/", method="POST", skip_auto_headers=["Content-Type"])
    assert (status, [error["name"] for error in body["errors"]]) == (400, ["Content-Type"])


async def test_the_defaults_of_content_length_and_content_type(ask):
    class Body(Request):
        length = ContentLength(default="none")
        type = ContentType()

    @get("/")
    @expect(Body)
    @render_json
    async def handler(length: str, type: str) -> list[str]:
        return [length, type]

    assert (await ask("/"))[1]["data"] == ["none", ""]


async def test_a_cookie(ask_field):
    field = Cookie(name="session", required=True)
    assert await ask_field(field, cookies={"session": "abc"}) == (200, "abc")
    assert await ask_field(field, headers={"Cookie": "a=b; session=c; d"}) == (200, "c")
    status, errors = await ask_field(field, headers={"Cookie": "Session=abc"})
    assert (status, errors) == (
        400,
        [{"in": "cookie", "name": "session", "pointer": "", "detail": "is required", "code": "missing"}],
    )


@pytest.mark.parametrize(
    ("field", "value"),
    [(Cookie(name="a"), ""), (Cookie(name="a", default="-"), "-"), (Cookie(name="a", default=None), None)],
)
async def test_the_default_of_a_cookie(ask_field, field, value):
    assert await ask_field(field) == (200, value)


async def test_the_errorcode_of_a_cookie_is_the_status_though_other_parts_are_at_fault_too(ask):
    class Private(Request):
        page = PosIntQueryParameter(required=True)
        session = Cookie(name="session", required=True, errorcode=401)

    @get("/")
    @expect(Private)
    @render_json
    async def handler(page: int, session: str) -> None:
        pass

    status, body = await ask("/")
    assert (status, body["title"]) == (401, "Unauthorized")
    assert [error["name"] for error in body["errors"]] == ["page", "session"]
    status, body = await ask("/", cookies={"session": "a"})
    assert (status, body["title"]) == (400, "Bad Request")


@pytest.mark.parametrize("options", [{"name": ""}, {"name": "a", "errorcode": 200}, {"name": "a", "errorcode": 600}])
def test_an_impossible_cookie_is_refused(options):
    with pytest.raises(ValueError, match="Cookie: "):
        Cookie(**options)


@pytest.mark.parametrize(
    ("field", "line", "status"),
    [
        (Header(key="X-A"), b"X-A: \xff", 400),
        (Header(key="X-A"), b"X-A: \xc3\xab", 200),
        (Cookie(name="a"), b"Cookie: a=\xff", 400),
        (Cookie(name="a"), b'Cookie: a="\\377"', 200),
        (Cookie(name="a"), b"Cookie: ;;;=;a;=b;a=\x80", 400),
        (Cookie(name="a"), b'Cookie: a="', 200),
        (Cookie(name="a"), b"Cookie: " + b"a=b; " * 1000, 200),
        (Header(key="Cookie"), b"Cookie: $Version=1; \xc0\x80", 400),
    ],
)
async def test_raw_bytes_in_a_header_are_refused_unless_they_are_utf_8(serve, caplog, field, line, status):
    """Else a handler that echoes them could not be answered."""

    class Raw(Request):
        value = field

    @get("/")
    @expect(Raw)
    @render_json
    async def handler(value: str) -> str:
        return value

    client = await serve()
    reader, writer = await asyncio.open_connection(client.host, client.port)
    writer.write(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n" + line + b"\r\n\r\n")
    head, _, body = (await reader.read()).partition(b"\r\n\r\n")
    writer.close()
    assert int(head.split()[1]) == status
    if status == 400:
        assert json.loads(body)["errors"][0]["detail"] == "is not valid UTF-8"
    assert caplog.records == []


@pytest.mark.parametrize(
    ("field", "description"),
    [
        (
            StringRouteParameter(),
            Description("path", "value", schema={"type": "string", "pattern": r"^(?:\w+)$"}, refusals=(404,)),
        ),
        (
            PosIntRouteParameter(),
            Description("path", "value", schema={"type": "integer", "minimum": 0}, refusals=(404,)),
        ),
        (
            PosIntQueryParameter(default=1),
            Description("query", "value", required=False, schema={"type": "integer", "minimum": 0, "default": 1}),
        ),
        (
            PosIntQueryParameter(required=True, values=["1", "2"]),
            Description("query", "value", schema={"type": "string", "enum": ["1", "2"]}),
        ),
        (StringQueryParameter(key="q", required=True), Description("query", "q", schema={"type": "string"})),
        (Header(key="X-A"), Description("header", "X-A", required=False, schema={"type": "string"})),
        (Cookie(name="a", required=True), Description("cookie", "a", schema={"type": "string"})),
    ],
)
def test_a_field_describes_itself(field, description):
    class Described(Request):
        value = field

    assert field.describe() == description
