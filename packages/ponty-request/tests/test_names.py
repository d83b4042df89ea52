"""The names that fields have in JSON, by `Alias` and `rename`, and what is left out, by `UNSET`."""

import copy
import dataclasses
import datetime
import json
import typing
from typing import Annotated

import pytest

from ponty.core import patch, post, render_json
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


@dataclasses.dataclass
class Seat:
    row_number: int
    is_free: Annotated[bool, Alias("free")] = True

    class JsonSchema:
        rename = "camel"


@dataclasses.dataclass
class Flight:
    origin: Annotated[str, Annotation(minLength=3), Alias("from")]
    target: Annotated[str, Alias("to")]
    take_off: datetime.date = datetime.date(2026, 2, 28)
    seats: list[Seat] = dataclasses.field(default_factory=list)

    class JsonSchema:
        annotation = Annotation(title="A flight")
        rename = "kebab"


@dataclasses.dataclass
class Charter(Flight):
    """A subclass, which has the names of its base."""

    booked_by: str = ""

    class JsonSchema:
        annotation = Annotation(title="A charter flight")


class Ticket(typing.TypedDict):
    holder: Annotated[str, Alias("for")]
    class_: Annotated[typing.NotRequired[int], Alias("class")]


FLIGHT = {"from": "OSL", "to": "TOS", "take-off": "2026-03-01", "seats": [{"rowNumber": 1, "free": False}]}


def test_a_body_is_read_by_the_names_in_json():
    flight = Flight("OSL", "TOS", datetime.date(2026, 3, 1), [Seat(1, is_free=False)])
    parser = Parser(Flight)
    assert parser.read(json.dumps(FLIGHT).encode()) == flight
    assert parser.parse(copy.deepcopy(FLIGHT)) == flight
    assert Parser(Charter).parse({"from": "OSL", "to": "TOS", "booked-by": "a"}) == Charter("OSL", "TOS", booked_by="a")
    assert Parser(Ticket).read(b'{"for": "a", "class": 1}') == {"holder": "a", "class_": 1}
    assert Parser(list[Ticket]).read(b'[{"for": "a"}]') == [{"holder": "a"}]


def test_faults_stand_at_the_names_in_json():
    with pytest.raises(InvalidField) as refusal:
        Parser(Flight).read(b'{"from":"","origin":"OSL","seats":[{"rowNumber":"1"}, {"free": true}]}')
    assert {each.pointer: each.detail for each in refusal.value.violations} == {
        "/from": "is shorter than 3 characters",
        "/origin": "additional properties are not allowed",
        "/seats/0/rowNumber": "is not of type 'integer'",
        "/seats/1/rowNumber": "is required",
        "/to": "is required",
    }


def test_what_a_constructor_refuses_stands_at_the_names_in_json():
    @dataclasses.dataclass
    class Inner:
        number: int

        def __post_init__(self):
            raise ValueError

    @dataclasses.dataclass
    class Outer:
        inner: Annotated[Inner, Alias("in")]

    with pytest.raises(InvalidField) as refusal:
        Parser(Outer).read(b'{"in": {"number": 1}}')
    assert refusal.value.violations == (("/in", "is not valid", "invalid"),)


def test_the_schema_has_the_names_in_json():
    schema = dataclass_to_jsonschema(Flight)
    assert [*schema["properties"]] == ["from", "to", "take-off", "seats"]
    assert schema["required"] == ["from", "to"]
    assert schema["properties"]["from"] == {"type": "string", "minLength": 3}


@pytest.mark.parametrize(
    ("rule", "name"),
    [
        ("camel", "takeOff"),
        ("pascal", "TakeOff"),
        ("kebab", "take-off"),
        ("upper", "TAKE_OFF"),
        ("lower", "take_off"),
        ({"take_off": "t"}, "t"),
        (staticmethod(lambda name: f"x_{name}"), "x_take_off"),
        (None, "take_off"),
    ],
)
async def test_each_rule_names_bodies_and_answers_alike(serve, rule, name):
    inner = type("JsonSchema", (), {"rename": rule})
    made = dataclasses.make_dataclass("Made", [("take_off", int)], namespace={"JsonSchema": inner})
    body = type("Body", (Request,), {"value": ParsedJsonBody(made)})

    @post("/")
    @expect(body)
    @render_json(made, envelope=False)
    async def echo(value: object) -> object:
        return value

    client = await serve()
    answer = await client.post("/", json={name: 3})
    assert (answer.status, await answer.json()) == (200, {name: 3})


class Everywhere(Request):
    flight = ParsedQuery(Seat)
    body = ParsedJsonBody(Charter)


