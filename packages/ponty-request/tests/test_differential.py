"""jsonschema, jsonschema-rs and both ways of Ponty agree on what is valid, and what they accept builds.

Hypothesis makes types, values of them and mutations of these. `PONTY_PAIRS=50000 pytest …/test_differential.py` makes
as many pairs of a type and a value.
"""

import collections
import dataclasses
import datetime as dt  # noqa: ICN001 - it stands in every line
import decimal
import enum
import ipaddress
import json
import math
import os
import random
import typing
import uuid

import attrs
import jsonschema
import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ponty.core import encode_json
from ponty.core.returned.returned_type import ReturnedType
from ponty.request import UNSET, Alias, Annotation, InvalidField, UnsetType
from ponty.request.parsing.parser import Parser
from ponty.request.validation.schemas.formats import FORMATS, checker
from ponty.request.validation.validator import Validator

PAIRS = int(os.environ.get("PONTY_PAIRS", "600"))
VALUES = 10
"""How many values are tried of each type."""

REFERENCE = jsonschema.FormatChecker(formats=())
for _name in FORMATS:
    REFERENCE.checks(_name)(checker(_name))


class Colour(enum.Enum):
    RED = "r"
    ONE = 1
    NONE = None


class Movie(typing.TypedDict):
    title: str
    year: typing.NotRequired[int]


class Pair(typing.NamedTuple):
    left: int
    right: dt.date | None = None


@dataclasses.dataclass
class Tree:
    value: float
    trees: "list[Tree]" = dataclasses.field(default_factory=list)


@dataclasses.dataclass(slots=True)
class Bud:
    """A dataclass that msgspec reads alone, and that has constraints which msgspec does not know."""

    name: typing.Annotated[str, Annotation(pattern="^[a:]*$", maxLength=2)]
    width: typing.Annotated[float, Annotation(exclusiveMaximum=5)] = 4.0
    open: bool = False


@dataclasses.dataclass(frozen=True)
class Bough:
    """One with others below it."""

    size: typing.Annotated[int | None, Annotation(minimum=0)]
    buds: list[Bud]
    main: Bud | None = None
    named: dict[str, Bud] = dataclasses.field(default_factory=dict)
    marks: typing.Annotated[list[str], Annotation(maxItems=1)] = dataclasses.field(default_factory=list)


class Leaf(msgspec.Struct, forbid_unknown_fields=True):
    """A Struct of one's own, which msgspec reads alone."""

    name: str
    size: int = 0


class Twig(msgspec.Struct, rename="camel"):
    """One that may stand within itself, and have more properties."""

    is_green: bool
    leaves: list[Leaf] = []
    twigs: "list[Twig]" = []


SCALARS = [
    *[bool, int, float, str, bytes, None, dt.date, dt.datetime, dt.time, dt.timedelta, uuid.UUID, decimal.Decimal],
    *[ipaddress.IPv4Address, ipaddress.IPv6Network, ipaddress.IPv4Interface, bytearray],
    *[Colour, typing.Literal["a", 1, True], typing.Any, Movie, Pair, Tree],
    typing.Annotated[int, Annotation(minimum=0, maximum=10)],
    typing.Annotated[float, Annotation(multipleOf=0.5)],
    typing.Annotated[str, Annotation(pattern="^[a-c]*$", maxLength=3)],
    typing.Annotated[str, Annotation(minLength=1, maxLength=2)],
    typing.Annotated[float, Annotation(exclusiveMinimum=0, maximum=1.5)],
    typing.Annotated[list[int], Annotation(minItems=1, maxItems=2)],
    typing.Annotated[set[str], Annotation(minItems=1)],
    typing.Annotated[dt.date, Annotation(minLength=1)],
    typing.Annotated[int | None, Annotation(maximum=4)],
]
HASHABLE = [bool, int, float, str, dt.date, uuid.UUID, ipaddress.IPv4Address, Colour, tuple[int, str], Pair]


def make_dataclass(fields, *, kw_only=True):
    return dataclasses.make_dataclass(
        "Made",
        [
            (f"f{n}", tp) if required else (f"f{n}", typing.Optional[tp], dataclasses.field(default=None))  # noqa: UP045
            for n, (tp, required) in enumerate(sorted(fields, key=lambda field: not field[1] and not kw_only))
        ],
        kw_only=kw_only,
    )


