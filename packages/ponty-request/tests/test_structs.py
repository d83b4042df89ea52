"""A `msgspec.Struct` stands wherever a dataclass may, by its own rules: its names, its tag, its further properties."""

import dataclasses
import datetime
import json
import typing
from typing import Annotated

import msgspec
import pytest

from ponty.core import post, render_json
from ponty.request import (
    UNSET,
    Alias,
    Annotation,
    InvalidField,
    ParsedForm,
    ParsedJsonBody,
    ParsedQuery,
    Request,
    UnsetType,
    dataclass_to_jsonschema,
    expect,
)
from ponty.request.parsing.parser import Parser

T = typing.TypeVar("T")


class Address(msgspec.Struct, rename="camel", forbid_unknown_fields=True):
    street_name: str
    zip_code: str | None = None


class Person(msgspec.Struct):
    name: Annotated[str, msgspec.Meta(min_length=1)]
    age: Annotated[int, msgspec.Meta(ge=0)] = 0
    addresses: list[Address] = []
    nick: str | UnsetType | None = UNSET


class Visit(msgspec.Struct, omit_defaults=True):
    day: datetime.date
    who: Person
    notes: list[str] = msgspec.field(default_factory=list)


class Cat(msgspec.Struct, tag_field="kind", tag="cat"):
    lives: int = 9


class Dog(msgspec.Struct, tag_field="kind", tag="dog"):
    name: str
    born: datetime.date | None = None


class Bird(msgspec.Struct, tag_field="kind", tag="bird"):
    name: str


class Point(msgspec.Struct, array_like=True, forbid_unknown_fields=True):
    x: float
    y: float
    label: str = ""


class Open(msgspec.Struct, array_like=True, tag="open"):
    x: int


class Page(msgspec.Struct, typing.Generic[T]):
    items: list[T]
    next: "Page[T] | None" = None


class Named(msgspec.Struct):
    origin: str = msgspec.field(name="from")


class Checked(msgspec.Struct):
    low: int
    high: int

    def __post_init__(self):
        if self.low > self.high:
            raise ValueError("secret")


@dataclasses.dataclass
class Holder:
    point: Point
    checked: Checked | None = None


def faults(tp, value):
    """Return what is wrong with a value, by both ways of reading it."""
    found = []
    for read in (lambda parser: parser.read(json.dumps(value).encode()), lambda parser: parser.parse(value)):
        with pytest.raises(InvalidField) as refusal:
            read(Parser(tp))
        found.append(refusal.value.violations)
    assert found[0] == found[1]
    return {violation.pointer: violation.detail for violation in found[0]}


@pytest.mark.parametrize(
    ("tp", "value", "built"),
    [
        (Person, {"name": "a", "else": [{}]}, Person("a")),
        (Person, {"name": "a", "nick": None, "age": 3}, Person("a", 3, nick=None)),
        (Person, {"name": "a", "addresses": [{"streetName": "b"}]}, Person("a", addresses=[Address("b")])),
        (Person, {"name": "a", "age": 3.0}, Person("a", 3)),
        (
            Visit,
            {"day": "2026-02-28", "who": {"name": "a"}, "notes": ["b"]},
            Visit(datetime.date(2026, 2, 28), Person("a"), ["b"]),
        ),
        (Cat, {"kind": "cat", "lives": 3}, Cat(3)),
        (Cat | Bird, {"kind": "bird", "name": "a"}, Bird("a")),
        (list[Cat | Dog | None], [{"kind": "dog", "name": "a", "born": "2026-02-28"}, {"kind": "cat"}, None], None),
        (Point, [1, 2], Point(1.0, 2.0)),
        (Point, [1, 2, "a"], Point(1.0, 2.0, "a")),
        (Open, ["open", 1, "more"], Open(1)),
        (Page[int], {"items": [1], "next": {"items": []}}, Page([1], Page([]))),
        (Page[Bird], {"items": [{"kind": "bird", "name": "a"}]}, Page([Bird("a")])),
        (Named, {"from": "a"}, Named("a")),
        (Checked, {"low": 1, "high": 2}, Checked(1, 2)),
        (Holder, {"point": [0, 1], "checked": {"low": 1, "high": 2}}, Holder(Point(0.0, 1.0), Checked(1, 2))),
        (dict[str, Address], {"a": {"streetName": "b"}}, {"a": Address("b")}),
    ],
)
def test_a_struct_is_built(tp, value, built):
    parser = Parser(tp)
    read = parser.read(json.dumps(value).encode())
    assert read == parser.parse(value)
    assert built is None or read == built