class Form(Request):
    form = ParsedForm(Seat)


async def test_names_hold_in_queries_forms_and_answers(serve):
    @post("/")
    @expect(Everywhere)
    @render_json(tuple[Seat, Charter], envelope=False)
    async def both(flight: Seat, body: Charter) -> tuple[Seat, Charter]:
        return flight, body

    @post("/form")
    @expect(Form)
    @render_json(Seat, envelope=False)
    async def form(form: Seat) -> Seat:
        return form

    client = await serve()
    answer = await client.post("/?rowNumber=3&free=false", json={**FLIGHT, "booked-by": "a"})
    assert await answer.json() == [{"rowNumber": 3, "free": False}, {**FLIGHT, "booked-by": "a"}]
    answer = await client.post("/?row_number=3", json=FLIGHT)
    assert answer.status == 400
    answer = await client.post("/form", data={"rowNumber": "3"})
    assert await answer.json() == {"rowNumber": 3, "free": True}
    answer = await client.post("/form", data={"rowNumber": "x", "is_free": "true"})
    assert {fault["pointer"] for fault in (await answer.json())["errors"]} == {"/rowNumber", "/is_free"}


@dataclasses.dataclass
class Changes:
    name: str | UnsetType = UNSET
    nick: Annotated[str | UnsetType | None, Annotation(maxLength=3), Alias("nickname")] = UNSET
    tags: list[str] | UnsetType = UNSET


class Patch(Request):
    changes = ParsedJsonBody(Changes)


@pytest.mark.parametrize("body", [{}, {"nickname": None}, {"name": "a", "tags": []}, {"nickname": "abc"}])
async def test_absent_null_and_a_value_are_three_things_both_ways(serve, body):
    @patch("/")
    @expect(Patch)
    @render_json(Changes, envelope=False)
    async def change(changes: Changes) -> Changes:
        assert (changes.name is UNSET) is ("name" not in body)
        assert changes.nick == body.get("nickname", UNSET)
        return changes

    client = await serve()
    answer = await client.patch("/", json=body)
    assert (answer.status, await answer.json()) == (200, body)


@pytest.mark.parametrize(("body", "pointer"), [({"name": None}, "/name"), ({"nickname": "abcd"}, "/nickname")])
def test_what_may_be_absent_is_held_to_its_type(body, pointer):
    with pytest.raises(InvalidField) as refusal:
        Parser(Changes).parse(body)
    assert [where for where, *_ in refusal.value.violations] == [pointer]


def test_what_may_be_absent_has_no_default_in_the_schema():
    schema = dataclass_to_jsonschema(Changes)
    assert schema["properties"]["name"] == {"type": "string"}
    assert "required" not in schema


def refused(fields, **inner):
    namespace = {"JsonSchema": type("JsonSchema", (), inner)} if inner else {}
    with pytest.raises(TypeError) as refusal:
        Parser(dataclasses.make_dataclass("Made", fields, namespace=namespace))
    return str(refusal.value)


def test_slips_are_refused_with_what_to_write():
    assert "'a' and 'b' have the same name in JSON, 'b'" in refused([("a", Annotated[int, Alias("b")]), ("b", int)])
    assert "'a_b' and 'aB' have the same name" in refused([("a_b", int), ("aB", int)], rename="camel")
    assert "the rename 'camels' is no rule" in refused([("a", int)], rename="camels")
    assert "needs an attribute 'annotation'" in refused([("a", int)], other=1)
    assert "an Alias can be used only for a field of a class" in refused([("a", list[Annotated[int, Alias("b")]])])
    assert "write a: … | UnsetType = UNSET" in refused([("a", int | UnsetType)])
    assert "its type must be … | UnsetType" in refused([("a", int, dataclasses.field(default=UNSET))])
    assert "only for a field that may be absent" in refused([("a", list[int | UnsetType])])
    with pytest.raises(TypeError, match="UnsetType"):
        Parser(typing.TypedDict("Made", {"a": int | UnsetType}))
    with pytest.raises(TypeError, match="an Alias can be used only for a field of a class"):
        Parser(typing.NamedTuple("Made", [("a", Annotated[int, Alias("b")])]))
    for name in (5, "\ud800"):
        with pytest.raises(ValueError, match="a name in JSON must be a text"):
            Alias(name)


def test_an_alias_compares_and_shows_itself():
    assert Alias("a") == Alias("a") != Alias("b")
    assert len({Alias("a"), Alias("a")}) == 1
    assert repr(Alias("a")) == "Alias('a')"
