"""Models of pydantic stand wherever a dataclass may; pydantic reads them, and its errors are faults at their places."""

import dataclasses
import datetime
import enum
import ipaddress
import json
import subprocess
import sys
import typing
from typing import Annotated, Literal

import pydantic
import pytest

from ponty.core import post, render_json
from ponty.request import (
    InvalidField,
    ParsedForm,
    ParsedJsonBody,
    ParsedQuery,
    Request,
    dataclass_to_jsonschema,
    expect,
)
from ponty.request.parsing.parser import Parser
from ponty.request.validation.explanations.messages import TEXTS
from ponty.request.validation.explanations.pointer import find

T = typing.TypeVar("T")


class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"


class Inner(pydantic.BaseModel):
    number: int = pydantic.Field(gt=0, alias="N")


class Cat(pydantic.BaseModel):
    kind: Literal["cat"]
    lives: int = 9


class Dog(pydantic.BaseModel):
    kind: Literal["dog"]
    name: str


Pet = Annotated[Cat | Dog, pydantic.Field(discriminator="kind")]


class Model(pydantic.BaseModel):
    model_config = pydantic.ConfigDict(extra="forbid")
    text: str = pydantic.Field("", max_length=2, min_length=0)
    inner: Inner | None = None
    colour: Colour = Colour.RED
    inners: list[Inner] = []
    table: dict[int, float] = {}
    day: datetime.date | None = None
    moment: datetime.datetime | None = None
    pet: Pet | None = None
    either: int | list[int] = 0
    itself: "Model | None" = None
    pair: tuple[int, str] = (1, "")
    flag: bool = True
    address: ipaddress.IPv4Address | None = None
    url: pydantic.AnyUrl | None = None
    pattern: str = pydantic.Field("a", pattern="^a")
    few: list[int] = pydantic.Field([], max_length=1)
    choice: Literal["a", "b", "c"] = "a"
    multiple: int = pydantic.Field(3, multiple_of=3)
    checked: str = ""

    @pydantic.field_validator("checked")
    @classmethod
    def check(cls, value: str) -> str:
        if value == "secret":
            raise ValueError(f"never {value}")
        return value


class Lax(pydantic.BaseModel):
    """A validator that runs first takes more than the schema says."""

    tags: list[str]

    @pydantic.field_validator("tags", mode="before")
    @classmethod
    def split(cls, value: object) -> object:
        return value.split(",") if isinstance(value, str) else value


class Turned(pydantic.BaseModel):
    value: int

    @pydantic.model_validator(mode="before")
    @classmethod
    def turn(cls, value: object) -> object:
        return {"value": value} if isinstance(value, int) else value


class Numbers(pydantic.RootModel[list[int]]):
    pass


class Page(pydantic.BaseModel, typing.Generic[T]):
    items: list[T]


@pydantic.dataclasses.dataclass
class Checked:
    number: int = pydantic.Field(gt=0)


@dataclasses.dataclass
class Holder:
    model: Inner
    more: list[Cat | Dog] = dataclasses.field(default_factory=list)
    mail: pydantic.SecretStr | None = None
    either: Inner | int | None = None


def violations(tp, value):
    with pytest.raises(InvalidField) as refusal:
        Parser(tp).read(json.dumps(value).encode())
    assert "secret" not in str(refusal.value.violations)
    assert {violation.code for violation in refusal.value.violations} <= {*TEXTS, "invalid"}
    return {violation.pointer: violation.detail for violation in refusal.value.violations}


