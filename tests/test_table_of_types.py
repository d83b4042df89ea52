"""The table of types in the documentation is what Ponty does: each row is read, built, answered and described."""

import ast
import collections
import collections.abc
import dataclasses
import datetime
import decimal
import enum
import ipaddress
import json
import pathlib
import re
import typing
import uuid

import msgspec
import pytest

from ponty.core import Routes, render_json
from ponty.request import Annotation, InvalidField, Json, ParsedJsonBody, QueryParameter, Request, expect
from ponty.request.description.answer_types import answer_schema
from ponty.request.parsing.parser import Parser
from ponty.request.validation.validator import Validator

PAGE = pathlib.Path(__file__).parents[1] / "docs/schema.rst"


class Size(enum.Enum):
    SMALL = "s"
    LARGE = "l"


class Rights(enum.Flag):
    READ = 1
    WRITE = 2
    RUN = 4


class Pair(typing.NamedTuple):
    left: int
    right: str


@dataclasses.dataclass
class Point:
    x: int


class PointDict(typing.TypedDict):
    x: int


class PointStruct(msgspec.Struct, forbid_unknown_fields=True):
    x: int


UserId = typing.NewType("UserId", int)
NAMES = {
    **vars(collections.abc),
    **vars(typing),
    **vars(collections),
    "Set": collections.abc.Set,
    **vars(ipaddress),
    "date": datetime.date,
    "datetime": datetime.datetime,
    "time": datetime.time,
    "timedelta": datetime.timedelta,
    "UUID": uuid.UUID,
    "Decimal": decimal.Decimal,
    "Annotation": Annotation,
    "Json": Json,
    "Size": Size,
    "Rights": Rights,
    "Pair": Pair,
    "Point": Point,
    "PointDict": PointDict,
    "UserId": UserId,
    "PointStruct": PointStruct,
}
KINDS = {"Enum", "Flag", "NamedTuple", "TypedDict", "Struct", "NewType"}
"""What the page says of the classes that it names."""


CONCRETE = {list, tuple, set, frozenset, dict, bytes, bytearray, int, float, Point, PointStruct, Pair}
CONCRETE |= {collections.deque, collections.OrderedDict, collections.defaultdict, collections.Counter}


def rows():
    """Return the rows of the table: each type, its example and its schema."""
    after = PAGE.read_text().partition(".. list-table::")[2]
    text = re.split(r"\n(?=\S)", after)[0]  # the table ends where the indentation does
    found = []
    for row in text.split("\n   * - ")[2:]:
        cells = [re.findall("``(.+?)``(?!`)", cell) for cell in row.split("\n     - ")]
        names, (example,), (schema,) = cells
        found += [(name, example, schema) for name in names if name not in KINDS]
    return found


ROWS = rows()


def type_of(name):
    ast.parse(name, mode="eval")
    return eval(name, dict(NAMES))


def test_the_table_is_found():
    assert len(ROWS) > 50


@pytest.mark.parametrize(("name", "example", "schema"), ROWS, ids=[name for name, _, _ in ROWS])
async def test_a_row_holds_both_ways(ponty_client, name, example, schema):
    """The example is read of a body and answered again, and the schema is that of the type."""
    tp = type_of(name)
    parser = Parser(tp)
    assert {key: value for key, value in parser.schema.items() if key != "$schema"} == json.loads(schema)
    assert Validator(answer_schema(tp), given=False).is_valid(json.loads(example))
    built = parser.read(example.encode())
    assert built == parser.parse(json.loads(example))
    named = typing.get_origin(tp) or tp
    if named in CONCRETE or (isinstance(tp, type) and tp.__module__ in {"datetime", "decimal", "ipaddress", "uuid"}):
        assert type(built) is named
    body = type("Body", (Request,), {"value": ParsedJsonBody(tp)})

    table = Routes()

    @table.post("/")
    @expect(body)
    @render_json(tp, envelope=False)
    async def declared(value: typing.Any) -> typing.Any:
        return value

    @table.post("/bare")
    @expect(body)
    @render_json
    async def bare(value: typing.Any) -> typing.Any:
        return value

    client = await ponty_client(table, check_returns="raise")
    headers = {"Content-Type": "application/json"}
    answer = await client.post("/", data=example, headers=headers)
    assert (answer.status, await answer.json()) == (200, json.loads(example))
    answer = await client.post("/bare", data=example, headers=headers)
    assert (await answer.json())["data"] == json.loads(example)


