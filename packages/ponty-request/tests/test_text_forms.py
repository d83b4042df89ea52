"""Parameters of a type: which texts are read as what, and which are refused, in every place that takes them."""

import datetime
import decimal
import enum
import math
import re
import uuid
from typing import Annotated, Any, Literal, NewType

import pytest
from hypothesis import given
from hypothesis import strategies as st
from yarl import URL

from ponty.core import get, render_json
from ponty.request import (
    Annotation,
    Cookie,
    Description,
    Header,
    JsonBody,
    ParsedJsonBody,
    QueryParameter,
    Request,
    RouteParameter,
    expect,
)
from ponty.request.errors import InvalidField
from ponty.request.texts.compiled_forms import compiled_form
from ponty.request.texts.converters import CAST_ERRORS
from ponty.request.texts.text_forms import text_form


class Colour(enum.Enum):
    RED = "red"
    DARK_BLUE = "dark blue"


COLOURS = {"enum": ["red", "dark blue"], "x-enum-varnames": ["RED", "DARK_BLUE"]}


class Level(enum.IntEnum):
    LOW = 1
    HIGH = 2


UserId = NewType("UserId", int)
Few = Annotated[int, Annotation(minimum=1, maximum=9)]
UTC = datetime.UTC
EARLY = datetime.datetime(2026, 2, 28, 13, 30, tzinfo=UTC)
AN_ID = uuid.UUID("123e4567-e89b-12d3-a456-426614174000")

GOOD = [
    (bool, "true", True),
    (bool, "false", False),
    (int, "0", 0),
    (int, "-7", -7),
    (int, "007", 7),
    (int, "-0", 0),
    (int, "9" * 4000, int("9" * 4000)),
    (float, "1", 1.0),
    (float, "-1.5", -1.5),
    (float, "2e3", 2000.0),
    (float, "2.5E-3", 0.0025),
    (decimal.Decimal, "1.50", decimal.Decimal("1.50")),
    (decimal.Decimal, "-3", decimal.Decimal(-3)),
    (decimal.Decimal, "0.1234567890123456789012", decimal.Decimal("0.1234567890123456789012")),
    (str, "a b", "a b"),
    (str, "", ""),
    (str, "Zoë", "Zoë"),
    (datetime.date, "2026-02-28", datetime.date(2026, 2, 28)),
    (datetime.datetime, "2026-02-28T13:30:00Z", EARLY),
    (datetime.datetime, "2026-02-28t13:30:00+00:00", EARLY),
    (datetime.time, "13:30:00", datetime.time(13, 30)),
    (datetime.timedelta, "P1DT2H30M", datetime.timedelta(days=1, hours=2, minutes=30)),
    (datetime.timedelta, "-PT1.5S", datetime.timedelta(seconds=-1.5)),
    (uuid.UUID, str(AN_ID), AN_ID),
    (uuid.UUID, str(AN_ID).upper(), AN_ID),
    (Colour, "red", Colour.RED),
    (Colour, "dark blue", Colour.DARK_BLUE),
    (Level, "2", Level.HIGH),
    (Literal["up", "down"], "up", "up"),
    (Literal[1, "b", True], "1", 1),
    (Literal[1, "b", True], "true", True),
    (Few, "1", 1),
    (Annotated[str, Annotation(maxLength=2)], "ab", "ab"),
    (Annotated[str, Annotation(title="A word")], "ab", "ab"),
    (Annotated[decimal.Decimal, Annotation(minimum=1)], "4.35", decimal.Decimal("4.35")),
    (UserId, "3", 3),
    (int | None, "3", 3),
    (Colour | None, "red", Colour.RED),
    (Few | None, "3", 3),
    (Annotated[int | None, Annotation(minimum=0)], "3", 3),
]

