"""Types that others write: generics, aliases, enums, and constraints of other libraries."""

import abc
import dataclasses
import decimal
import enum
import json
import sys
import types
import typing
from typing import Annotated, Generic, TypeVar

import annotated_types
import msgspec
import pydantic
import pytest
import typing_extensions

from ponty.request import Annotation, InvalidField, Json
from ponty.request.parsing.parser import Parser

T = TypeVar("T")


def read(tp, value):
    body = value if isinstance(value, bytes) else json.dumps(value).encode()
    return Parser(tp).read(body)


def faults(tp, value):
    try:
        read(tp, value)
    except InvalidField as invalid:
        return [each[:2] for each in invalid.violations]
    return []


@dataclasses.dataclass
class Holder:
    value: Json
    values: "list[Json]" = dataclasses.field(default_factory=list)
    text: "Json" = None


def test_the_alias_of_json_may_be_the_type_of_a_field():
    value = {"a": [1, {"b": None}], "c": True}
    assert read(Holder, {"value": value, "values": [value, 1], "text": [[]]}) == Holder(value, [value, 1], [[]])
    assert read(Json, [value]) == [value]
    assert read(dict[str, Json], {"a": value}) == {"a": value}


class Movie(typing_extensions.TypedDict):
    title: str
    year: typing_extensions.NotRequired[typing_extensions.ReadOnly[int]]


class Page(typing_extensions.TypedDict, Generic[T]):
    items: list[T]


class MoviePage(Page[Movie]):
    total: int


class Ints(typing.TypedDict, Generic[T]):
    one: T


class IntsAndTexts(Ints[int], Generic[T]):
    other: T


@pytest.mark.parametrize(
    ("tp", "good", "bad"),
    [
        (Movie, {"title": "a"}, {"year": 1}),
        (Movie, {"title": "a", "year": 1}, {"title": "a", "year": "1"}),
        (Page[int], {"items": [1]}, {"items": ["a"]}),
        (MoviePage, {"items": [{"title": "a"}], "total": 1}, {"items": [{}], "total": 1}),
        (IntsAndTexts[str], {"one": 1, "other": "a"}, {"one": "a", "other": "a"}),
        (IntsAndTexts[str], {"one": 1, "other": "a"}, {"one": 1, "other": 1}),
    ],
)
def test_typed_dicts(tp, good, bad):
    assert read(tp, good) == good
    assert faults(tp, bad)


D = typing_extensions.TypeVar("D", default=int)


@dataclasses.dataclass
class Box(Generic[D]):
    value: D


@dataclasses.dataclass
class Boxes:
    bare: Box
    texts: Box[str]


def test_a_type_variable_with_a_default_stands_for_it_where_it_is_left_bare():
    assert read(Boxes, {"bare": {"value": 1}, "texts": {"value": "a"}}) == Boxes(Box(1), Box("a"))
    assert faults(Boxes, {"bare": {"value": "a"}, "texts": {"value": 1}}) == [
        ("/bare/value", "is not of type 'integer'"),
        ("/texts/value", "is not of type 'string'"),
    ]


@dataclasses.dataclass
class Node:
    name: str
    next: typing.Self | None = None
    others: "list[typing.Self]" = dataclasses.field(default_factory=list)


@dataclasses.dataclass
class Leaf(Node):
    colour: str = "green"


def test_self_is_the_class_that_it_stands_in():
    assert read(Node, {"name": "a", "next": {"name": "b"}, "others": [{"name": "c"}]}).next == Node("b")
    leaf = read(Leaf, {"name": "a", "others": [{"name": "b", "colour": "red"}]})
    assert leaf == Leaf("a", None, [Leaf("b", colour="red")])


class Permission(enum.Flag):
    READ = 1
    WRITE = 2
    RUN = 4


class Gaps(enum.IntFlag):
    A = 1
    C = 4


def test_flags_are_read_as_they_are_written():
    for permission in (Permission.READ | Permission.WRITE, Permission.RUN, Permission(0)):
        assert read(Permission, msgspec.json.encode(permission)) == permission
    assert faults(Permission, 8) == [("", "is greater than the maximum of 7")]
    assert faults(Permission, -1)
    assert faults(Permission, "READ")
    assert read(Gaps, 5) == Gaps.A | Gaps.C
    assert faults(Gaps, 2) == [("", "is not one of 0, 1, 4, 5")]
    assert read(dict[str, Permission | None], {"a": 3, "b": None})["a"] == Permission.READ | Permission.WRITE


class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"

    @classmethod
    def _missing_(cls, value):
        return cls(value.lower()) if isinstance(value, str) and not value.islower() else None