@pytest.mark.parametrize(("name", "example", "schema"), ROWS, ids=[name for name, _, _ in ROWS])
def test_what_the_schema_does_not_admit_is_refused(name, example, schema):
    parser = Parser(type_of(name))
    for wrong in (b"true", b"null", b"1", b"1.5", b'"\\u0000"', b"[[]]", b'{"\\u0000": []}'):
        is_valid = parser.validator.is_valid(json.loads(wrong))
        if is_valid:
            parser.read(wrong)
        else:
            with pytest.raises(InvalidField):
                parser.read(wrong)


@pytest.mark.parametrize(
    ("tp", "texts"),
    [
        (ipaddress.IPv4Address, ["1.2.3", "01.2.3.4", "1.2.3.256", "::1", " 1.2.3.4", "1.2.3.4\n", "16909060"]),
        (ipaddress.IPv6Address, ["fe80::1%eth0", "1.2.3.4", ":::", "::1/128", "[::1]", "12345::"]),
        (ipaddress.IPv4Network, ["10.0.0.1/8", "10.0.0.0", "10.0.0.0/255.0.0.0", "10.0.0.0/33", "10.0.0.0/08"]),
        (ipaddress.IPv6Network, ["::1/64", "::", "::/129", "fe80::%a/64"]),
        (ipaddress.IPv4Interface, ["10.0.0.1", "10.0.0.1/33", "10.0.0.1/255.0.0.0", "10.0.0.1/"]),
        (ipaddress.IPv6Interface, ["::1", "::1/129", "fe80::1%a/64"]),
        (bytearray, ["A", "-_8="]),
    ],
)
def test_other_notations_of_addresses_are_refused(tp, texts):
    for text in texts:
        with pytest.raises(InvalidField, match="^must be "):
            Parser(tp).parse(text)


def test_collections_are_what_they_are_named():
    counts = Parser(collections.defaultdict[str, list[int]]).read(b'{"a": [1]}')
    assert counts["b"] == []
    parser = Parser(collections.deque[datetime.date])
    assert parser.read(b'["2026-02-28"]') == collections.deque([datetime.date(2026, 2, 28)])
    with pytest.raises(InvalidField) as refusal:
        parser.read(b'["2026-02-28", "x"]')
    assert refusal.value.violations[0][0] == "/1"
    table = Parser(collections.OrderedDict[str, Point]).read(b'{"b": {"x": 1}, "a": {"x": 2}}')
    assert table == collections.OrderedDict(b=Point(1), a=Point(2))


@pytest.mark.parametrize(
    ("tp", "instead"),
    [
        (complex, "tuple[float, float]"),
        (re.Pattern[str], "write str"),
        (pathlib.Path, "write str, and look it up"),
        (pathlib.PurePosixPath, "write str, and look it up"),
        (collections.abc.Iterator[int], "write list"),
        (collections.abc.Callable[[], int], "an Enum of names"),
        (type[int], "an Enum of names"),
        (memoryview, "write bytes"),
        (collections.ChainMap[str, int], "write dict"),
        (collections.defaultdict[str, Point], "write a dict"),
        (pytest.Session, "make it a dataclass"),
    ],
)
def test_what_has_no_form_is_refused_with_what_to_write(tp, instead):
    made = dataclasses.make_dataclass("Made", [("field", tp)])
    with pytest.raises(TypeError, match=re.escape(instead)) as refusal:
        Parser(made)
    assert str(refusal.value).startswith("Made.field: ")


TEXTS = [(name, example) for name, example, _ in ROWS if example.startswith('"') and "|" not in name]


@pytest.mark.parametrize(("name", "example"), TEXTS, ids=[name for name, _ in TEXTS])
def test_a_type_of_text_is_that_of_a_parameter_too(name, example):
    tp, text = type_of(name), json.loads(example)
    parameter = QueryParameter(tp, default=Parser(tp).parse(text))
    assert parameter._cast is None or parameter._cast(text) == Parser(tp).parse(text)
    assert parameter.describe().schema["default"] == text