BAD = [
    (bool, ["True", "1", "yes", "on", "", "t", "true "], "must be true or false"),
    (
        int,
        ["", "+5", " 5", "5 ", "1_000", "1.0", "1e3", "0x1", "--1", "-", "\u0661", "\u00b2", "abc", "9" * 5000, "\0"],
        "must be an integer, in the digits 0 to 9",
    ),
    (
        float,
        ["", "nan", "inf", "-Infinity", "1e400", ".5", "5.", "1,5", "+1", "1_0.0", " 1", "\u0661", "0x1p3", "1e"],
        "must be a number, as -1.5 or 2e3",
    ),
    (decimal.Decimal, ["", "NaN", "1e9999", ".5", "1_0", "+1", "sNaN", "\u0661"], "must be a decimal number, as 1.50"),
    (
        datetime.date,
        ["", "2026-02-30", "20260228", "2026-W09-6", "2026-2-8", "28.2.2026", "2026-02-28T00:00:00Z"],
        "must be a date, as 2026-02-28",
    ),
    (
        datetime.datetime,
        ["", "2026-02-28", "2026-02-28T13:30:00", "2026-02-28 13:30:00Z", "2026-02-28T25:00:00Z", "now", "1772285400"],
        "must be a date and time with an offset, as 2026-02-28T13:30:00Z",
    ),
    (datetime.time, ["", "13:30", "25:00:00", "1:2:3", "13:30:00 Z"], "must be a time, as 13:30:00Z"),
    (datetime.timedelta, ["", "P", "PT", "P1Y", "P1M", "1:00:00", "90", "P1D "], "must be a duration, as P1DT2H30M"),
    (
        uuid.UUID,
        ["", "g", AN_ID.hex, f"{{{AN_ID}}}", f"urn:uuid:{AN_ID}"],
        "must be a UUID, as 123e4567-e89b-12d3-a456-426614174000",
    ),
    (Colour, ["", "RED", "Red", "blue", "red "], "must be one of 'red', 'dark blue'"),
    (Level, ["", "LOW", "3", "01", "1.0"], "must be one of '1', '2'"),
    (Literal["up", "down"], ["", "UP", "up,down", "sideways"], "must be one of 'up', 'down'"),
    (int | None, ["", "null", "None"], "must be an integer, in the digits 0 to 9"),
    (Few, ["0", "-1"], "is less than the minimum of 1"),
    (Few, ["10"], "is greater than the maximum of 9"),
    (Few, ["five"], "must be an integer, in the digits 0 to 9"),
    (Annotated[str, Annotation(maxLength=2)], ["abc"], "is longer than 2 characters"),
    (Annotated[decimal.Decimal, Annotation(minimum=1)], ["0.99"], "is less than the minimum of 1"),
]
REFUSED = [(tp, text, detail) for tp, texts, detail in BAD for text in texts]


def read(tp, text):
    """Read a text as a parameter of the type does, and return the value, or what is said of it."""
    form = text_form(tp)
    try:
        return text if form.read is None else form.read(text)
    except CAST_ERRORS:
        return f"must be {form.expected}"
    except InvalidField as invalid:
        return invalid.detail


@pytest.mark.parametrize(("tp", "text", "value"), GOOD, ids=repr)
def test_a_text_is_read_as_a_value_of_its_type(tp, text, value):
    got = read(tp, text)
    assert (got, type(got)) == (value, type(value))


@pytest.mark.parametrize(("tp", "text", "detail"), REFUSED, ids=lambda value: ascii(value)[:40])
def test_another_text_is_refused_in_words_that_say_what_would_be_right(tp, text, detail):
    assert read(tp, text) == detail


@pytest.mark.parametrize(
    "tp",
    [
        Any,
        object,
        None,
        dict,
        dict[str, int],
        tuple[int, str],
        list[list[int]],
        list,
        list[Any],
        int | str,
        Literal[1, "1"],
        complex,
        type,
        "int",
    ],
    ids=repr,
)
def test_a_type_without_one_form_as_a_text_is_refused_at_import(tp):
    with pytest.raises(TypeError):
        QueryParameter(tp, required=True)