def test_an_enum_may_know_more_values_than_it_lists():
    assert read(Colour, "red") is read(Colour, "RED") is Colour.RED
    assert faults(Colour, "green") == [("", "is not one of 'red', 'blue'")]
    assert faults(list[Colour], ["Red", "GREEN", "x"]) == [
        ("/1", "is not one of 'red', 'blue'"),
        ("/2", "is not one of 'red', 'blue'"),
    ]
    assert faults(Colour, 1) == [("", "is not of type 'string'")]


@pytest.mark.parametrize(
    ("tp", "good", "bad"),
    [
        (Annotated[int, annotated_types.Gt(3)], 4, 3),
        (Annotated[int, annotated_types.Ge(3)], 3, 2),
        (Annotated[float, annotated_types.Lt(3)], 2.5, 3),
        (Annotated[float, annotated_types.Le(3.5)], 3.5, 4),
        (Annotated[int, annotated_types.Interval(gt=1, le=5)], 5, 1),
        (Annotated[int, annotated_types.MultipleOf(2)], 4, 3),
        (Annotated[str, annotated_types.MinLen(2)], "ab", "a"),
        (Annotated[str, annotated_types.MaxLen(2)], "ab", "abc"),
        (Annotated[list[int], annotated_types.Len(1, 2)], [1], []),
        (Annotated[dict[str, int], annotated_types.MaxLen(1)], {"a": 1}, {"a": 1, "b": 2}),
        (Annotated[int | None, annotated_types.Gt(3)], None, 3),
        (list[Annotated[int, annotated_types.Gt(3)]], [4], [3]),
        (Annotated[int, pydantic.Field(gt=3)], 4, 3),
        (Annotated[int, pydantic.Field(ge=3, lt=5, description="a")], 3, 5),
        (Annotated[str, pydantic.Field(pattern="^a", max_length=3)], "ab", "b"),
        (Annotated[str, pydantic.Field(min_length=2)], "ab", "a"),
        (Annotated[int, msgspec.Meta(gt=3)], 4, 3),
        (Annotated[str, msgspec.Meta(pattern="^a", min_length=2, title="A")], "ab", "b"),
        (Annotated[int, annotated_types.Gt(3), Annotation(maximum=9)], 9, 10),
        (Annotated[decimal.Decimal, annotated_types.Ge(3)], "3.5", "2.5"),
    ],
)
def test_constraints_of_other_libraries_are_enforced(tp, good, bad):
    assert not faults(tp, good)
    assert faults(tp, bad)


@pytest.mark.parametrize(
    "tp",
    [
        Annotated[int, annotated_types.Predicate(lambda number: number > 3)],
        annotated_types.LowerCase[str],
        Annotated[str, annotated_types.Gt("a")],
        Annotated[int, annotated_types.MaxLen(3)],
        Annotated[int, annotated_types.Gt],
        Annotated[int, annotated_types.Gt(float("nan"))],
        Annotated[int, pydantic.Field(alias="b")],
        Annotated[int, pydantic.Field(strict=True)],
        Annotated[str, pydantic.StringConstraints(to_lower=True)],
        Annotated[int, pydantic.AfterValidator(lambda number: number)],
        Annotated[str, msgspec.Meta(tz=True)],
    ],
)
def test_a_constraint_that_would_not_be_enforced_is_refused_at_import(tp):
    with pytest.raises(TypeError, match="constraint"):
        Parser(list[tp])


def test_metadata_that_is_no_constraint_is_left_alone():
    tp = Annotated[int, "a text", object(), typing_extensions.Doc("what it is"), len]
    assert read(tp, 1) == 1


@pytest.mark.parametrize("keyword", ["minimun", "maxLenght", "min_length", "gt"])
def test_a_keyword_that_there_is_not_is_refused(keyword):
    with pytest.raises(ValueError, match=f"'{keyword}' is not a keyword of JSON Schema.*must begin with 'x-'"):
        Annotation(**{keyword: 3})
    with pytest.raises(ValueError, match="did you mean 'minimum'"):
        Annotation(minimun=3)
    assert Annotation(**{"x-mine": 3}).keywords == {"x-mine": 3}


@dataclasses.dataclass
class Shape(abc.ABC):
    name: str

    @abc.abstractmethod
    def area(self) -> float: ...


def test_an_abstract_class_is_refused_at_import():
    with pytest.raises(TypeError, match="Shape is abstract.*it lacks area"):
        Parser(list[Shape])


@dataclasses.dataclass
class Span:
    start: int
    end: int

    def __post_init__(self):
        if self.end < self.start:
            raise InvalidField("is before the start", pointer="/end")
        if self.end == 99:
            raise ValueError("secret")


@dataclasses.dataclass
class Plan:
    spans: list[Span]
    by_name: dict[str, Span] = dataclasses.field(default_factory=dict)
    pair: tuple[Span, Span] | None = None
    one: Span | None = None


BAD, GOOD = {"start": 3, "end": 1}, {"start": 1, "end": 3}