@pytest.mark.parametrize(
    ("tp", "value", "built"),
    [
        (Inner, {"N": 3}, Inner(N=3)),
        (Inner, {"N": "3"}, Inner(N=3)),
        (Model, {"table": {"1": 2}, "itself": {"text": "a"}}, Model(table={1: 2.0}, itself=Model(text="a"))),
        (Model, {"pet": {"kind": "dog", "name": "a"}}, Model(pet=Dog(kind="dog", name="a"))),
        (Model, {"either": 10**30}, Model(either=10**30)),
        (Lax, {"tags": "a,b"}, Lax(tags=["a", "b"])),
        (Turned, 3, Turned(value=3)),
        (Numbers, [1, 2], Numbers([1, 2])),
        (Page[Inner], {"items": [{"N": 1}]}, Page[Inner](items=[Inner(N=1)])),
        (Checked, {"number": 1}, Checked(1)),
        (Cat | Dog, {"kind": "cat"}, Cat(kind="cat")),
        (Pet, {"kind": "dog", "name": "a"}, Dog(kind="dog", name="a")),
        (list[Inner | None], [{"N": 1}, None], [Inner(N=1), None]),
        (
            Holder,
            {"model": {"N": 1}, "more": [{"kind": "cat"}], "mail": "a", "either": 3},
            Holder(Inner(N=1), [Cat(kind="cat")], pydantic.SecretStr("a"), 3),
        ),
        (Holder, {"model": {"N": 1}, "either": {"N": 2}}, Holder(Inner(N=1), either=Inner(N=2))),
    ],
)
def test_a_model_is_built(tp, value, built):
    assert Parser(tp).read(json.dumps(value).encode()) == built


@pytest.mark.parametrize(
    ("value", "wrong"),
    [
        ({"text": "abc"}, {"/text": "is longer than 2 characters"}),
        ({"text": 1}, {"/text": "is not of type 'string'"}),
        ({"inner": {"N": 0}}, {"/inner/N": "is not greater than the exclusive minimum of 0"}),
        ({"inner": {}}, {"/inner/N": "is required"}),
        ({"inners": [{"N": 1}, {"N": "x"}]}, {"/inners/1/N": "is not of type 'integer'"}),
        ({"inners": 3}, {"/inners": "is not of type 'array'"}),
        ({"inner": 3}, {"/inner": "is not of type 'object'"}),
        ({"colour": "secret"}, {"/colour": "is not one of 'red', 'blue'"}),
        ({"choice": "secret"}, {"/choice": "is not one of 'a', 'b', 'c'"}),
        ({"table": {"1": "x"}}, {"/table/1": "is not of type 'number'"}),
        ({"day": "secret"}, {"/day": "must be a date, as 2026-02-28"}),
        ({"moment": "secret"}, {"/moment": "must be a date and time with an offset, as 2026-02-28T13:30:00Z"}),
        ({"pet": {"kind": "secret"}}, {"/pet/kind": "is not one of 'cat', 'dog'"}),
        ({"pet": {"kind": "dog"}}, {"/pet/name": "is required"}),
        ({"pet": {}}, {"/pet": "is not valid under any of the allowed schemas"}),
        ({"either": "x"}, {"/either": "is not valid under any of the allowed schemas"}),
        ({"itself": {"itself": {"flag": "x"}}}, {"/itself/itself/flag": "is not of type 'boolean'"}),
        ({"pair": [1]}, {"/pair": "has fewer than 2 items"}),
        ({"address": "secret"}, {"/address": "must be an IPv4 address, as 192.0.2.1"}),
        ({"url": "secret"}, {"/url": "is not of the format 'uri'"}),
        ({"pattern": "b"}, {"/pattern": "does not match '^a'"}),
        ({"few": [1, 2]}, {"/few": "has more than 1 items"}),
        ({"multiple": 4}, {"/multiple": "is not a multiple of 3"}),
        ({"more~/": 1}, {"/more~0~1": "additional properties are not allowed"}),
        ({"checked": "secret"}, {"/checked": "is not valid"}),
        ({"text": "abc", "flag": "x"}, {"/text": "is longer than 2 characters", "/flag": "is not of type 'boolean'"}),
    ],
)
def test_what_pydantic_refuses_is_told_in_ponty_s_words_at_its_place(value, wrong):
    assert violations(Model, value) == wrong
    assert violations(list[Model], [{}, value]) == {f"/1{where}": detail for where, detail in wrong.items()}


@pytest.mark.parametrize(
    ("tp", "value", "wrong"),
    [
        (Model, [], {"": "is not of type 'object'"}),
        (Checked, {"number": 0}, {"/number": "is not greater than the exclusive minimum of 0"}),
        (Numbers, ["x"], {"/0": "is not of type 'integer'"}),
        (Cat | Dog, {"kind": "x"}, {"": "is not valid under any of the allowed schemas"}),
        (Holder, {"model": {"N": 0}, "more": 3}, {"/more": "is not of type 'array'"}),
        (
            Holder,
            {"model": {"N": 0}, "more": [{"kind": "cat", "lives": "x"}]},
            {"/model/N": "is not greater than the exclusive minimum of 0"},
        ),
    ],
)
def test_what_is_wrong_around_a_model(tp, value, wrong):
    assert wrong.items() <= violations(tp, value).items()


