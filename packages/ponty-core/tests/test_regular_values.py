"""Values whose classes say that their bytes need no look are written as with the look."""

import dataclasses
import datetime
import gc
import json
import pathlib
import sys
from collections.abc import Callable, Sequence
from typing import Any, Generic, NamedTuple, TypedDict, TypeVar
from unittest import mock

import msgspec
import pytest
from aiohttp import web
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from ponty.core import Reply, encode_json, get, render_json
from ponty.core.encoding import json_encoder
from ponty.core.encoding.json_encoder import encode_regular
from ponty.core.encoding.regular_types import regular_class, regularity
from ponty.core.rendering.declared_rows import DeclaredRows

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from typed_values import OLD, Typed, rows, typed

T = TypeVar("T")
ODD = datetime.datetime(1900, 1, 1, 12, tzinfo=OLD)


@dataclasses.dataclass
class Options:
    colour: str


@dataclasses.dataclass
class Row:
    id: int
    options: Options
    tags: list[str]


class StructRow(msgspec.Struct):
    id: int
    at: datetime.datetime | None = None


class Tree(msgspec.Struct):
    children: "list[Tree]"


class Base(msgspec.Struct):
    id: int


class Wide(Base):
    seats: dict[int, str]


class Around(msgspec.Struct):
    base: Base


class Point(NamedTuple):
    x: int


class Listed(list):  # type: ignore[type-arg]
    pass


@dataclasses.dataclass
class ListedRow(list[Any]):
    id: int


@dataclasses.dataclass
class Page(Generic[T]):
    items: list[T]


class Names(TypedDict):
    id: int


def looking(value: object) -> bytes:
    return encode_regular(value, None)


def told(encode: Callable[[object], bytes], value: object) -> bytes | type[Exception]:
    """Return what is written, or what kind of error there is."""
    try:
        return encode(value)
    except Exception as error:  # noqa: BLE001 - whichever
        return type(error)


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(st.data(), typed | rows)
def test_any_value_is_written_as_with_the_look_or_refused_by_both(data: st.DataObject, part: Typed) -> None:
    value = data.draw(part.values)
    event(f"regular: {regularity(value) is not None}")
    assert told(encode_json, value) == told(looking, value)


REGULAR = {
    "a text": "x",
    "rows": [Row(1, Options("red"), [])] * 20,
    "rows of two classes": [Row(1, Options("red"), []), StructRow(1)] * 10,
    "a Struct with a time": StructRow(1, ODD.astimezone(datetime.UTC)),
    "a class within itself": Tree([Tree([])]),
    "what was encoded before": msgspec.Raw(b"1"),
}
IRREGULAR = {
    "a dict": {"a": 1},
    "rows that are dicts": [{"a": 1}] * 20,
    "a dict among rows": [Row(1, Options("red"), []), {"a": 1}] * 10,
    "a list of another class": Listed([Row(1, Options("red"), [])] * 20),
    "a few rows": [Row(1, Options("red"), [])] * 15,
    "a dataclass that is a list": ListedRow(1),
    "a generator": (row for row in "a"),
    "a class with a dict in it": Wide(1, {1: "a"}),
    "a class whose member may be of a subclass": Around(Base(1)),
    "a generic class": Page([1]),
    "a tuple with names": Point(1),
    "rows in rows": [[Row(1, Options("red"), [])]] * 20,
}


@pytest.mark.parametrize("kind", REGULAR)
def test_what_is_regular_is_not_looked_at(kind: str) -> None:
    assert regularity(REGULAR[kind]) is not None
    with mock.patch.object(json_encoder, "is_suspect") as looked:
        encode_json(REGULAR[kind])
    looked.assert_not_called()


@pytest.mark.parametrize("kind", IRREGULAR)
def test_what_may_hold_anything_is_looked_at(kind: str) -> None:
    assert regularity(IRREGULAR[kind]) is None


