"""Annotations that are strings mean what they would mean if they were not."""

from __future__ import annotations

import dataclasses
import datetime
from dataclasses import InitVar, dataclass, field
from typing import ClassVar, Generic, NamedTuple, NotRequired, Required, TypedDict, TypeVar

import pytest

from ponty.request import ParsedJsonBody, Request, dataclass_to_jsonschema
from ponty.request.parsing.parser import Parser

T = TypeVar("T")


class Row(TypedDict, total=False):
    day: Required[datetime.date]
    other: int


class Whole(TypedDict):
    day: NotRequired[datetime.date]
    other: int


class Pair(NamedTuple):
    left: datetime.date
    right: Later


@dataclass
class Generic_(Generic[T]):  # noqa: N801 - the name is taken
    limit: ClassVar[int] = 3
    value: T
    later: Later | None = None


@dataclass
class Later:
    day: datetime.date


@dataclass
class Seeded:
    x: int
    seed: InitVar[int] = 0


def test_the_names_of_a_module_are_found_when_they_are_needed():
    built = Parser(Generic_[Pair]).parse({"value": ["2026-02-28", {"day": "2026-02-28"}]})
    assert built == Generic_(Pair(datetime.date(2026, 2, 28), Later(datetime.date(2026, 2, 28))))


def test_the_qualifiers_of_a_typed_dict_are_read():
    assert Parser(Row).schema["required"] == ["day"]
    assert Parser(Whole).schema["required"] == ["other"]
    assert Parser(Row).parse({"day": "2026-02-28"}) == {"day": datetime.date(2026, 2, 28)}


def test_an_init_var_is_refused_by_its_name():
    with pytest.raises(TypeError, match=r"Seeded\.seed"):
        dataclass_to_jsonschema(Seeded)


def test_classes_local_to_a_function_are_found():
    @dataclass
    class Leaf:
        day: datetime.date

    @dataclass
    class Tree:
        leaf: Leaf
        trees: list[Tree] = field(default_factory=list)

    class Body(Request):
        tree = ParsedJsonBody(Tree)

    built = vars(Body)["tree"]._parser.parse(
        {"leaf": {"day": "2026-02-28"}, "trees": [{"leaf": {"day": "2026-02-28"}}]}
    )
    assert built == Tree(Leaf(datetime.date(2026, 2, 28)), [Tree(Leaf(datetime.date(2026, 2, 28)))])


def make():
    @dataclass
    class Gone:
        day: datetime.date

    @dataclass
    class Holder:
        gone: Gone

    return Holder


def test_a_name_that_is_gone_is_refused_by_class_and_field():
    with pytest.raises(TypeError, match=r"Holder\.gone.*'Gone'"):
        dataclass_to_jsonschema(make())


def test_a_subclass_has_the_fields_of_its_bases():
    @dataclass
    class Base(Generic[T]):
        value: list[T]

    @dataclass
    class Middle(Base[T]):
        pass

    @dataclass
    class Derived(Middle[datetime.date]):
        value2: int = 0

    assert dataclasses.asdict(Parser(Derived).parse({"value": ["2026-02-28"]}))["value"] == [datetime.date(2026, 2, 28)]
