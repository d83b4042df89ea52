"""A schema says what a dataclass means, and what it admits builds."""

import collections
import dataclasses
import datetime as dt  # noqa: ICN001 - it stands in every line
import decimal
import enum
import json
import typing
import uuid
from collections.abc import Collection, Iterable, Mapping, MutableMapping, MutableSequence, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import KW_ONLY, InitVar, dataclass, field
from typing import (
    Annotated,
    Any,
    Generic,
    Literal,
    NamedTuple,
    NewType,
    NotRequired,
    Optional,
    Required,
    TypedDict,
    TypeVar,
)

import pytest
from jsonschema import Draft202012Validator

from ponty.request import Annotation, InvalidField, ParsedJsonBody, dataclass_to_jsonschema
from ponty.request.parsing.parser import Parser

T = TypeVar("T")
K = TypeVar("K", bound=int)


class Colour(enum.Enum):
    RED = "r"
    ONE = 1


class Level(enum.IntEnum):
    LOW = 1


class Word(enum.StrEnum):
    YES = "yes"


UserId = NewType("UserId", int)


class Movie(TypedDict):
    title: str
    year: NotRequired[dt.date]


class Loose(TypedDict, total=False):
    a: int
    b: Required[Annotated[int, Annotation(minimum=0)]]


class Pair(NamedTuple):
    left: int
    right: dt.date = dt.date(2026, 1, 1)


@dataclass
class Inner:
    day: dt.date


@dataclass(frozen=True)
class Frozen:
    x: int


@dataclass
class Box(Generic[T]):
    value: T
    more: list[T] = field(default_factory=list)


@dataclass
class IntBox(Box[int]):
    name: str = ""


@dataclass
class Node:
    value: int
    next: Optional["Node"] = None
    children: "list[Node]" = field(default_factory=list)


@dataclass
class Left:
    right: "Right | None" = None


@dataclass
class Right:
    left: Left | None = None


@dataclass
class Cat:
    meow: int


@dataclass
class Dog:
    bark: int
    friends: "list[Cat | Dog]" = field(default_factory=list)