@pytest.mark.parametrize(
    ("tp", "value", "wrong"),
    [
        (Person, {"name": "", "age": -1}, {"/name", "/age"}),
        (
            Person,
            {"addresses": [{"streetName": 1, "street_name": ""}], "nick": 5},
            {"/name", "/nick", "/addresses/0/street_name"},
        ),
        (Person, {"name": "a", "addresses": [{"streetName": "a", "more": 1}]}, {"/addresses/0/more"}),
        (Person, {"name": "a", "age": True}, {"/age"}),
        (Cat, {"lives": 3}, {"/kind"}),
        (Cat, {"kind": "dog"}, {"/kind"}),
        (Cat | Bird, {"kind": "dog"}, {"/kind"}),
        (Cat | Dog, {"kind": "dog"}, {"/name"}),
        (Point, [1], {""}),
        (Point, [1, 2, "a", 3], {"/3"}),
        (Open, ["shut", 1], {"/0"}),
        (Page[int], {"items": ["a"], "next": {"items": [1.5]}}, {"/items/0", "/next"}),
        (Checked, {"low": 2, "high": 1}, {""}),
        (Holder, {"point": [0, 1], "checked": {"low": 2, "high": 1}}, {"/checked"}),
        (Named, {"origin": "a"}, {"/from"}),
    ],
)
def test_what_is_wrong_with_a_struct_is_told_at_its_place(tp, value, wrong):
    found = faults(tp, value)
    assert wrong <= {pointer.rpartition("/items")[0] or pointer for pointer in found} | found.keys()
    assert "secret" not in str(found)


def test_the_tags_of_a_union_are_told():
    assert faults(Cat | Bird, {"kind": "dog"}) == {"/kind": "is not one of 'cat', 'bird'"}
    assert faults(Cat | Bird, {}) == {"/kind": "is required"}


@pytest.mark.parametrize("tp", [Person, list[Address], Page[int], Cat | Bird, dict[str, Cat | Bird | None]])
def test_a_struct_of_plain_types_is_built_by_msgspec_alone(tp):
    """Nothing is left to do with what msgspec decodes, which is of the class itself."""
    form = Parser(tp)._form
    assert form is not None
    assert (form.form, form.read, form.make) == (tp if isinstance(tp, type) else form.form, None, None)


def test_no_constructor_runs_for_a_body_that_is_not_valid():
    made = []

    class Noisy(msgspec.Struct):
        name: str

        def __post_init__(self):
            made.append(self.name)

    class Two(msgspec.Struct):
        noisy: Noisy
        number: int

    parser = Parser(Two)
    with pytest.raises(InvalidField):
        parser.read(b'{"noisy": {"name": "a"}, "number": "b"}')
    assert made == []
    assert parser.read(b'{"noisy": {"name": "a"}, "number": 1}').number == 1
    assert made == ["a"]


def test_a_slow_pattern_is_not_left_to_msgspec():
    class Slow(msgspec.Struct):
        text: Annotated[str, msgspec.Meta(pattern="^(a+)+$")]

    text = "a" * 60 + "!"
    assert faults(Slow, {"text": text}) == {"/text": "does not match '^(a+)+$'"}
    assert Parser(Slow).read(b'{"text": "aaa"}') == Slow("aaa")


@pytest.mark.parametrize(
    "body",
    [
        b'{"name": "a", "x": "\xff"}',
        b'{"name": "a", "\xff": 1}',
        b'{"name": "a", "x": ' + b"[" * 101 + b"]" * 101 + b"}",
    ],
)
def test_what_is_passed_over_is_json_of_bounded_depth(body):
    with pytest.raises(InvalidField):
        Parser(Person).read(body)


def test_a_struct_within_itself_is_of_bounded_depth():
    body = b'{"inner":' * 101 + b"{}" + b"}" * 101
    with pytest.raises(InvalidField, match="nested"):
        Parser(Nest).read(body)