def make_renamed(fields):
    """Make a dataclass of which some names are others in JSON, and some members may be UNSET."""
    made = [
        (f"f_{n}", typing.Annotated[tp, Alias(f"a-{n}")] if n % 2 else tp, dataclasses.field())
        if required
        else (f"f_{n}", typing.Union[tp, UnsetType], dataclasses.field(default=UNSET))  # noqa: UP007 - of any type
        for n, (tp, required) in enumerate(fields)
    ]
    rules = type("JsonSchema", (), {"rename": "camel"})
    return dataclasses.make_dataclass("Made", made, kw_only=True, namespace={"JsonSchema": rules})


def make_attrs(fields):
    """Make an attrs class, with a private attribute among the others."""
    made = {
        f"{'_' * (n % 2)}f_{n}": attrs.field(
            # To attrs, None is no type at all.
            type=type(None) if tp is None else tp if required else typing.Optional[tp],  # noqa: UP045
            kw_only=True,
            **({} if required else {"default": None}),
        )
        for n, (tp, required) in enumerate(fields)
    }
    return attrs.make_class("Made", made)


def make_struct(fields, *, tag=None, forbid_unknown_fields=False, rename=None, array_like=False):
    def is_odd(n):
        return n % 2 and not array_like  # in an array, nothing is absent

    return msgspec.defstruct(
        "Made",
        [
            (f"f_{n}", tp)
            if required
            else (f"f_{n}", *((typing.Union[tp, UnsetType], UNSET) if is_odd(n) else (typing.Optional[tp], None)))  # noqa: UP007, UP045
            for n, (tp, required) in enumerate(fields)
        ],
        kw_only=True,
        tag=tag,
        forbid_unknown_fields=forbid_unknown_fields,
        rename=rename,
        array_like=array_like,
    )


PLAIN = [int, float, str, bool, list[str], typing.Literal["a", "b"], dict[str, int], tuple[int, str]]
PLAIN += [Leaf, Twig, Twig | None, int | None, typing.Annotated[int, msgspec.Meta(ge=0, lt=9)]]
PLAIN += [Bud, Bough, list[Bough], typing.Annotated[int, Annotation(minimum=0)]]
PLAIN += [typing.Annotated[str, msgspec.Meta(max_length=2)], typing.Annotated[str, msgspec.Meta(pattern="^a*$")]]


def struct_options(inner):
    fields = st.lists(st.tuples(inner, st.booleans()), max_size=4)
    return st.one_of(
        st.builds(
            make_struct,
            fields,
            tag=st.sampled_from([None, None, "t", 5]),
            forbid_unknown_fields=st.booleans(),
            rename=st.sampled_from([None, "camel", "kebab"]),
            array_like=st.sampled_from([False, False, True]),
        ),
        st.tuples(fields, fields, st.booleans()).map(
            lambda made: make_struct(made[0], tag="a") | make_struct(made[1], tag="b", forbid_unknown_fields=made[2])
        ),
    )


types = st.recursive(
    st.sampled_from(SCALARS),
    lambda inner: st.one_of(
        inner.map(lambda tp: list[tp]),
        st.sampled_from(HASHABLE).map(lambda tp: set[tp]),
        st.sampled_from(HASHABLE).map(lambda tp: frozenset[tp]),
        inner.map(lambda tp: tuple[tp, ...]),
        st.lists(inner, max_size=3).map(lambda tps: tuple[tuple(tps)]),
        inner.map(lambda tp: dict[str, tp]),
        inner.map(lambda tp: collections.deque[tp]),
        inner.map(lambda tp: collections.OrderedDict[str, tp]),
        st.tuples(st.sampled_from([int, dt.date, uuid.UUID]), inner).map(lambda pair: dict[pair[0], pair[1]]),
        st.lists(inner, min_size=2, max_size=3).map(lambda tps: typing.Union[tuple(tps)]),  # noqa: UP007 - of as many as there are
        st.lists(st.tuples(inner, st.booleans()), max_size=4).map(make_dataclass),
        st.lists(st.tuples(inner, st.booleans()), max_size=4).map(lambda fields: make_dataclass(fields, kw_only=False)),
        st.lists(st.tuples(inner, st.booleans()), max_size=4).map(make_renamed),
        st.lists(st.tuples(inner, st.booleans()), max_size=4).map(make_attrs),
        st.lists(st.tuples(st.sampled_from(PLAIN), st.booleans()), max_size=4).map(make_dataclass),
        struct_options(inner),
        struct_options(st.sampled_from(PLAIN)),
    ),
    max_leaves=6,
)

