"""Bodies that were made to cost more than they should, or to fail where nobody looks."""

import dataclasses
import datetime
import decimal
import json
import typing
import uuid
from typing import Annotated, Generic, Literal, TypeVar

import pytest

from ponty.core import post, render_json
from ponty.request import Annotation, InvalidField, ParsedJsonBody, Request, ValidatedJsonBody, expect
from ponty.request.parsing.parser import Parser
from ponty.request.validation.validator import Validator

PRIME = 2**61 - 1
"""What Python's hash of a number is the remainder of."""

COLLIDING = [PRIME * n for n in range(1, 20_000)]


def read(tp, value):
    return Parser(tp).read(json.dumps(value).encode())


@pytest.mark.parametrize(
    ("tp", "value"),
    [
        (set[int], COLLIDING),
        (set[float | int], COLLIDING),
        (set[uuid.UUID], [str(uuid.UUID(int=n)) for n in COLLIDING]),
        (frozenset[uuid.UUID], [str(uuid.UUID(int=n)) for n in COLLIDING]),
        (set[decimal.Decimal], [str(n) for n in COLLIDING]),
        (set[tuple[int, int]], [[n, 1] for n in COLLIDING]),
        (dict[uuid.UUID, int], {str(uuid.UUID(int=n)): 1 for n in COLLIDING}),
    ],
    ids=lambda value: str(value) if not isinstance(value, list | dict) else "",
)
def test_values_that_share_a_hash_are_refused_soon(tp, value, within_budget):
    with within_budget(), pytest.raises(InvalidField, match="is not valid"):
        read(tp, value)
    few = value[:9] if isinstance(value, list) else dict([*value.items()][:9])
    assert len(read(tp, few)) == 9


@pytest.mark.parametrize("wrap", [lambda n: n, lambda n: [n, 1], lambda n: {"n": n}])
def test_unique_items_that_share_a_hash_are_told_apart_soon(wrap, within_budget):
    validator = Validator({"uniqueItems": True})
    values = [wrap(n) for n in COLLIDING]
    with within_budget():
        validator.check(values)
        with pytest.raises(InvalidField, match="not unique"):
            validator.check([*values, wrap(PRIME)])


@pytest.mark.parametrize(
    ("schema", "bad", "good"),
    [
        (
            {"contains": {"type": "integer"}, "unevaluatedItems": False},
            [1] * 50_000 + ["a"],
            [1, 2],
        ),
        (
            {"patternProperties": {"^a": {}}, "unevaluatedProperties": False},
            {**{f"a{n}": 1 for n in range(50_000)}, "b": 1},
            {"a": 1},
        ),
    ],
)
def test_what_is_unevaluated_is_found_in_linear_time(schema, bad, good, within_budget):
    validator = Validator(schema)
    validator.check(good)
    with within_budget(), pytest.raises(InvalidField, match="unevaluated"):
        validator.check(bad)


def test_what_is_unevaluated_is_told_where_nothing_else_is_wrong():
    schema = {"allOf": [{"properties": {"x": {"type": "integer"}}}], "unevaluatedProperties": False, "required": ["x"]}
    for value, detail in [
        ({"x": 1, "y": 1}, "unevaluated properties are not allowed"),
        ({"y": 1}, "is required"),
    ]:
        with pytest.raises(InvalidField, match=detail) as refusal:
            Validator(schema).check(value)
        assert len(refusal.value.violations) == 1


@dataclasses.dataclass
class Leaf:
    kind: Literal["leaf"]
    values: list[int]


@dataclasses.dataclass
class Branch:
    kind: Literal["branch"]
    children: list["Branch | Leaf"]


def test_tagged_unions_are_told_apart_by_a_look(within_budget):
    value = {"kind": "leaf", "values": [1] * 100_000}
    for _ in range(45):
        value = {"kind": "branch", "children": [value]}
    with within_budget():
        branch = read(Branch, value)
    assert branch.children[0].kind == "branch"


@dataclasses.dataclass
class Chain:
    next: "Chain | None" = None


@pytest.mark.parametrize("depth", [89, 95, 99])
@pytest.mark.parametrize("innermost", [None, 1])
async def test_a_body_as_deep_as_may_be_is_answered(ask, depth, innermost):
    class Body(Request):
        chain = ParsedJsonBody(Chain)

    @post("/")
    @expect(Body)
    @render_json
    async def handler(chain: Chain) -> bool:
        return True

    value = innermost
    for _ in range(depth):
        value = {"next": value}
    status, answer = await ask("/", method="POST", json=value)
    assert status == (400 if innermost else 200)
    if innermost:
        (error,) = answer["errors"]
        assert (error["pointer"], error["detail"]) == ("/next" * 16, "is not valid")