def hostile() -> dict[str, tuple[Any, Any]]:
    """Values that are not what their classes say, each with what is sent; an error where nothing is."""
    cyclic: list[Any] = []
    cyclic.append(Row(1, Options("red"), cyclic))
    found = {
        "a subclass deep in a list": ([Around(Base(1)), Around(Wide(2, {1: "a"}))], {"1": "a"}),
        "a name that is no text in the place of a text": ([Row(1, {1: "a"}, [])], {"1": "a"}),  # type: ignore[arg-type]
        "a bool as a name": ([Row(1, {True: "a"}, [])], TypeError),  # type: ignore[arg-type]
        "two names that are one": ([Row(1, {1: 1, "1": 2}, [])], TypeError),  # type: ignore[arg-type]
        "an iterator for a list": ([Row(1, Options("red"), iter("ab"))], ["a", "b"]),  # type: ignore[arg-type]
        "an object that has no form": ([Row(object(), Options("red"), [])], TypeError),  # type: ignore[arg-type]
        "a value within itself": (cyclic, RecursionError),
        "a lone surrogate": ([Row(1, Options("\ud800"), [])], UnicodeEncodeError),
        "not a number": ([Row(float("nan"), Options("red"), [])], None),  # type: ignore[arg-type]
    }
    return {kind: (value * 20, sent) for kind, (value, sent) in found.items()}


@pytest.mark.parametrize("kind", hostile())
def test_what_is_not_what_its_class_says_is_written_as_with_the_look(kind: str) -> None:
    value, sent = hostile()[kind]
    again, _ = hostile()[kind]  # an iterator can be had once
    quick = told(encode_json, value)
    assert quick == told(looking, again)
    if isinstance(sent, type):
        assert quick is sent
    else:
        assert isinstance(quick, bytes)
        assert json.dumps(sent, separators=(",", ":")).encode() in quick


def test_names_that_the_class_does_not_declare_are_in_order_of_the_alphabet() -> None:
    """The same object by RFC 8259, which has no order of names."""
    value = Row(1, {"b": 1, "a": 2}, [])  # type: ignore[arg-type]
    assert encode_json(value) == b'{"id":1,"options":{"a":2,"b":1},"tags":[]}'


def test_an_offset_that_has_seconds_is_in_utc_where_a_time_is_declared() -> None:
    value = [StructRow(1, ODD), StructRow(2)] * 10
    assert json.loads(encode_json(value))[0]["at"] == "1900-01-01T12:19:32Z"
    assert encode_json(value) == looking(value)


def test_a_subclass_that_is_made_later_is_noticed() -> None:
    inner: Any = msgspec.defstruct("Inner", [("id", int)])
    outer: Any = msgspec.defstruct("Outer", [("inner", inner)])
    assert regularity(outer(inner(1))) is not None
    wider: Any = msgspec.defstruct("Wider", [("seats", dict[int, str])], bases=(inner,))
    assert regularity(outer(wider(1, {}))) is None
    del wider
    gc.collect()


def test_a_class_whose_annotations_name_what_is_not_there_is_looked_at() -> None:
    made = dataclasses.make_dataclass("Made", [("id", "Nowhere")])
    assert regular_class(made) is None


async def returning(hint: Any) -> DeclaredRows:
    async def handler() -> Any: ...

    handler.__annotations__["return"] = hint
    return DeclaredRows(handler)


@pytest.mark.parametrize(
    "hint", [list[Row], "list[Row]", Sequence[Row], list[Row] | None, Reply[list[Row]], list[Row] | Reply[list[Row]]]
)
async def test_rows_that_the_handler_declares_are_not_looked_at_one_by_one(hint: Any) -> None:
    """A middle one of another class tells so."""
    row = Row(1, Options("red"), [])
    declared = await returning(hint)
    assert declared.regularity([row, {}, row]) is not None
    assert declared.regularity([row, {}]) is None
    assert declared.regularity([{}, row]) is None
    assert declared.regularity({}) is None
    assert declared.regularity([]) is None


@pytest.mark.parametrize("hint", [list, list[Any], list[Wide], list[Row] | list[StructRow], "list[Nowhere]", None, Row])
async def test_rows_that_the_handler_does_not_declare_are(hint: Any) -> None:
    row = Row(1, Options("red"), [])
    declared = await returning(hint)
    assert declared.regularity([row, {}, row]) is None
    assert declared.regularity([row] * 20) is not None


async def test_rows_that_may_be_of_a_subclass_are() -> None:
    row = Base(1)
    declared = await returning(list[Base])
    assert declared.regularity([row, Wide(1, {}), row]) is None


@pytest.mark.parametrize("envelope", [True, False])
async def test_rows_are_answered_as_they_are(serve: Any, envelope: bool) -> None:
    value = [Row(number, Options("red"), ["a"]) for number in range(2000)]

    @get("/")
    @render_json(envelope=envelope)
    async def handler(request: web.Request) -> list[Row]:
        return value

    client = await serve()
    async with client.get("/") as answer:
        assert answer.status == 200
        body = await answer.json()
    assert (body["data"] if envelope else body) == [dataclasses.asdict(row) for row in value]