SEPARATORS = [(",", ":"), (", ", ": "), (" , ", " : ")]

EDGES = [
    None,
    True,
    False,
    0,
    1,
    1.0,
    -0.0,
    0.5,
    1e30,
    10**30,
    -1,
    "",
    "a",
    "r",
    "2026-02-28",
    "P1D",
    "1.5",
    [],
    {},
    [1],
    {"a": 1},
]


def make_value(schema, root, rng, depth=0):  # noqa: C901, PLR0911 - one for each form
    """Make a value that is often valid."""
    if "$ref" in schema:
        target = root
        for step in schema["$ref"].split("/")[1:]:
            target = target[step]
        return make_value(target, root, rng, depth + 1)
    if "anyOf" in schema:
        return make_value(rng.choice(schema["anyOf"]), root, rng, depth)
    if "enum" in schema:
        return rng.choice(schema["enum"])
    kinds = schema.get("type", ["null"])
    kind = rng.choice(kinds) if isinstance(kinds, list) else kinds
    count = 0 if depth > 4 else rng.randrange(3)
    match kind:
        case "object":
            known = schema.get("properties", {})
            made = {
                name: make_value(sub, root, rng, depth + 1)
                for name, sub in known.items()
                if name in schema.get("required", ()) or (rng.random() < 0.5 and depth < 4)
            }
            if isinstance(extra := schema.get("additionalProperties"), dict):
                names = ["1", "-5", "2026-02-28", str(uuid.UUID(int=5))]
                made |= {rng.choice(names): make_value(extra, root, rng, depth + 1) for _ in range(count)}
            return made
        case "array":
            prefix = [make_value(sub, root, rng, depth + 1) for sub in schema.get("prefixItems", ())]
            items = schema.get("items")
            return prefix + ([make_value(items, root, rng, depth + 1) for _ in range(count)] if items else [])
        case "string":
            return {
                "date": "2026-02-28",
                "date-time": "2026-02-28T10:00:00Z",
                "time": "10:00:00",
                "duration": "P1D",
                "uuid": str(uuid.UUID(int=rng.randrange(9))),
                "decimal": "1.50",
                "base64": "AA==",
                "ipv4": "192.0.2.1",
                "ipv6-network": "2001:db8::/32",
                "ipv4-interface": "192.0.2.1/24",
            }.get(schema.get("format"), rng.choice(["", "a", "abc", "é😀", ":", '":']))
        case "integer":
            return rng.choice([0, 1, 5, 3.0, -7])
        case "number":
            return rng.choice([0, 1.5, 2, -0.0, 1e30])
        case "boolean":
            return rng.random() < 0.5
        case _:
            return None


def mutate(value, rng):  # noqa: PLR0911 - one for each way
    """Change one thing somewhere within a value."""
    if isinstance(value, dict) and value and rng.random() < 0.8:
        name = rng.choice(list(value))
        match rng.randrange(4):
            case 0:
                return {key: element for key, element in value.items() if key != name}
            case 1:
                return {**value, rng.choice(["x", "self", "f9"]): 1}
            case _:
                return {**value, name: mutate(value[name], rng)}
    if isinstance(value, list) and value and rng.random() < 0.8:
        index = rng.randrange(len(value))
        match rng.randrange(4):
            case 0:
                return value[:index] + value[index + 1 :]
            case 1:
                return [*value, value[index]]
            case _:
                return [*value[:index], mutate(value[index], rng), *value[index + 1 :]]
    return rng.choice(EDGES)