DAY = dt.date(2026, 2, 28)
BUILDS = [
    (bool, True, True),
    (int, 1.0, 1),
    (int, 10**30, 10**30),
    (float, 1, 1.0),
    (str, "a", "a"),
    (bytes, "AA==", b"\0"),
    (None, None, None),
    (type(None), None, None),
    (Any, {"a": [1]}, {"a": [1]}),
    (object, 1, 1),
    (Literal["a", 1, True, None], True, True),  # noqa: PYI061 - as one may write it
    (Literal["a", 1, True, None], 1.0, 1),  # noqa: PYI061 - as one may write it
    (Literal[Colour.RED], "r", Colour.RED),
    (Colour, "r", Colour.RED),
    (Colour, 1.0, Colour.ONE),
    (Level, 1, Level.LOW),
    (Word, "yes", Word.YES),
    (int | None, None, None),
    (Optional[dt.date], "2026-02-28", DAY),  # noqa: UP045 - as one may write it
    (typing.Union[int, str], "1", "1"),  # noqa: UP007 - as one may write it
    (int | float, 1, 1),
    (int | float, 1.0, 1.0),
    (float | int, 1, 1),
    (int | str, 1.0, 1),
    (bool | int, True, True),
    (bool | int, 1, 1),
    (dt.date | str, "2026-02-28", DAY),
    (dt.date | str, "soon", "soon"),
    (list[int] | dict[str, dt.date], {"a": "2026-02-28"}, {"a": DAY}),
    (list[dt.date] | list[int], [1.0], [1]),
    (Cat | Dog, {"bark": 1.0, "friends": [{"meow": 2.0}, {"bark": 3}]}, Dog(1, [Cat(2), Dog(3)])),
    (Level | str, 1, Level.LOW),
    (list[dt.date], ["2026-02-28"], [DAY]),
    (list, [1, "a"], [1, "a"]),
    (typing.List[int], [1.0], [1]),  # noqa: UP006 - it is another object
    (Sequence[dt.date], ["2026-02-28"], [DAY]),
    (MutableSequence[int], [1], [1]),
    (Collection[int], [1], [1]),
    (Iterable[int], [1], [1]),
    (set[dt.date], ["2026-02-28"], {DAY}),
    (AbstractSet[int], [1.0], {1}),
    (frozenset[int], [1.0], frozenset({1})),
    (set[Frozen], [{"x": 1}], {Frozen(1)}),
    (frozenset[tuple[int, ...]], [[1], [2.0]], frozenset({(1,), (2,)})),
    (tuple[int, str], [1.0, "a"], (1, "a")),
    (tuple[int, ...], [1.0, 2], (1, 2)),
    (tuple[()], [], ()),
    (tuple, [1, "a"], (1, "a")),
    (dict, {"a": 1}, {"a": 1}),
    (dict[str, int], {"a": 1.0}, {"a": 1}),
    (dict[dt.date, set[int]], {"2026-02-28": [1]}, {DAY: {1}}),
    (dict[uuid.UUID, int], {str(uuid.UUID(int=1)): 1}, {uuid.UUID(int=1): 1}),
    (dict[int, str], {"-5": "a"}, {-5: "a"}),
    (dict[Word, int], {"yes": 1}, {Word.YES: 1}),
    (dict[Literal["a"], int], {"a": 1}, {"a": 1}),
    (Mapping[str, dt.date], {"a": "2026-02-28"}, {"a": DAY}),
    (MutableMapping[str, int], {"a": 1}, {"a": 1}),
    (decimal.Decimal, "1.50", decimal.Decimal("1.50")),
    (UserId, 1.0, 1),
    (Movie, {"title": "a", "year": "2026-02-28"}, {"title": "a", "year": DAY}),
    (Movie, {"title": "a"}, {"title": "a"}),
    (Loose, {"b": 1.0}, {"b": 1}),
    (Pair, [1.0], Pair(1)),
    (Pair, [1.0, "2026-02-28"], Pair(1, DAY)),
    (Inner, {"day": "2026-02-28"}, Inner(DAY)),
    (Box[dt.date], {"value": "2026-02-28", "more": ["2026-02-28"]}, Box(DAY, [DAY])),
    (Box[Box[int]], {"value": {"value": 1.0}}, Box(Box(1))),
    (Box, {"value": {"a": 1}}, Box({"a": 1})),
    (IntBox, {"value": 1.0}, IntBox(1)),
    (Node, {"value": 1.0, "next": {"value": 2.0}, "children": [{"value": 3.0}]}, Node(1, Node(2), [Node(3)])),
    (Left, {"right": {"left": {"right": None}}}, Left(Right(Left(None)))),
    (Annotated[int, "theirs", Annotation(minimum=0), ["unhashable"]], 1.0, 1),
    (Annotated[list[Annotated[dt.date, "theirs"]], Annotation(maxItems=1)], ["2026-02-28"], [DAY]),
    (Box[Annotated[int, Annotation(minimum=0)]] | None, {"value": 1.0}, Box(1)),
]


def same(one, other):
    """Tell whether two values are equal, and of the same types at every depth."""
    assert type(one) is type(other), (one, other)
    if dataclasses.is_dataclass(one):
        return all(same(getattr(one, f.name), getattr(other, f.name)) for f in dataclasses.fields(one))
    if isinstance(one, dict):
        pairs = zip(one.items(), other.items(), strict=True)
        return all(same(a, c) and same(b, d) for (a, b), (c, d) in pairs)
    if isinstance(one, list | tuple):
        return all(same(a, b) for a, b in zip(one, other, strict=True))
    if isinstance(one, set | frozenset):
        return one == other and sorted(map(type, one), key=str) == sorted(map(type, other), key=str)
    return one == other


@pytest.mark.parametrize(("tp", "value", "built"), BUILDS)
def test_what_the_schema_admits_builds(tp, value, built):
    parser = Parser(tp)
    Draft202012Validator.check_schema(parser.schema)
    assert Draft202012Validator(parser.schema).is_valid(value)
    assert same(parser.parse(json.loads(json.dumps(value))), built)