def test_the_schema_is_pydantic_s_own_and_its_definitions_have_names_of_their_own():
    @dataclasses.dataclass
    class Two:
        one: Inner
        other: Model

    schema = dataclass_to_jsonschema(Two)
    assert find(schema, schema["properties"]["one"]["$ref"])["properties"]["N"]["exclusiveMinimum"] == 0
    model = find(schema, schema["properties"]["other"]["$ref"])
    assert model["additionalProperties"] is False
    assert find(schema, model["properties"]["itself"]["anyOf"][0]["$ref"])["title"] == "Model"
    mapping = model["properties"]["pet"]["anyOf"][0]["discriminator"]["mapping"]
    assert {find(schema, target)["title"] for target in mapping.values()} == {"Cat", "Dog"}
    assert dataclass_to_jsonschema(Model)["properties"]["text"]["maxLength"] == 2
    assert not [name for name in schema["$defs"] if name.endswith("_2") and not name.startswith("Inner")]


def test_a_union_with_what_is_no_model_is_refused_with_what_to_write():
    with pytest.raises(TypeError, match="make them all models"):
        Parser(Inner | Holder)


def test_what_pydantic_has_no_schema_of_is_refused_at_import():
    class Odd(pydantic.BaseModel):
        model_config = pydantic.ConfigDict(arbitrary_types_allowed=True)
        session: pytest.Session

    with pytest.raises(TypeError, match="pydantic has no JSON Schema of"):
        Parser(Odd)


class Filter(pydantic.BaseModel):
    limit: int = pydantic.Field(10, le=100)
    colour: Colour | None = None
    tags: list[str] = []


class Everywhere(Request):
    filter = ParsedQuery(Filter)
    holder = ParsedJsonBody(Model)


class Form(Request):
    form = ParsedForm(Filter)


async def test_a_model_goes_round_by_http(serve):
    @post("/")
    @expect(Everywhere)
    @render_json(envelope=False)
    async def both(filter: Filter, holder: Model) -> list[object]:
        return [filter, holder]

    @post("/form")
    @expect(Form)
    @render_json(Filter, envelope=False)
    async def form(form: Filter) -> Filter:
        return form

    @post("/inner")
    @expect(type("Body", (Request,), {"inner": ParsedJsonBody(Inner)}))
    @render_json(Inner, envelope=False)
    async def inner(inner: Inner) -> Inner:
        return inner

    client = await serve(check_returns="raise")
    body = {"text": "a", "inner": {"N": 1}, "day": "2026-02-28"}
    answer = await client.post("/?limit=3&colour=red&tags=a", json=body)
    filtered, model = await answer.json()
    assert filtered == {"limit": 3, "colour": "red", "tags": ["a"]}
    assert (model["inner"], model["day"]) == ({"N": 1}, "2026-02-28")
    answer = await client.post("/?limit=101&colour=green", json={})
    assert {fault["name"] for fault in (await answer.json())["errors"]} == {"colour"}
    answer = await client.post("/?limit=101", json={})
    assert [fault["name"] for fault in (await answer.json())["errors"]] == ["limit"]
    answer = await client.post("/form", data={"limit": "3", "tags": "a"})
    assert await answer.json() == {"limit": 3, "colour": None, "tags": ["a"]}
    answer = await client.post("/form", data={"limit": "300"})
    assert [fault["pointer"] for fault in (await answer.json())["errors"]] == ["/limit"]
    answer = await client.post("/inner", json={"N": 3})
    assert await answer.json() == {"N": 3}


def test_pydantic_is_not_imported_for_types_of_others():
    program = """
import dataclasses, sys
for name in ("pydantic", "pydantic_core"):
    sys.modules[name] = None  # an import of it fails
import msgspec
from ponty.request.parsing.parser import Parser
from ponty.core import encode_json
@dataclasses.dataclass
class Plain:
    a: int
class Other(msgspec.Struct):
    b: Plain
assert encode_json(Parser(Other).read(b'{"b": {"a": 1}}')) == b'{"b":{"a":1}}'
"""
    subprocess.run([sys.executable, "-W", "error", "-c", program], check=True, timeout=300)
