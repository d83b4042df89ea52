"""The arguments of a class are those that `inspect.signature` tells, found in fewer steps."""

import dataclasses
import functools
import inspect
from typing import Any, Self

import pytest

from ponty.request.parsing.compiled_types.class_arguments import arguments_of, init_arguments


@dataclasses.dataclass
class Plain:
    first: int
    second: str = "two"
    third: list[int] = dataclasses.field(default_factory=list)


@dataclasses.dataclass
class Named:
    first: int
    second: str = dataclasses.field(default="two", kw_only=True)
    third: str = dataclasses.field(kw_only=True)


@dataclasses.dataclass
class Child(Plain):
    fourth: int = 4


class Inherits(Plain):
    pass


class ByHand:
    def __init__(self, one: int, two: int = 2) -> None: ...


class Open:
    def __init__(self, one: int, *rest: int, **more: int) -> None: ...


class ByPosition:
    def __init__(self, one: int, /, two: int) -> None: ...


class Wrapped:
    @functools.wraps(ByHand.__init__)
    def __init__(self, *rest: Any, **more: Any) -> None: ...


class Made:
    def __new__(cls, one: int) -> Self:
        return super().__new__(cls)

    def __init__(self, two: int) -> None: ...


class Meta(type):
    def __call__(cls, three: int) -> Any: ...


class OfMeta(metaclass=Meta):
    def __init__(self, one: int) -> None: ...


class Nothing:
    pass


CLASSES = [Plain, Named, Child, Inherits, ByHand, Open, ByPosition, Wrapped, Made, OfMeta, Nothing]


@pytest.mark.parametrize("cls", CLASSES)
def test_they_are_those_of_the_signature(cls):
    parameters = inspect.signature(cls).parameters
    found = arguments_of(cls)
    assert list(found.defaults.items()) == [(name, parameter.default) for name, parameter in parameters.items()]
    assert found.by_position is all(p.kind is p.POSITIONAL_OR_KEYWORD for p in parameters.values())


@pytest.mark.parametrize(("cls", "is_known"), [(Plain, True), (Child, True), (Open, False), (Made, False)])
def test_what_has_a_say_of_its_own_is_asked(cls, is_known):
    assert (init_arguments(cls) is not None) is is_known