def conforms(value, tp):  # noqa: C901, PLR0911, PLR0912 - one for each form
    """Tell whether a value is of a type, at every depth."""
    origin, arguments = typing.get_origin(tp), typing.get_args(tp)
    if tp is typing.Any:
        return True
    if origin is typing.Annotated:
        return conforms(value, arguments[0])
    if origin is typing.Union:
        return any(conforms(value, argument) for argument in arguments)
    if origin is typing.Literal:
        return any(type(value) is type(argument) and value == argument for argument in arguments)
    if tp is None or tp is type(None):
        return value is None
    if tp is Movie:
        return type(value) is dict and conforms(value.get("title"), str) and conforms(value.get("year", 0), int)
    if tp is Pair:
        return type(value) is Pair and conforms(value.left, int) and conforms(value.right, dt.date | None)
    if tp is Tree:
        return type(value) is Tree and conforms(value.value, float) and conforms(value.trees, list[Tree])
    if tp is UnsetType:
        return value is UNSET
    if isinstance(tp, type) and attrs.has(tp):
        return type(value) is tp and all(
            conforms(getattr(value, f.name), f.type) or (f.default is None and getattr(value, f.name) is None)
            for f in attrs.fields(tp)
        )
    if isinstance(tp, type) and issubclass(tp, msgspec.Struct):
        return type(value) is tp and all(
            conforms(getattr(value, f.name), f.type) or (not f.required and getattr(value, f.name) == f.default)
            for f in msgspec.structs.fields(tp)
        )
    if isinstance(tp, type) and dataclasses.is_dataclass(tp):
        return type(value) is tp and all(
            conforms(getattr(value, f.name), f.type) or (f.default is None and getattr(value, f.name) is None)
            for f in dataclasses.fields(tp)
        )
    if origin in {dict, collections.OrderedDict}:
        return type(value) is origin and all(
            conforms(k, arguments[0]) and conforms(v, arguments[1]) for k, v in value.items()
        )
    if origin is tuple and not (len(arguments) == 2 and arguments[1] is ...):
        return type(value) is tuple and len(value) == len(arguments) and all(map(conforms, value, arguments))
    if origin in {list, set, frozenset, tuple, collections.deque}:
        return type(value) is origin and all(conforms(element, arguments[0]) for element in value)
    if repr(tp).find("|") > 0:
        return any(conforms(value, argument) for argument in arguments)
    return type(value) is tp


def unordered(value):
    """Return a JSON value whose arrays are sorted, as sets have no order."""
    if isinstance(value, list):
        return sorted(map(unordered, value), key=repr)
    return {name: unordered(value[name]) for name in sorted(value)} if isinstance(value, dict) else value


def sent(tp, value):
    """Return what `render_json` sends of a value of a type."""
    return encode_json(ReturnedType(tp).limited(value, "the test", "raise"))


@settings(max_examples=max(PAIRS // VALUES, 1), deadline=None, suppress_health_check=list(HealthCheck))
@given(tp=types, seed=st.integers(0, 2**32))
def test_the_validators_agree_and_what_they_accept_builds(tp, seed):
    rng = random.Random(seed)
    parser = Parser(tp)
    schema = json.loads(json.dumps(parser.schema))
    reference = jsonschema.Draft202012Validator(schema, format_checker=REFERENCE)
    validator = Validator(schema, given=False)
    for _ in range(VALUES):
        value = make_value(schema, schema, rng)
        for _ in range(rng.choice([0, 0, 1, 1, 2])):
            value = mutate(value, rng)
        if any(isinstance(leaf, float) and not math.isfinite(leaf) for leaf in [value]):
            continue
        accepted = reference.is_valid(value)
        assert validator.is_valid(value) is accepted, (schema, value)
        refusal = validator.refusal(value)
        assert (refusal is None) is accepted, (schema, value)
        assert refusal is None or all(each.code != "invalid" for each in refusal.violations), (schema, value)
        text = json.dumps(value, separators=rng.choice(SEPARATORS))
        try:
            built = parser.parse(json.loads(text))
        except InvalidField:
            assert not accepted, (schema, value)
            with pytest.raises(InvalidField):
                parser.read(text.encode())
        else:
            assert accepted, (schema, value)
            assert conforms(built, tp), (tp, value, built)
            again = sent(tp, parser.read(sent(tp, built)))
            assert unordered(json.loads(again)) == unordered(json.loads(sent(tp, built))), (tp, value, built)
            read = parser.read(text.encode())
            assert conforms(read, tp), (tp, value, read)
            assert read == built, (tp, value, read)