REFUSED = [
    (bool, 1),
    (int, True),
    (int, 1.5),
    (int, "1"),
    (float, True),
    (str, 1),
    (Literal["a", 1], True),
    (Literal[True], 1),
    (Colour, True),
    (Colour, "RED"),
    (int | None, "a"),
    (Cat | Dog, {"meow": 1, "bark": 1}),
    (Cat | Dog, {}),
    (set[int], [1, 1.0]),
    (tuple[int, str], [1]),
    (tuple[int, str], [1, "a", 2]),
    (tuple[()], [1]),
    (dict[int, int], {"1.0": 1}),
    (dict[int, int], {"٣": 1}),
    (dict[dt.date, int], {"soon": 1}),
    (dict[Word, int], {"no": 1}),
    (Movie, {}),
    (Movie, {"title": "a", "other": 1}),
    (Loose, {"a": 1}),
    (Loose, {"b": -1}),
    (Pair, []),
    (Pair, [1, "2026-02-28", 3]),
    (Inner, {"day": "2026-02-30"}),
    (Inner, {"day": "2026-02-28", "self": 1}),
    (Inner, []),
    (Inner, None),
    (Box[int], {"value": "a"}),
    (IntBox, {"value": "a"}),
    (Node, {"value": 1, "next": {"value": "a"}}),
    (UserId, "a"),
    (Annotated[int, Annotation(minimum=0)], -1),
]


@pytest.mark.parametrize(("tp", "value"), REFUSED)
def test_what_the_type_does_not_mean_is_refused(tp, value):
    with pytest.raises(InvalidField):
        Parser(tp).parse(value)


@dataclass
class Person:
    first_name: str
    last_name: str
    age: Annotated[int, Annotation(minimum=0)] = 0
    home: Inner | None = None
    tags: set[str] = field(default_factory=set)
    born: dt.date = DAY
    level: Level = Level.LOW
    price: decimal.Decimal = decimal.Decimal("1.50")
    ids: list[int] = field(default_factory=lambda: [1])
    secret: str = field(init=False, default="mine")
    _: KW_ONLY
    kind: Literal["person"] = "person"


@dataclass
class Listed:
    tags: list[str] = field(default_factory=list[str])
    ages: dict[str, int] = field(default_factory=dict[str, int])
    kinds: set[str] = field(default_factory=set[str])


def test_a_default_that_a_collection_of_a_type_makes_is_in_the_schema():
    """Strict type checkers want the type of the elements there, which a bare `list` leaves open."""
    properties = dataclass_to_jsonschema(Listed)["properties"]
    assert {name: each["default"] for name, each in properties.items()} == {"tags": [], "ages": {}, "kinds": []}


def test_the_schema_of_a_dataclass():
    assert dataclass_to_jsonschema(Person) == {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "properties": {
            "first_name": {"type": "string"},
            "last_name": {"type": "string"},
            "age": {"type": "integer", "minimum": 0, "default": 0},
            "home": {"anyOf": [{"$ref": "#/$defs/Inner"}, {"type": "null"}], "default": None},
            "tags": {"type": "array", "items": {"type": "string"}, "uniqueItems": True, "default": []},
            "born": {"type": "string", "format": "date", "default": "2026-02-28"},
            "level": {"enum": [1], "x-enum-varnames": ["LOW"], "default": 1},
            "price": {"type": ["number", "string"], "format": "decimal", "default": "1.50"},
            "ids": {"type": "array", "items": {"type": "integer"}},
            "kind": {"enum": ["person"], "default": "person"},
        },
        "required": ["first_name", "last_name"],
        "additionalProperties": False,
        "$defs": {
            "Inner": {
                "type": "object",
                "properties": {"day": {"type": "string", "format": "date"}},
                "required": ["day"],
                "additionalProperties": False,
            }
        },
    }


def test_it_is_the_same_each_time_and_the_caller_s_own():
    first = dataclass_to_jsonschema(Person)
    text = json.dumps(first)
    first["properties"].clear()
    assert json.dumps(dataclass_to_jsonschema(Person)) == text


@pytest.mark.parametrize("cls", [int, Movie, Pair, list[Person], Person("a", "b"), "Person", None])
def test_what_is_no_dataclass_is_a_value_error(cls):
    with pytest.raises(ValueError, match="is not a dataclass"):
        dataclass_to_jsonschema(cls)


