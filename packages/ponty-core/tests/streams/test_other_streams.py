"""JSON lines, JSON arrays and comma-separated values: what is written, and what is refused."""

import csv
import datetime
import decimal
import io
import json
from dataclasses import dataclass

import msgspec
import pytest
from aiohttp import web

from ponty.core import get, render_csv, render_json, render_lines


@dataclass
class Room:
    number: int
    name: str = "blue"


@dataclass
class Key(Room):
    secret: str = "1234"


def serve_values(decorate, *values):
    @get("/")
    @decorate
    async def handler(request: web.Request):
        for value in values:
            yield value


async def text_of(serve, **options):
    client = await serve(**options)
    async with client.get("/") as answer:
        return answer, await answer.text()


async def test_lines_are_values_one_by_one(serve):
    """Also those that a program has written in several lines."""
    serve_values(render_lines, 1, "a\nb", Room(1), msgspec.Raw(b'{\r\n"a":\n1}'))
    answer, text = await text_of(serve)
    assert answer.headers["Content-Type"] == "application/jsonl"
    assert answer.headers["X-Accel-Buffering"] == "no"
    assert text.endswith("}\n")
    assert [json.loads(line) for line in text.splitlines()] == [1, "a\nb", {"number": 1, "name": "blue"}, {"a": 1}]


async def test_lines_are_limited_to_their_type(serve):
    serve_values(render_lines(Room), Key(1))
    assert (await text_of(serve))[1] == '{"number":1,"name":"blue"}\n'


@pytest.mark.parametrize("values", [(), (1,), (1, "a", None, Room(2))])
@pytest.mark.parametrize("envelope", [True, False])
async def test_an_array_is_what_is_yielded(serve, values, envelope):
    serve_values(render_json(envelope=envelope), *values)
    answer, text = await text_of(serve)
    assert answer.headers["Content-Type"] == "application/json; charset=utf-8"
    document = json.loads(text)
    if envelope:
        assert [*document] == ["data", "elapsed", "now"]
        document = document["data"]
    assert document == [{"number": 2, "name": "blue"} if isinstance(value, Room) else value for value in values]


async def test_an_array_is_limited_to_its_type(serve):
    serve_values(render_json(list[Room], envelope=False), Key(1), Key(2))
    assert (await text_of(serve))[1] == '[{"number":1,"name":"blue"},{"number":2,"name":"blue"}]'


async def test_an_array_stands_in_an_envelope_of_ones_own(serve):
    def wrapped(value, elapsed, now):
        return {"took": elapsed, "items": value, "at": {"now": now}}

    serve_values(render_json, 1, 2)
    document = json.loads((await text_of(serve, envelope=wrapped))[1])
    assert document["items"] == [1, 2]
    assert document["at"]["now"] > 0


@pytest.mark.parametrize("wrapped", [lambda value, *_: [value, value], lambda value, *_: 1])
async def test_an_envelope_that_has_no_place_for_an_array_is_a_500(serve, wrapped):
    serve_values(render_json, 1)
    answer, _ = await text_of(serve, envelope=wrapped)
    assert answer.status == 500


async def test_a_long_array_is_whole(serve):
    serve_values(render_json(envelope=False), *range(30_000))
    assert json.loads((await text_of(serve))[1]) == [*range(30_000)]


@pytest.mark.parametrize("options", [{"status": 201}, {"etag": True}, {"status": 204}])
def test_what_is_sent_as_it_is_made_has_no_tag_and_one_status(options):
    with pytest.raises(ValueError, match="'.*handler' is an async generator function"):
        serve_values(render_json(**options), 1)


def test_an_array_is_declared_as_a_list():
    with pytest.raises(TypeError, match=r"an async generator is sent as a list; declare list\[…\]"):
        serve_values(render_json(Room), 1)


CELLS = [
    (None, ""),
    (True, "true"),
    (-7, "-7"),
    (1.5, "1.5"),
    ("plain", "plain"),
    ('with "quotes", and\nlines', 'with "quotes", and\nlines'),
    ("é", "é"),
    (datetime.date(2026, 2, 28), "2026-02-28"),
    (decimal.Decimal("-7.50"), "-7.50"),
    ("+31201234567", "+31201234567"),
    ([1, 2], "[1,2]"),
    ({"a": 1}, '{"a":1}'),
    ("=1+1", "'=1+1"),
    ("+a", "'+a"),
    ("-a", "'-a"),
    ("@SUM(A1)", "'@SUM(A1)"),
    ("\t=1", "'\t=1"),
    ("\r=1", "'\r=1"),
]


async def test_how_cells_are_written(serve):
    serve_values(render_csv, [value for value, _ in CELLS])
    answer, text = await text_of(serve)
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert text.endswith("\r\n")
    (row,) = csv.reader(io.StringIO(text, newline=""))
    assert row == [cell for _, cell in CELLS]


async def test_formulas_may_be_kept(serve):
    serve_values(render_csv(formulas="keep"), ["=1+1"])
    assert (await text_of(serve))[1] == "=1+1\r\n"


async def test_columns_are_those_of_the_first_row(serve):
    serve_values(render_csv(Room), Key(1), Key(2, "a,b"))
    assert (await text_of(serve))[1] == 'number,name\r\n1,blue\r\n2,"a,b"\r\n'


async def test_columns_may_be_named(serve):
    """In an order of their own; then there is a first line, also where there is no row."""
    serve_values(render_csv(columns=["name", "age", "number"]), Room(1))
    assert (await text_of(serve))[1] == "name,age,number\r\nblue,,1\r\n"
    with pytest.raises(TypeError, match="columns must be a list"):
        render_csv(columns="name")


@pytest.mark.parametrize(("columns", "text"), [(None, ""), (["a", "b"], "a,b\r\n")])
async def test_no_rows(serve, columns, text):
    serve_values(render_csv(columns=columns))
    assert (await text_of(serve))[1] == text


@pytest.mark.parametrize("row", [{"other": 1}, 3, "text"])
async def test_a_row_that_does_not_fit_is_a_500(serve, row):
    serve_values(render_csv(columns=["number"]), row)
    assert (await text_of(serve))[0].status == 500


@pytest.mark.parametrize(
    ("name", "disposition"),
    [
        ("rooms.csv", 'attachment; filename="rooms.csv"'),
        ('a"b\r\n/.csv', "attachment; filename=\"a_b___.csv\"; filename*=UTF-8''a%22b%0D%0A%2F.csv"),
        ("für zwei.csv", "attachment; filename=\"f_r zwei.csv\"; filename*=UTF-8''f%C3%BCr%20zwei.csv"),
    ],
)
async def test_a_browser_saves_it_under_a_name(serve, name, disposition):
    serve_values(render_csv(filename=name), [1])
    answer, _ = await text_of(serve)
    assert answer.headers["Content-Disposition"] == disposition


def test_other_ways_with_formulas_are_refused():
    with pytest.raises(ValueError, match="formulas must be 'defuse' or 'keep'"):
        render_csv(formulas="drop")
