"""The shorter way of a body, which msgspec decodes and checks at once, and the longer one come to the same."""

import dataclasses
import datetime
import decimal
import enum
import itertools
import json
import typing
import uuid
from typing import Annotated

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ponty.request import Annotation, InvalidField
from ponty.request.content.json_decoder import decode_json
from ponty.request.parsing.parser import Parser
from ponty.request.validation.validator import Validator


class Colour(enum.Enum):
    RED = "r"
    GREEN = "g"


class Point(typing.NamedTuple):
    x: float
    y: float


@dataclasses.dataclass
class Leaf:
    name: str
    since: datetime.date = datetime.date(2026, 1, 1)


@dataclasses.dataclass
class Plain:
    """A class of nothing but what the shorter way knows."""

    text: str
    number: int
    amount: decimal.Decimal
    at: datetime.datetime
    key: uuid.UUID
    colour: Colour
    place: Point
    leaf: Leaf
    leaves: list[Leaf]
    by_name: dict[str, Leaf]
    tags: set[str]
    pair: tuple[int, str]
    size: Annotated[int, Annotation(minimum=0, maximum=9, title="Size")]
    other: typing.Any
    kind: typing.Literal["a", "b"] = "a"
    parent: Leaf | None = None
    flag: bool | None = None
    _: dataclasses.KW_ONLY
    more: list[int] = dataclasses.field(default_factory=list)


PLAIN = (
    b'{"text": "t", "number": 1, "amount": "1.50", "at": "2026-02-28T10:00:00Z", "colour": "g", "place": [1, 2.5],'
    b'"key": "00000000-0000-0000-0000-000000000005", "leaf": {"name": "a"}, "leaves": [{"name": "b"}], "tags": ["a"],'
    b'"by_name": {"c": {"name": "c", "since": "2026-02-28"}}, "pair": [1, "a"], "size": 3, "other": [{}]}'
)


def longer(parser, body):
    return parser.parse(decode_json(body))


def outcome(function, *arguments):
    try:
        return repr(function(*arguments))
    except InvalidField as invalid:
        return invalid.violations