def test_a_class_inside_itself_refers_to_the_root():
    schema = dataclass_to_jsonschema(Node)
    assert schema["properties"]["children"]["items"] == {"$ref": "#"}
    assert "$defs" not in schema


def make_same_named(annotation):
    @dataclass
    class Same:
        value: annotation

    return Same


def test_two_classes_of_one_name_have_definitions_of_their_own():
    @dataclass
    class Both:
        one: make_same_named(int)
        other: make_same_named(str)

    schema = dataclass_to_jsonschema(Both)
    assert list(schema["$defs"]) == ["Same", "Same_2"]
    assert Parser(Both).parse({"one": {"value": 1}, "other": {"value": "a"}}).other.value == "a"
    with pytest.raises(InvalidField):
        Parser(Both).parse({"one": {"value": "a"}, "other": {"value": "a"}})


def test_the_parametrized_forms_of_one_class_have_definitions_of_their_own():
    @dataclass
    class Both:
        one: Box[int]
        other: Box[str]
        again: Box[int]

    assert list(dataclass_to_jsonschema(Both)["$defs"]) == ["Box_int", "Box_str"]


def test_an_init_false_field_is_not_a_client_s():
    with pytest.raises(InvalidField, match="additional properties are not allowed"):
        Parser(Person).parse({"first_name": "a", "last_name": "b", "secret": "x"})


def test_own_init_and_post_init_run_at_every_depth():
    calls = []

    @dataclass
    class Even:
        number: int

        def __post_init__(self):
            calls.append(self.number)
            if self.number % 2:
                raise ValueError("the secret")

    @dataclass
    class Custom:
        items: list[Even]

        def __init__(self, items, extra="mine"):
            self.items = items
            self.extra = extra

    parser = Parser(dict[str, Custom])
    assert parser.parse({"a": {"items": [{"number": 2}]}})["a"].extra == "mine"
    assert calls == [2]
    with pytest.raises(InvalidField) as refusal:
        parser.parse({"a/b": {"items": [{"number": 2}, {"number": 3}]}})
    assert [each[:2] for each in refusal.value.violations] == [("/a~1b/items/1", "is not valid")]


@pytest.mark.parametrize("error", [TypeError, KeyError, RuntimeError])
def test_another_exception_of_a_class_is_the_program_s_own(error):
    @dataclass
    class Broken:
        x: int

        def __post_init__(self):
            raise error

    with pytest.raises(error):
        Parser(Broken).parse({"x": 1})


def test_a_number_beyond_a_float_is_refused_where_it_stands():
    with pytest.raises(InvalidField) as refusal:
        Parser(dict[str, list[float]]).parse({"a": [1, 10**400]})
    assert [each[:2] for each in refusal.value.violations] == [("/a/1", "is too large for a float")]


@dataclass
class Keeper:
    x: Annotated[str, Annotation(pattern="^[a-z]+$", description="small letters")]

    class JsonSchema:
        annotation = Annotation(title="A keeper", additionalProperties=True)


@dataclass
class SubKeeper(Keeper):
    y: int = 0


def test_an_annotation_of_a_class_speaks_of_it_and_may_let_in_what_is_then_dropped():
    schema = dataclass_to_jsonschema(Keeper)
    assert (schema["title"], schema["additionalProperties"]) == ("A keeper", True)
    assert schema["properties"]["x"] == {"type": "string", "pattern": "^[a-z]+$", "description": "small letters"}
    assert Parser(Keeper).parse({"x": "a", "self": 1, "other": 2}) == Keeper("a")
    assert dataclass_to_jsonschema(SubKeeper)["additionalProperties"] is False


def test_pattern_properties_are_let_in_and_dropped():
    @dataclass
    class Headers:
        x: int = 0

        class JsonSchema:
            annotation = Annotation(patternProperties={"^x-": {"type": "string"}})

    assert Parser(Headers).parse({"x-a": "b"}) == Headers()
    with pytest.raises(InvalidField):
        Parser(Headers).parse({"x-a": 1})
    with pytest.raises(InvalidField):
        Parser(Headers).parse({"y": 1})