def test_a_struct_of_a_function_may_stand_within_itself():
    class Here(msgspec.Struct):
        inner: "Here | None" = None
        number: int = 0

    assert Parser(Here).read(b'{"inner": {"number": 1}}') == Here(Here(number=1))


def test_the_schema_of_a_struct():
    assert dataclass_to_jsonschema(Address) == {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "properties": {
            "streetName": {"type": "string"},
            "zipCode": {"anyOf": [{"type": "string"}, {"type": "null"}], "default": None},
        },
        "required": ["streetName"],
        "additionalProperties": False,
    }
    schema = dataclass_to_jsonschema(Person)
    assert schema["additionalProperties"] is True
    assert schema["properties"]["nick"] == {"anyOf": [{"type": "string"}, {"type": "null"}]}
    assert dataclass_to_jsonschema(Cat)["properties"]["kind"] == {"enum": ["cat"]}
    assert Parser(Point).schema["minItems"] == 2


def refused(tp):
    with pytest.raises(TypeError) as refusal:
        Parser(tp)
    return str(refusal.value)


def test_what_a_struct_says_in_another_way_is_refused_with_what_to_write():
    class Aliased(msgspec.Struct):
        origin: Annotated[str, Alias("from")]

    class Renamed(msgspec.Struct):
        origin: str

        class JsonSchema:
            rename = "camel"

    class Opened(msgspec.Struct):
        origin: str

        class JsonSchema:
            annotation = Annotation(additionalProperties=True)

    class Bare(msgspec.Struct):
        nick: str | UnsetType

    assert "origin = msgspec.field(name='from')" in refused(Aliased)
    assert "class Renamed(msgspec.Struct, rename=…)" in refused(Renamed)
    assert "Annotation(additionalProperties=…)" in refused(Opened)

    class Row(msgspec.Struct, array_like=True):
        nick: str | UnsetType = UNSET

    assert "write None instead of UNSET" in refused(Row)
    assert "write nick: … | UnsetType = UNSET" in refused(Bare)
    assert "only for a field that may be absent" in refused(list[UnsetType])


def test_structs_as_elements_of_a_set_are_frozen():
    class Ice(msgspec.Struct, frozen=True):
        n: int

    assert Parser(set[Ice]).read(b'[{"n":1},{"n":2}]') == {Ice(1), Ice(2)}
    assert "hashable" in refused(set[Person])


class Nest(msgspec.Struct, forbid_unknown_fields=True):
    inner: "Nest | None" = None


class Filter(msgspec.Struct, rename="kebab", forbid_unknown_fields=True):
    min_age: int = 0
    tags: list[str] = []
    since: datetime.date | UnsetType = UNSET


class NewVisit(Request):
    filter = ParsedQuery(Filter)
    visit = ParsedJsonBody(Visit)


class FormVisit(Request):
    form = ParsedForm(Filter)


async def test_a_struct_goes_round_by_http(serve):
    """It is read of a body and a query, and answered as it came."""

    @post("/visits")
    @expect(NewVisit)
    @render_json(tuple[Filter, Visit], envelope=False)
    async def add(filter: Filter, visit: Visit) -> tuple[Filter, Visit]:
        return filter, visit

    @post("/forms")
    @expect(FormVisit)
    @render_json(Filter, envelope=False)
    async def form(form: Filter) -> Filter:
        return form

    client = await serve()
    visit = {"day": "2026-02-28", "who": {"name": "a", "age": 0, "addresses": [{"streetName": "b", "zipCode": None}]}}
    answer = await client.post("/visits", params={"min-age": "3", "tags": "x"}, json=visit)
    assert await answer.json() == [{"min-age": 3, "tags": ["x"]}, visit]
    answer = await client.post("/visits", params={"min_age": "3"}, json={})
    assert answer.status == 400
    assert {fault["name"] for fault in (await answer.json())["errors"]} == {"", "visit"}
    answer = await client.post("/forms", data={"min-age": "5", "since": "2026-02-28"})
    assert await answer.json() == {"min-age": 5, "tags": [], "since": "2026-02-28"}
    answer = await client.post("/forms", data={"min_age": "x", "min-age": "x"})
    assert {fault["pointer"] for fault in (await answer.json())["errors"]} == {"/min_age", "/min-age"}