def goes_the_shorter_way(parser, body, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(parser, "parse", lambda _: pytest.fail("it went the longer way"))
        parser.read(body)
    return True


def test_a_plain_class_goes_the_shorter_way(monkeypatch):
    parser = Parser(Plain)
    assert parser.read(PLAIN) == longer(parser, PLAIN)
    assert goes_the_shorter_way(parser, PLAIN, monkeypatch)


NUMBERS = [
    *[
        "0",
        "-0",
        "1",
        "-1",
        "1.0",
        "-0.0",
        "0.0",
        "1e0",
        "1E2",
        "1e-2",
        "0.5",
        "1.5",
        "5e-324",
        "1e308",
        "1e309",
        "-1e400",
    ],
    *["9007199254740992", "9007199254740993", "9007199254740993.0", "-9007199254740993", "18446744073709551616"],
    *[
        "1" + "0" * 30,
        "-1" + "0" * 30,
        "1" + "0" * 400,
        "1" * 5000,
        "1.7976931348623157e308",
        "123456789012345678901.5",
    ],
    *["01", "1.", ".5", "+1", "NaN", "Infinity", "0x1", "1_0", "true", "null", '"1"', "[1]"],
]
TYPES = [
    *[int, float, decimal.Decimal, int | None, float | None, list[int], set[int], set[float], tuple[int, float]],
    *[Annotated[int, Annotation(minimum=0)], Annotated[int, Annotation(exclusiveMaximum=2**53 - 1)]],
    *[Annotated[int, Annotation(maximum=2**70)], Annotated[int, Annotation(multipleOf=3)]],
    *[Annotated[int, Annotation(minimum=0.5)], Annotated[float, Annotation(maximum=9007199254740992)]],
    *[Annotated[float, Annotation(minimum=-1, exclusiveMaximum=1.5)], Annotated[float, Annotation(multipleOf=0.5)]],
    *[typing.Literal[1, 2], typing.Any, int | str, bool | int],
]


@pytest.mark.parametrize("tp", TYPES, ids=repr)
def test_each_notation_of_a_number_is_one_value(tp):
    parser = Parser(tp)
    for text in NUMBERS:
        for form in (text, f"[{text}]", f"[{text},{text}]", f"[{text},1]", f"[1, {text}]", f"[{text},{text}.0]"):
            assert outcome(parser.read, form.encode()) == outcome(longer, parser, form.encode()), form


TEXTS = [
    *[
        '""',
        '"a"',
        '"ab"',
        '"\\u0000"',
        '"\\ud800"',
        '"\\ud83d\\ude00"',
        '"\\ud83d\\ude00\\u0301"',
        '"\xff"',
        '"r"',
        '"RED"',
    ],
    *['"2026-02-28"', '"2026-02-30"', '"20260228"', '"2026-02-28T10:00:00Z"', '"2026-02-28 10:00:00Z"'],
    *['"2026-02-28t10:00:00.1234567+01:00"', '"2026-02-28T10:00:00"', '"10:00:00"', '"P1D"', '"PT1.5S"', '"-P1D"'],
    *[
        '"00000000-0000-0000-0000-00000000000A"',
        '"0000000000000000000000000000000a"',
        '"AA=="',
        '"AA"',
        '"1e5"',
        '"NaN"',
    ],
    *["1", "null", "true", "[]", "{}"],
]


@pytest.mark.parametrize(
    "tp",
    [
        *[str, bytes, datetime.date, datetime.datetime, datetime.time, datetime.timedelta, uuid.UUID, decimal.Decimal],
        *[Colour, str | None, datetime.date | None, set[uuid.UUID], frozenset[Colour], typing.Literal["a", "r"]],
        *[Annotated[str, Annotation(maxLength=1)], Annotated[str, Annotation(minLength=2)]],
        *[Annotated[datetime.date, Annotation(maxLength=3)], Annotated[str, Annotation(pattern="^a")]],
    ],
    ids=repr,
)
def test_each_text_is_one_value(tp):
    parser = Parser(tp)
    for first, second in itertools.product(TEXTS, ['""', '"00000000-0000-0000-0000-00000000000a"', '"g"']):
        for form in (first, f"[{first},{second}]"):
            assert outcome(parser.read, form.encode()) == outcome(longer, parser, form.encode()), form


@pytest.mark.parametrize(
    "change",
    [
        b'{"text": 1, "text": "x",',
        b'{"leaf": {"name": 1}, "text": "x",',
        b'{"leaf": {"name": "x", "name": "y", "since": "2026-02-30", "since": "2026-02-28"},',
        b'{"leaf": {"name": "x", "extra": 1},',
        b'{"f0": "x",',
        b'{"parent": null, "flag": null, "more": [1, 2],',
        b'{"parent": {"name": "p", "since": null},',
        b'{"kind": "",',
        b'{"kind": "c", "more": ["x"], "flag": 0,',
    ],
)
def test_a_changed_object_comes_to_the_same(change):
    parser = Parser(Plain)
    body = PLAIN.replace(b"{", change, 1)
    assert outcome(parser.read, body) == outcome(longer, parser, body)


def test_a_factory_makes_each_instance_its_own():
    parser = Parser(Plain)
    first, second = parser.read(PLAIN), parser.read(PLAIN)
    assert first.more == second.more == []
    assert first.more is not second.more


def test_no_constructor_runs_for_a_body_that_is_not_valid_and_each_once_for_one_that_is():
    made = []

    @dataclasses.dataclass
    class Noisy:
        name: str

        def __post_init__(self):
            made.append(self.name)
            if not self.name:
                raise ValueError

    @dataclasses.dataclass
    class Two:
        noisy: Noisy
        date: datetime.date

    parser = Parser(Two)
    with pytest.raises(InvalidField):
        parser.read(b'{"noisy": {"name": "a"}, "date": "2026-02-30"}')
    assert made == []
    with pytest.raises(InvalidField) as refusal:
        parser.read(b'{"noisy": {"name": ""}, "date": "2026-02-28"}')
    assert (made, refusal.value.violations) == ([""], (("/noisy", "is not valid", "invalid"),))


def test_a_constructor_of_one_s_own_is_given_the_arguments_that_it_takes():
    @dataclasses.dataclass
    class Turned:
        left: int
        right: int = 5

        def __init__(self, right: int = 7, *, left: int):
            self.left, self.right = left, right

    @dataclasses.dataclass
    class Loose:
        left: int

        def __init__(self, **values: int):
            self.left = values["left"]

    assert Parser(Turned).read(b'{"left": 1, "right": 2}') == Turned(left=1, right=2)
    assert Parser(Turned).read(b'{"left": 1}') == Turned(left=1, right=7)
    assert Parser(Loose).read(b'{"left": 1}').left == 1


@pytest.mark.parametrize("default", ["", "2026-01-01", 0])
def test_a_default_of_another_type_is_not_taken_for_what_was_sent(default):
    @dataclasses.dataclass
    class Odd:
        since: datetime.date = default  # type: ignore[assignment]

    parser = Parser(Odd)
    for body in (b"{}", b'{"since": ""}', b'{"since": "2026-01-01"}', b'{"since": 0}'):
        assert outcome(parser.read, body) == outcome(longer, parser, body)


@pytest.mark.parametrize("depth", [99, 100, 101, 5000])
def test_what_is_of_any_form_is_not_too_deep(depth):
    parser = Parser(dict[str, typing.Any])
    body = b'{"a":' + b"[" * (depth - 1) + b"]" * (depth - 1) + b"}"
    assert outcome(parser.read, body) == outcome(longer, parser, body) if depth < 5000 else outcome(parser.read, body)
    assert (outcome(parser.read, body) == (("", "is nested more than 100 levels deep", "too_deep"),)) is (depth > 100)


LARGE = ["1e30", "1" + "0" * 30, "1" + "0" * 29 + "1", "18446744073709551616", "1.8446744073709552e19", "1e23"]
LARGE += ["99999999999999991611392", "9007199254740993", "9007199254740992.0", "-1e30", "-1" + "0" * 30, "0", "-0.0"]


@pytest.mark.parametrize("keyword", ["const", "enum", "maximum", "minimum", "exclusiveMaximum", "exclusiveMinimum"])
def test_large_numbers_are_compared_as_python_reads_them(keyword):
    for limit, value in itertools.product(map(json.loads, LARGE), repeat=2):
        schema = {keyword: [limit] if keyword == "enum" else limit}
        expected = {
            "maximum": value <= limit,
            "minimum": value >= limit,
            "exclusiveMaximum": value < limit,
            "exclusiveMinimum": value > limit,
        }.get(keyword, value == limit)
        assert Validator(schema).is_valid(value) is expected, (limit, value)


def test_large_numbers_are_unique_as_python_reads_them():
    schema = {"uniqueItems": True}
    for first, second in itertools.combinations(map(json.loads, LARGE), 2):
        assert Validator(schema).is_valid([first, second]) is (first != second)


@given(
    st.sampled_from(["2026-02-28", "0000-01-01", "9999-12-31", "2024-02-29", "2023-02-29", ""]),
    st.lists(st.tuples(st.integers(0, 10), st.sampled_from(["", *"0123456789-+ T:Z/.é٣W"])), max_size=3),
)
def test_msgspec_reads_the_dates_that_the_schema_admits(text, changes):
    for place, letter in changes:
        text = text[:place] + letter + text[place + (not letter) :]  # put in, or taken out
    parser = Parser(datetime.date)
    body = json.dumps(text).encode()
    assert outcome(parser.read, body) == outcome(longer, parser, body)
