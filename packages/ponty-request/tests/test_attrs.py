"""attrs classes stand wherever a dataclass may; their converters and validators run, and refuse at their place."""

import datetime
import json
import typing
from typing import Annotated

import attr
import attrs
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
from ponty.request.description.answer_types import answer_schema
from ponty.request.parsing.parser import Parser

T = typing.TypeVar("T")


def parse_day(text: str) -> datetime.date:
    return datetime.date.fromisoformat(text)


@attrs.define
class Address:
    street: str = attrs.field(validator=attrs.validators.max_len(5))
    _code: int = attrs.field(default=0, validator=attrs.validators.ge(0))


@attrs.frozen(kw_only=True)
class Person:
    name: str = attrs.field(converter=str.strip, validator=attrs.validators.min_len(1))
    born: datetime.date | None = None
    since: datetime.date | None = attrs.field(default=None, converter=attrs.converters.optional(parse_day))
    origin: str = attrs.field(default="", alias="from_")
    addresses: list[Address] = attrs.field(factory=list)
    label: str = attrs.field(init=False, default="person")
    initial: str = attrs.field(default=attrs.Factory(lambda self: self.name[:1], takes_self=True))
    nick: str | UnsetType | None = UNSET


@attr.s
class Old:
    """In the style of the first releases."""

    number = attr.ib(type=int, validator=attr.validators.in_([1, 2]))
    other = attr.ib(default=None)


@attrs.define
class Box(typing.Generic[T]):
    value: T
    next: "Box[T] | None" = None


@attrs.define
class Named:
    first_name: str
    last_name: Annotated[str, Alias("surname"), Annotation(minLength=1)]

    class JsonSchema:
        rename = "camel"


@attrs.define
class Both:
    low: int
    high: int = 9

    def __attrs_post_init__(self):
        if self.low > self.high:
            raise ValueError("secret")


def parse_list(text: str) -> list[int]:
    return [int(part) for part in text.split(",")]


@attrs.define
class Converted:
    numbers: list[int] = attrs.field(converter=parse_list)
    tags: frozenset[str] = attrs.field(converter=frozenset, factory=frozenset)


def violations(tp, value):
    """Return what is wrong with a value, by both ways of reading it."""
    found = []
    for read in (lambda parser: parser.read(json.dumps(value).encode()), lambda parser: parser.parse(value)):
        with pytest.raises(InvalidField) as refusal:
            read(Parser(tp))
        found.append({where[0]: where[1] for where in refusal.value.violations})
    assert found[0] == found[1]
    return found[0]


@pytest.mark.parametrize(
    ("tp", "value", "built"),
    [
        (Address, {"street": "a", "code": 3}, Address("a", 3)),
        (Person, {"name": " a "}, Person(name="a")),
        (Person, {"name": "ab", "from_": "c", "nick": None}, Person(name="ab", from_="c", nick=None)),
        (Person, {"name": "a", "since": "2026-02-28"}, Person(name="a", since="2026-02-28")),
        (Person, {"name": "a", "addresses": [{"street": "b"}]}, Person(name="a", addresses=[Address("b")])),
        (Old, {"number": 1, "other": [1]}, Old(1, [1])),
        (Box[int], {"value": 1, "next": {"value": 2}}, Box(1, Box(2))),
        (Named, {"firstName": "a", "surname": "b"}, Named("a", "b")),
        (Both, {"low": 1}, Both(1)),
        (Converted, {"numbers": "1,2", "tags": ["a"]}, Converted("1,2", ["a"])),
        (list[Address | None], [None, {"street": "a"}], [None, Address("a")]),
    ],
)
def test_an_attrs_class_is_built(tp, value, built):
    parser = Parser(tp)
    assert parser.read(json.dumps(value).encode()) == built
    assert parser.parse(value) == built


@pytest.mark.parametrize(
    ("tp", "value", "wrong"),
    [
        (Address, {"street": "abcdef", "code": -1}, {"/street", "/code"}),
        (Person, {"name": "  "}, {"/name"}),
        (Person, {"name": "a", "since": "x", "addresses": [{"street": "abcdef"}]}, {"/addresses/0/street"}),
        (Person, {"name": "a", "since": "x"}, {"/since"}),
        (Person, {"name": "a", "label": "b"}, {"/label"}),
        (Person, {"name": "a", "origin": "b"}, {"/origin"}),
        (Old, {"number": 3}, {"/number"}),
        (Box[int], {"value": 1, "next": {"value": "a"}}, {"/next"}),
        (Named, {"first_name": "a", "surname": ""}, {"/firstName", "/first_name", "/surname"}),
        (Both, {"low": 10}, {""}),
        (Converted, {"numbers": "1,x"}, {"/numbers"}),
        (Converted, {"numbers": [1]}, {"/numbers"}),
    ],
)
def test_what_is_refused_is_told_at_its_place(tp, value, wrong):
    found = violations(tp, value)
    assert wrong == found.keys() or (wrong == {"/next"} and found)
    assert "secret" not in str(found)


def test_the_schema_is_of_what_the_constructor_takes():
    schema = dataclass_to_jsonschema(Person)
    assert [*schema["properties"]] == ["name", "born", "since", "from_", "addresses", "initial", "nick"]
    assert schema["required"] == ["name"]
    assert schema["properties"]["addresses"]["default"] == []
    assert dataclass_to_jsonschema(Converted)["properties"]["numbers"] == {"type": "string"}
    assert dataclass_to_jsonschema(Address)["properties"]["code"] == {"type": "integer", "default": 0}


def test_names_that_clash_are_refused():
    @attrs.define
    class Clash:
        a: Annotated[int, Alias("b")]
        _b: int

    with pytest.raises(TypeError, match="have the same name in JSON, 'b'"):
        Parser(Clash)


class Everywhere(Request):
    address = ParsedQuery(Address)
    person = ParsedJsonBody(Named)


class Form(Request):
    form = ParsedForm(Address)


async def test_an_attrs_class_goes_round_by_http(serve):
    @post("/")
    @expect(Everywhere)
    @render_json(tuple[Address, Named], envelope=False)
    async def both(address: Address, person: Named) -> tuple[Address, Named]:
        return address, person

    @post("/form")
    @expect(Form)
    @render_json(Address, envelope=False)
    async def form(form: Address) -> Address:
        return form

    assert [*answer_schema(Address)["$defs"]["Address"]["properties"]] == ["street", "code"]
    assert [*answer_schema(Named)["$defs"]["Named"]["properties"]] == ["firstName", "surname"]
    client = await serve(check_returns="raise")
    answer = await client.post("/?street=a&code=3", json={"firstName": "a", "surname": "b"})
    assert await answer.json() == [{"street": "a", "code": 3}, {"firstName": "a", "surname": "b"}]
    answer = await client.post("/?street=abcdef&code=-3", json={"firstName": "a", "surname": "b"})
    assert {fault["name"] for fault in (await answer.json())["errors"]} == {"street", "code"}
    answer = await client.post("/form", data={"street": "a", "code": "3"})
    assert await answer.json() == {"street": "a", "code": 3}
    answer = await client.post("/form", data={"street": "abcdef"})
    assert [fault["pointer"] for fault in (await answer.json())["errors"]] == ["/street"]