def test_a_deep_value_is_no_danger_to_rare_keywords():
    validator = Validator({"properties": {"a": {"$ref": "#"}}, "not": {"type": "string"}})
    good, bad = {}, "x"
    for _ in range(99):
        good, bad = {"a": good}, {"a": bad}
    assert validator.is_valid(good)
    with pytest.raises(InvalidField) as refusal:
        validator.check(bad)
    assert [each[:2] for each in refusal.value.violations] == [("/a" * 16, "is not valid")]


@pytest.mark.parametrize(
    ("tp", "value"),
    [
        (datetime.timedelta, "-P999999999DT1S"),
        (dict[datetime.timedelta, int], {"-P999999999DT1S": 1}),
        (Annotated[decimal.Decimal | None, Annotation(minimum=0)], "-5"),
        (Annotated[decimal.Decimal | None, Annotation(minimum=0)], -5),
    ],
    ids=repr,
)
def test_what_is_out_of_range_is_refused(tp, value):
    with pytest.raises(InvalidField):
        read(tp, value)


def test_an_overflow_of_the_program_s_own_is_the_program_s():
    @dataclasses.dataclass
    class Inner:
        x: int

        def __post_init__(self):
            raise OverflowError("the program's")

    @dataclasses.dataclass
    class Outer:
        inner: Inner
        inners: list[Inner]

    for body in ({"inner": {"x": 1}, "inners": []}, {"inner": {"x": 1.0}, "inners": []}):
        with pytest.raises(OverflowError, match="the program's"):
            read(Outer, body)


@dataclasses.dataclass(frozen=True)
class Holder:
    parts: "frozenset[Part]"
    numbers: list[int]


@dataclasses.dataclass(frozen=True)
class Part:
    holder: "Holder | None"


T = TypeVar("T")


@dataclasses.dataclass
class Growing(Generic[T]):
    value: T
    child: "Growing[list[T]] | None" = None


Ts = typing.TypeVarTuple("Ts")


@dataclasses.dataclass
class Variadic(Generic[*Ts]):
    values: tuple[*Ts]


@dataclasses.dataclass
class NotANumber:
    price: decimal.Decimal = decimal.Decimal("NaN")


@dataclasses.dataclass
class Huge:
    """It has a docstring, since a dataclass would write one of its default, which early 3.11 cannot print."""

    number: int = 10**5000


@dataclasses.dataclass
class Surrogate:
    text: str = "\ud800"


@dataclasses.dataclass
class Malformed:
    text: Annotated[str, Annotation(pattern="(")]


@pytest.mark.parametrize(
    ("tp", "message"),
    [
        (Holder, r"Holder\.parts: the elements of a set must be hashable"),
        (Growing[int], "Growing: .*type arguments"),
        (Variadic[int, str], "Variadic: .*TypeVarTuple"),
        (tuple[int, *tuple[str, ...]], "unpacked"),
        (NotANumber, r"NotANumber\.price: JSON cannot hold the default"),
        (Huge, r"Huge\.number: JSON cannot hold the default"),
        (Surrogate, r"Surrogate\.text: JSON cannot hold the default"),
        (Malformed, "Malformed: .*"),
        (Literal["\ud800"], "JSON cannot hold"),
    ],
    ids=str,
)
def test_what_cannot_be_is_refused_at_import_by_name(tp, message):
    with pytest.raises((TypeError, ValueError), match=message):
        ParsedJsonBody(tp)


@pytest.mark.parametrize(
    "schema",
    [
        {"minimum": float("nan")},
        {"maximum": float("inf")},
        {"enum": ["\ud800"]},
        {"anyOf": [{"multipleOf": 2}, {"$ref": "#", "multipleOf": 0.5}]},
        {"minimum": {1}},
    ],
    ids=str,
)
def test_a_schema_that_json_cannot_hold_or_that_never_ends_is_refused(schema):
    with pytest.raises(ValueError, match="JSON Schema|schema is not JSON"):
        ValidatedJsonBody(schema=schema)


@pytest.mark.parametrize("text", ["[" * 100_000, '{"not":' * 300 + "{}" + "}" * 300, "{"])
def test_a_file_that_holds_no_schema_is_named(tmp_path, text):
    path = tmp_path / "schema.json"
    path.write_text(text)
    with pytest.raises(ValueError, match=r"schema\.json"):
        ValidatedJsonBody(filepath=path)