SCALARS = {
    int: st.integers(),
    float: st.floats(allow_nan=False, allow_infinity=False),
    bool: st.booleans(),
    datetime.date: st.dates(),
    uuid.UUID: st.uuids(),
    Colour: st.sampled_from(Colour),
    decimal.Decimal: st.decimals(allow_nan=False, allow_infinity=False, places=3),
    datetime.timedelta: st.timedeltas(),
}


def write(value):
    """Write a value as a client would."""
    match value:
        case bool():
            return str(value).lower()
        case enum.Enum():
            return value.value
        case datetime.timedelta():
            whole = abs(value)
            seconds = f"{whole.seconds}.{whole.microseconds:06}"
            return f"{'-' if value < datetime.timedelta() else ''}P{whole.days}DT{seconds}S"
        case _:
            return str(value)


@given(st.data())
def test_what_is_written_is_read(data):
    tp = data.draw(st.sampled_from(list(SCALARS)))
    value = data.draw(SCALARS[tp])
    assert read(tp, write(value)) == value


@given(st.sampled_from(list(SCALARS)), st.text(max_size=30))
def test_any_other_text_is_refused_and_nothing_of_it_repeated(tp, text):
    got = read(tp, text)
    if not isinstance(got, tp):
        assert got == f"must be {text_form(tp).expected}"


@given(st.text())
def test_a_text_of_digits_is_an_integer_and_nothing_else_is(text):
    plain = bool(text.removeprefix("-")) and set(text.removeprefix("-")) <= set("0123456789")
    assert isinstance(read(int, text), int) is plain


@given(st.text(alphabet="0123456789+-.eE_ naif"))
def test_a_number_is_one_of_json_s(text):
    """But for the zeros before it."""
    got = read(float, text)
    if isinstance(got, float):
        assert math.isfinite(got)
        assert "_" not in text
        assert got == float(text)
    else:
        assert got == "must be a number, as -1.5 or 2e3"


@pytest.mark.parametrize("tp", [int, float, decimal.Decimal, datetime.datetime, datetime.timedelta, uuid.UUID, Colour])
def test_a_hostile_path_takes_a_pattern_one_pass(tp, within_budget):
    pattern = re.compile(text_form(tp).pattern)
    with within_budget():
        for part in ("1", "-1.", "1e", "2026-02-28T", "P1D", "a-", "123e4567-", "red"):
            pattern.fullmatch(part * 300_000 + "!")


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
        return (status, body["data"]) if status == 200 else (status, body.get("errors"))

    return ask_field


def fault(place, name, detail, pointer="", *, code="cast"):
    return [{"in": place, "name": name, "pointer": pointer, "detail": detail, "code": code}]


async def test_each_place_reads_a_type(ask_field, ask):
    field = QueryParameter(datetime.date, default=datetime.date(2026, 1, 1))
    assert await ask_field(field, "?value=2026-02-28") == (200, "2026-02-28")
    assert await ask_field(field) == (200, "2026-01-01")
    bad = fault("query", "value", "must be a date, as 2026-02-28")
    assert await ask_field(field, "?value=2026-02-30") == (400, bad)
    assert await ask_field(field, "?value=2026-02-28&value=2026-02-28") == (
        400,
        fault("query", "value", "must be given once", code="repeated"),
    )


async def test_a_header_of_a_type(ask_field):
    field = Header(Few, key="X-Few", required=True)
    assert await ask_field(field, headers={"X-Few": "3"}) == (200, 3)
    assert await ask_field(field) == (400, fault("header", "X-Few", "is required", code="missing"))
    assert await ask_field(field, headers={"X-Few": "0"}) == (
        400,
        fault("header", "X-Few", "is less than the minimum of 1", code="minimum"),
    )
    two = [("X-Few", "1"), ("X-Few", "2")]
    assert await ask_field(field, headers=two) == (
        400,
        fault("header", "X-Few", "must be an integer, in the digits 0 to 9"),
    )