@pytest.mark.parametrize("tp", [Plan, Plan | int])  # in one pass, and the longer way
def test_all_that_constructors_refuse_is_told_where_it_is(tp):
    spans = [BAD, GOOD, {"start": 1, "end": 99}, BAD]
    value = {"spans": spans, "by_name": {"a/b": BAD}, "pair": [GOOD, BAD], "one": BAD}
    before = "is before the start"
    assert faults(tp, value) == [
        ("/spans/0/end", before),
        ("/spans/2", "is not valid"),
        ("/spans/3/end", before),
        ("/by_name/a~1b/end", before),
        ("/pair/1/end", before),
        ("/one/end", before),
    ]
    assert len(faults(tp, {"spans": [BAD] * 1000})) == 51


def test_what_a_constructor_refuses_keeps_its_status():
    @dataclasses.dataclass
    class Taken:
        name: str

        def __post_init__(self):
            raise InvalidField("is taken", status=409, pointer="/name")

    with pytest.raises(InvalidField) as refusal:
        read(list[Taken], [{"name": "a"}])
    assert (refusal.value.status, refusal.value.violations) == (409, (("/0/name", "is taken", "invalid"),))


RECENT = """
from __future__ import annotations
import dataclasses
from typing import NamedTuple, TypedDict

type Tree = list[Tree] | int
type Pair[A, B] = tuple[B, A]
type Nested[T] = dict[str, Nested[T]] | T
type Circle = Circle | int

@dataclasses.dataclass
class Box[T]:
    value: T
    more: list[Box[T]] = dataclasses.field(default_factory=list)
    quoted: "Box[T] | None" = None

@dataclasses.dataclass
class IntBox(Box[int]):
    name: str = ""

class Record[T](TypedDict):
    value: T
    next: "Record[T] | None"

class Texts(Record[str]):
    other: int

class Point[T](NamedTuple):
    x: T
    y: "T"

class IntPoint(Point[int]):
    pass
"""

if sys.version_info >= (3, 12):
    recent = types.ModuleType("recent_types")
    sys.modules["recent_types"] = recent
    exec(compile(RECENT, "recent_types.py", "exec"), vars(recent))

    @pytest.mark.parametrize(
        ("tp", "good", "bad"),
        [
            (recent.Box[int], {"value": 1, "more": [{"value": 2}], "quoted": {"value": 3}}, {"value": "a"}),
            (recent.Box[int], {"value": 1}, {"value": 1, "more": [{"value": "a"}]}),
            (recent.Box[int], {"value": 1}, {"value": 1, "quoted": {"value": "a"}}),
            (recent.IntBox, {"value": 1, "name": "a"}, {"value": "a"}),
            (recent.Record[int], {"value": 1, "next": {"value": 2, "next": None}}, {"value": "a", "next": None}),
            (recent.Record[int], {"value": 1, "next": None}, {"value": 1, "next": {"value": "a", "next": None}}),
            (recent.Texts, {"value": "a", "next": None, "other": 1}, {"value": 1, "next": None, "other": 1}),
            (recent.Point[int], [1, 2], [1, "a"]),
            (recent.Point[str], ["a", "b"], ["a", 1]),
            (recent.IntPoint, [1, 2], ["a", 2]),
            (recent.Tree, [[1, [2]], 3], [["a"]]),
            (dict[str, recent.Tree], {"a": [1]}, {"a": "b"}),
            (recent.Pair[int, str], ["a", 1], [1, "a"]),
            (recent.Nested[int], {"a": {"b": 1}}, {"a": {"b": "c"}}),
        ],
    )
    def test_the_syntax_of_python_3_12(tp, good, bad):
        assert not faults(tp, good)
        assert faults(tp, bad)
        assert faults(list[tp], [good, bad])

    def test_an_alias_that_is_itself_and_nothing_else_is_refused():
        with pytest.raises(TypeError, match="refers to itself"):
            Parser(recent.Circle)


@dataclasses.dataclass
class Counted:
    a: int


@pytest.mark.parametrize(
    ("text", "value"),
    [(b"1e23", 10**23), (b"1E2", 100), (b"1e22", 10**22), (b"12.0", 12), (b"1" + b"0" * 25, 10**25)],
)
def test_an_integer_arrives_as_it_was_written(text, value):
    """A float would be the nearest number that it can hold."""
    assert read(Counted, b'{"a":%b}' % text) == Counted(value)


@pytest.mark.parametrize(
    ("tp", "body"),
    [
        (dict[int, str], b'{"1":"a","01":"b"}'),
        (dict[int, str], b'{"01":"a"}'),
    ],
)
def test_names_that_would_be_one_key_are_refused(tp, body):
    assert faults(tp, body)


def test_each_number_has_one_name():
    assert read(dict[int, str], b'{"1":"a","-2":"b"}') == {1: "a", -2: "b"}