def test_a_file_s_schema_is_in_the_place_of_the_type_s(tmp_path):
    path = tmp_path / "schema.json"
    path.write_text('{"type": "object", "properties": {"day": {"enum": ["2026-02-28", 7]}}, "required": ["day"]}')
    parser = ParsedJsonBody(Inner, filepath=path)
    assert parser.describe().schema["required"] == ["day"]
    assert parser._parser.parse({"day": "2026-02-28", "other": 1}) == Inner(DAY)


class NotData:
    pass


class FancyEnum(enum.Enum):
    PAIR = (1, 2)


class EmptyEnum(enum.Enum):
    pass


@dataclass
class Unhashable:
    x: list[int]


@dataclass(frozen=True)
class FrozenList:
    x: list[int]


@dataclass
class Missing:
    x: "Nowhere"  # noqa: F821 - that is the point


@dataclass
class Ticket:
    x: Any


@pytest.mark.parametrize(
    "tp",
    [
        NotData,
        complex,
        type,
        collections.ChainMap,
        typing.Callable[[], int],
        FancyEnum,
        EmptyEnum,
        Literal[b"a"],
        set[list[int]],
        set[Any],
        set,
        set[Unhashable],
        set[FrozenList],
        frozenset[dict[str, int]],
        dict[bytes, int] | dict[float, int],
        dict[tuple[int, int], int],
        dict[int | str, int],
        Annotated[int, Annotation(type="string")],
        Annotated[list[int], Annotation(items={})],
        Annotated[Inner, Annotation(additionalProperties=True)],
        Annotated[str, Annotation(**{"$ref": "#"})],
    ],
)
def test_a_type_that_has_no_form_in_json_is_refused_by_class_and_field(tp):
    @dataclass
    class Holder:
        place: tp

    with pytest.raises(TypeError, match=r"Holder\.place"):
        dataclass_to_jsonschema(Holder)


def test_an_annotation_that_leads_nowhere_is_refused_by_class_and_field():
    with pytest.raises(TypeError, match=r"Missing\.x.*Nowhere"):
        dataclass_to_jsonschema(Missing)


def test_an_init_var_is_refused_by_its_name():
    @dataclass
    class Holder:
        x: int
        seed: InitVar[int]

    with pytest.raises(TypeError, match=r"Holder\.seed"):
        dataclass_to_jsonschema(Holder)


def test_an_init_that_does_not_take_the_fields_is_refused():
    @dataclass
    class Holder:
        x: int

        def __init__(self, y):
            self.x = y

    with pytest.raises(TypeError, match="Holder.__init__"):
        dataclass_to_jsonschema(Holder)


@pytest.mark.parametrize("default", [float("nan"), float("inf"), object(), 1j, [float("nan")]])
def test_a_default_that_json_cannot_hold_is_refused_by_class_and_field(default):
    @dataclass
    class Holder:
        place: Any = None

    Holder.__dataclass_fields__["place"].default = default
    with pytest.raises(ValueError, match=r"Holder\.place"):
        dataclass_to_jsonschema(Holder)


@pytest.mark.parametrize("keywords", [{"minimum": "x"}, {"pattern": "("}, {"maxLength": -1}])
def test_an_annotation_that_is_no_json_schema_is_refused(keywords):
    @dataclass
    class Holder:
        place: Annotated[str, Annotation(**keywords)]

    with pytest.raises(ValueError, match="JSON Schema|pattern"):
        dataclass_to_jsonschema(Holder)


def test_an_annotation_holds_json():
    with pytest.raises(ValueError, match="JSON cannot hold"):
        Annotation(default=object())
    with pytest.raises(ValueError, match="JSON cannot hold"):
        Annotation(maximum=float("inf"))
    assert repr(Annotation(minimum=0)) == "Annotation(minimum=0)"


def test_an_inner_class_without_an_annotation_is_refused():
    @dataclass
    class Holder:
        x: int

        class JsonSchema:
            title = "x"

    with pytest.raises(TypeError, match=r"Holder\.JsonSchema"):
        dataclass_to_jsonschema(Holder)