async def test_a_cookie_of_a_type(ask_field):
    field = Cookie(Few, name="few", default=1, errorcode=401)
    assert await ask_field(field, headers={"Cookie": "few=3"}) == (200, 3)
    assert await ask_field(field) == (200, 1)
    assert await ask_field(field, headers={"Cookie": "few=x"}) == (
        401,
        fault("cookie", "few", "must be an integer, in the digits 0 to 9"),
    )
    assert await ask_field(field, headers={"Cookie": "few=0"}) == (
        401,
        fault("cookie", "few", "is less than the minimum of 1", code="minimum"),
    )


@pytest.mark.parametrize(
    ("tp", "part", "status", "value"),
    [
        (str, "how-to", 200, "how-to"),
        (str, "a%2Fb", 200, "a/b"),
        (str, "a%7Bb%7D", 200, "a{b}"),
        (str, "Zo%C3%AB", 200, "Zoë"),
        (str, "", 404, None),
        (str, "a/b", 404, None),
        (bool, "true", 200, True),
        (bool, "True", 404, None),
        (int, "-7", 200, -7),
        (int, "+7", 404, None),
        (int, "9" * 5000, 404, None),
        (int, "%D9%A1", 404, None),
        (float, "2.5", 200, 2.5),
        (float, "1e400", 404, None),
        (decimal.Decimal, "1.50", 200, "1.50"),
        (datetime.date, "2026-02-28", 200, "2026-02-28"),
        (datetime.date, "2026-02-30", 404, None),
        (datetime.datetime, "2026-02-28T13:30:00Z", 200, "2026-02-28T13:30:00Z"),
        (datetime.time, "13:30:00", 200, "13:30:00"),
        (datetime.timedelta, "PT90S", 200, "PT90S"),
        (uuid.UUID, str(AN_ID), 200, str(AN_ID)),
        (Colour, "dark%20blue", 200, "dark blue"),
        (Colour, "blue", 404, None),
        (Literal["a", "ab"], "ab", 200, "ab"),
        (Literal["a", "ab"], "abc", 404, None),
        (Few, "9", 200, 9),
        (Few, "10", 404, None),
    ],
)
async def test_a_part_of_a_path_of_a_type(ask_field, tp, part, status, value):
    got, data = await ask_field(RouteParameter(tp), part)
    assert got == status
    if status == 200:
        assert data == value


async def test_a_part_of_a_path_that_matches_and_is_not_of_the_type_says_so(ask_field):
    assert await ask_field(RouteParameter(datetime.date), "2026-02-30") == (
        404,
        fault("path", "value", "must be a date, as 2026-02-28"),
    )


def test_the_pattern_of_a_type_stands_in_the_path():
    class Parts(Request):
        word = RouteParameter(str)
        number = RouteParameter(int)
        colour = RouteParameter(Literal["red", "light-blue"])

    assert f"/{Parts.word}/{Parts.number}/{Parts.colour}" == r"/{word:[^/]+}/{number:-?[0-9]+}/{colour:red|light\-blue}"


@pytest.mark.parametrize(
    ("field", "query", "status", "value"),
    [
        (QueryParameter(list[int], required=True), "?value=1&value=2&value=1", 200, [1, 2, 1]),
        (QueryParameter(list[int], required=True), "?value=1", 200, [1]),
        (QueryParameter(list[int], required=True), "", 400, "is required"),
        (QueryParameter(list[int], default=[3]), "", 200, [3]),
        (QueryParameter(list[int], default=None), "", 200, None),
        (QueryParameter(list[str], default=[]), "?value=", 200, [""]),
        (QueryParameter(list[str], default=[]), "?value=a,b", 200, ["a,b"]),
        (QueryParameter(set[Colour], required=True), "?value=red", 200, ["red"]),
        (QueryParameter(set[int], required=True), "?value=1&value=1", 400, "has items that are not unique"),
        (QueryParameter(tuple[int, ...], default=(1,)), "?value=4&value=2", 200, [4, 2]),
        (QueryParameter(list[int], required=True, style="comma"), "?value=1,2", 200, [1, 2]),
        (QueryParameter(list[int], required=True, style="comma"), "?value=1%2C2", 200, [1, 2]),
        (QueryParameter(list[int], required=True, style="comma"), "?value=", 200, []),
        (
            QueryParameter(list[int], required=True, style="comma"),
            "?value=1,2&value=3",
            400,
            "must be given once, with commas between the elements",
        ),
        (
            QueryParameter(Annotated[list[int], Annotation(maxItems=2)], required=True),
            "?value=1&value=2&value=3",
            400,
            "has more than 2 items",
        ),
    ],
)
async def test_a_list_in_the_query(ask_field, field, query, status, value):
    got, data = await ask_field(field, query)
    assert (got, data if got == 200 else data[0]["detail"]) == (status, value)


