"""A handler whose annotation cannot be what it declares to answer with is refused at import."""

import collections
import collections.abc
import dataclasses
import datetime
import decimal
import enum
import functools
import sqlite3
import typing
from typing import Annotated, Any, Generic, Literal, NewType, Protocol, TypedDict, TypeVar

import pytest

from ponty.core import Reply, render_json

_T = TypeVar("_T")


@dataclasses.dataclass
class Mug:
    colour: str


@dataclasses.dataclass
class Cup(Mug):
    handles: int


@dataclasses.dataclass
class Page(Generic[_T]):
    items: list[_T]


class Plate(TypedDict):
    colour: str


class Pair(typing.NamedTuple):
    left: int
    right: int


class Size(enum.StrEnum):
    SMALL = "s"


class Coloured(Protocol):
    colour: str


MugId = NewType("MugId", int)

DIFFERING = [
    (str, int),
    (int, str),
    (None, Mug),
    (Mug, None | int),
    (str, Mug),
    (Mug, str),
    (list[Mug], Mug),
    (Mug, list[Mug]),
    (list[str], list[int]),
    (list[list[str]], list[list[int]]),
    (tuple[str, ...], list[int]),
    (str, list[str]),
    (dict[str, int], list[int]),
    (str | None, int),
    (str, int | float),
    (Literal["a"], int),
    (str, Literal[1, 2]),
    (float, int),
    (Reply[str], int),
    (Reply[list[Mug]], Mug),
    (Annotated[str, "x"], Annotated[int, "y"]),
    (MugId, str),
    (collections.abc.AsyncIterator[str], list[int]),
    (collections.abc.AsyncGenerator[Mug, None], int),
    (str, datetime.date),
    (decimal.Decimal, str),
    (collections.abc.Sequence[str], list[int]),
]

FITTING = [
    *((tp, tp) for tp in (int, str, Mug, list[Mug], dict[str, int], Page[int], Plate, Size, Mug | None)),
    *((tp, int) for tp in (Any, object, bool, MugId, int | None, Reply, Reply[int], Reply[Any])),
    *((tp, int) for tp in (Literal[1], _T, "Missing")),
    (int, float),
    (Cup, Mug),
    (Mug, Cup),
    (sqlite3.Row, Mug),
    (dict[str, Any], Mug),
    (Plate, Mug),
    (Mug, Plate),
    (Pair, Mug),
    (Coloured, Mug),
    (list[Cup], list[Mug]),
    (list[sqlite3.Row], list[Mug]),
    (list, list[int]),
    (tuple[int, ...], list[int]),
    (tuple[int, str], list[int]),
    (collections.abc.Iterable[int], list[int]),
    (collections.deque[int], list[int]),
    (collections.abc.AsyncIterator[int], list[int]),
    (collections.abc.AsyncGenerator[Cup, None], list[Mug]),
    (collections.abc.AsyncIterator, list[int]),
    (Size, str),
    (str, Size),
    (Mug | str, Mug),
    (Mug, Any),
    (int, Mug | int),
    (Page[str], Page[int]),
]


def handler_of(annotation):
    async def handler(request): ...

    handler.__annotations__["return"] = annotation
    return handler


@pytest.mark.parametrize(("annotation", "returns"), DIFFERING, ids=repr)
def test_what_it_can_never_return_is_refused_where_it_is_declared(annotation, returns):
    with pytest.raises(TypeError, match=r"^@render_json\(.*\) on '.*handler': the handler returns .*, the answer has "):
        render_json(returns, envelope=False)(handler_of(annotation))


@pytest.mark.parametrize(("annotation", "returns"), FITTING, ids=repr)
def test_what_it_may_return_passes(annotation, returns):
    assert render_json(returns)(handler_of(annotation))


def test_both_types_are_named():
    with pytest.raises(TypeError) as refusal:
        render_json(list[int])(handler_of(Reply[str]))
    assert str(refusal.value).endswith(".Reply[str], the answer has list[int]")


def test_what_another_decorator_wraps_is_passed_over():
    """Nobody knows what it makes of the value."""
    inner = handler_of(str)

    @functools.wraps(inner)
    async def outer(request):
        return len(await inner(request))

    assert render_json(int)(outer)


def test_a_handler_without_an_annotation_passes():
    async def handler(request): ...

    assert render_json(int)(handler)