async def test_each_element_that_is_wrong_is_told(ask_field):
    field = QueryParameter(list[Few], required=True)
    integer = "must be an integer, in the digits 0 to 9"
    assert await ask_field(field, "?value=1&value=x&value=2&value=") == (
        400,
        fault("query", "value", integer, "/1") + fault("query", "value", integer, "/3"),
    )
    assert await ask_field(field, "?value=1&value=0") == (
        400,
        fault("query", "value", "is less than the minimum of 1", "/1", code="minimum"),
    )


async def test_a_default_that_a_handler_changes_is_not_the_next_one_s(ask):
    class Tags(Request):
        tags = QueryParameter(list[str], default=["a"])

    @get("/")
    @expect(Tags)
    @render_json
    async def handler(tags: list[str]) -> list[str]:
        tags.append("b")
        return tags

    for _ in range(2):
        assert (await ask("/"))[1]["data"] == ["a", "b"]


@pytest.mark.parametrize(
    ("tp", "default"),
    [
        (int, "1"),
        (int, True),
        (int, 1.0),
        (bool, 1),
        (str, 1),
        (float, "1.5"),
        (float, math.nan),
        (decimal.Decimal, 1),
        (decimal.Decimal, 1.5),
        (datetime.date, "2026-02-28"),
        (datetime.date, datetime.datetime(2026, 2, 28, tzinfo=UTC)),
        (datetime.datetime, datetime.datetime(2026, 2, 28)),  # noqa: DTZ001 - none without an offset is read
        (Colour, "red"),
        (Literal["a", "b"], "c"),
        (list[int], 1),
        (list[int], (1,)),
        (set[int], [1]),
        (int, ...),
    ],
    ids=repr,
)
@pytest.mark.parametrize(
    "field",
    [QueryParameter, lambda tp, **kw: Header(tp, key="X", **kw), lambda tp, **kw: Cookie(tp, name="x", **kw)],
    ids=["query", "header", "cookie"],
)
def test_a_default_of_another_type_is_refused_at_import(field, tp, default):
    with pytest.raises(TypeError):
        field(tp, default=default)


@pytest.mark.parametrize(
    ("tp", "default"),
    [(Few, 0), (Annotated[str, Annotation(minLength=1)], ""), (Annotated[list[int], Annotation(minItems=1)], [])],
    ids=repr,
)
def test_a_default_out_of_bounds_is_refused_at_import(tp, default):
    with pytest.raises(ValueError, match="QueryParameter: the default"):
        QueryParameter(tp, default=default)


@pytest.mark.parametrize(
    ("tp", "default"),
    [
        (int, 1),
        (int, None),
        (float, 1),
        (float, 1.5),
        (decimal.Decimal, decimal.Decimal("1.50")),
        (datetime.datetime, EARLY),
        (datetime.timedelta, datetime.timedelta(hours=36)),
        (uuid.UUID, AN_ID),
        (Colour, Colour.RED),
        (Level, Level.LOW),
        (Literal["a", "b"], "a"),
        (list[Colour], [Colour.RED]),
        (set[int], {1, 2}),
        (tuple[int, ...], (1, 2)),
        (UserId, UserId(3)),
        (int | None, None),
    ],
    ids=repr,
)
async def test_a_default_of_the_type_is_used_as_it_is(ask, tp, default):
    got = []

    class OneField(Request):
        value = QueryParameter(tp, default=default)

    @get("/")
    @expect(OneField)
    @render_json
    async def handler(value: object) -> None:
        got.append(value)

    assert (await ask("/"))[0] == 200
    assert got == [default]


@pytest.mark.parametrize(
    ("make", "error", "match"),
    [
        (lambda: QueryParameter(int), ValueError, "required=True or a default, not neither"),
        (lambda: QueryParameter(int, required=True, default=1), ValueError, "not both"),
        (lambda: QueryParameter(int, cast_func=int, default=1), TypeError, "a type or a cast_func, not both"),
        (lambda: QueryParameter(default=1), TypeError, "a type or a cast_func, not neither"),
        (lambda: QueryParameter(int, default=1, style="comma"), ValueError, "style is 'repeat' or 'comma', and"),
        (lambda: QueryParameter(list[int], default=[], style="pipe"), ValueError, "style is 'repeat' or 'comma', and"),
        (lambda: QueryParameter(list[int], default=[], values=["1"]), TypeError, "values is not for a list"),
        (lambda: QueryParameter(int, required=True, values=["one"]), ValueError, "'one' among the values is not an"),
        (lambda: RouteParameter(int, pattern="a"), TypeError, "a type, or a pattern"),
        (lambda: RouteParameter(), TypeError, "a type, or a pattern"),
        (lambda: RouteParameter(int, cast_func=int), TypeError, "a type, or a pattern"),
        (lambda: RouteParameter(int | None), TypeError, "has one value, and is always there"),
        (lambda: RouteParameter(list[int]), TypeError, "has one value, and is always there"),
        (lambda: Header(int, key="X"), ValueError, "required=True or a default, not neither"),
        (lambda: Header(list[int], key="X", required=True), TypeError, "only a query can have lists"),
        (lambda: Cookie(int, name="x"), ValueError, "required=True or a default, not neither"),
    ],
)
def test_a_slip_is_told_at_import(make, error, match):
    with pytest.raises(error, match=match):
        make()


async def test_legal_texts_narrow_a_type(ask_field):
    field = QueryParameter(int, default=10, values=["10", "20"])
    assert await ask_field(field, "?value=20") == (200, 20)
    assert await ask_field(field, "?value=30") == (
        400,
        fault("query", "value", "must be one of '10', '20'", code="enum"),
    )


@pytest.mark.parametrize(
    ("field", "description"),
    [
        (
            QueryParameter(Few, default=3),
            Description(
                "query",
                "value",
                required=False,
                schema={"type": "integer", "minimum": 1, "maximum": 9, "default": 3},
            ),
        ),
        (
            QueryParameter(list[datetime.date], required=True, style="comma"),
            Description(
                "query",
                "value",
                schema={"type": "array", "items": {"type": "string", "format": "date"}},
                style="comma",
            ),
        ),
        (
            RouteParameter(uuid.UUID),
            Description("path", "value", schema={"type": "string", "format": "uuid"}, refusals=(404,)),
        ),
        (Header(bool, key="X-A", required=True), Description("header", "X-A", schema={"type": "boolean"})),
        (
            Cookie(Colour, name="a", default=Colour.RED),
            Description("cookie", "a", required=False, schema=COLOURS | {"default": "red"}),
        ),
    ],
)
def test_a_field_is_described_by_its_type(field, description):
    class Described(Request):
        value = field

    assert field.describe() == description


def test_the_bounds_of_a_parameter_are_those_of_a_body():
    """Both come from one walk over the type."""
    query, body = QueryParameter(Few, required=True), ParsedJsonBody(Few)
    assert query.describe().schema == {k: v for k, v in body.describe().schema.items() if k != "$schema"}
    assert JsonBody().describe().schema == {}


@pytest.mark.parametrize("tp", [bool, float, int, str])
def test_the_form_of_a_plain_scalar_is_that_which_is_compiled(tp):
    """It stands ready, so that most programs start without what compiles types."""
    assert text_form(tp) == compiled_form(tp)
