"""What `render_json(returns=…)` sends of a value: no more than the type has."""

import collections
import dataclasses
import datetime
import decimal
import enum
import json
import pathlib
import sys
import typing
import uuid
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from typing import (
    Annotated,
    Any,
    Generic,
    Literal,
    NamedTuple,
    NewType,
    NotRequired,
    Optional,
    TypedDict,
    TypeVar,
    Union,
)

import attrs
import msgspec
import pytest
from aiohttp import web
from hypothesis import HealthCheck, assume, event, given, settings
from hypothesis import strategies as st

from ponty.core import answer_drift, encode_as, get, render_json
from ponty.core.encoding.json_encoder import encode_json
from ponty.core.returned.returned_type import ReturnedType

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from typed_values import Typed, rows, typed

T = TypeVar("T")


class Size(enum.Enum):
    SMALL = "s"


@dataclasses.dataclass
class User:
    id: int
    name: str


@dataclasses.dataclass
class Account(User):
    password_hash: str = "secret"


class Row:
    """A wider object of another class, as a row of a database is."""

    def __init__(self, **members):
        vars(self).update(members)


@dataclasses.dataclass
class Team:
    lead: User
    members: list[User]
    by_role: dict[str, User]
    deputy: User | None = None


class StructUser(msgspec.Struct):
    id: int
    name: str


class StructAccount(StructUser):
    password_hash: str = "secret"


class Camel(msgspec.Struct, rename="camel"):
    first_name: str
    note: str | msgspec.UnsetType = msgspec.UNSET


class Cat(msgspec.Struct, tag="cat", tag_field="kind"):
    name: str


class Dog(msgspec.Struct, tag="dog", tag_field="kind"):
    name: str


class Sparse(msgspec.Struct, omit_defaults=True):
    a: int = 1
    b: int = 2
    c: list[int] = []
    d: dict[str, int] = msgspec.field(default_factory=dict)


@dataclasses.dataclass
class Nothing:
    a: int | msgspec.UnsetType = msgspec.UNSET


@dataclasses.dataclass
class Outer:
    inner: Nothing | msgspec.UnsetType = msgspec.UNSET


class Pair(msgspec.Struct, array_like=True):
    a: int
    b: int


class DictUser(TypedDict):
    id: int
    name: NotRequired[str]


class Odd(TypedDict("Odd", {"x-y": int, "from": str})):
    pass


class Point(NamedTuple):
    x: int
    y: int


@dataclasses.dataclass
class Page(Generic[T]):
    items: list[T]
    total: int


@dataclasses.dataclass
class UserPage(Page[User]):
    pass


@dataclasses.dataclass
class Node:
    value: int
    children: "list[Node]"


@dataclasses.dataclass
class LeafNode(Node):
    secret: str = "secret"


@dataclasses.dataclass
class Parcel:
    weight: int


@dataclasses.dataclass
class Renamed:
    class JsonSchema:
        rename = "camel"

    first_name: str
    last: Annotated[str, type("Alias", (), {"__ponty_alias__": "family"})()]


@dataclasses.dataclass
class Everything:
    size: Size
    price: decimal.Decimal
    made: datetime.date
    at: datetime.datetime
    took: datetime.timedelta
    id: uuid.UUID
    ratio: float
    raw: bytes
    tags: set[str]
    choice: Literal["a", 1]
    pair: tuple[int, str]


UserId = NewType("UserId", int)

ACCOUNT = Account(1, "ann")
USER = {"id": 1, "name": "ann"}
FULL = Everything(
    Size.SMALL,
    decimal.Decimal("1.10"),
    datetime.date(2026, 1, 2),
    datetime.datetime(2026, 1, 2, 3, 4, tzinfo=datetime.UTC),
    datetime.timedelta(hours=1),
    uuid.UUID(int=5),
    0.5,
    b"\xff",
    {"t"},
    "a",
    (1, "b"),
)

LIMITED = {
    "the class itself": (User, User(1, "ann"), USER),
    "a subclass": (User, ACCOUNT, USER),
    "a wider object": (User, Row(id=1, name="ann", password_hash="secret"), USER),
    "a wider mapping": (User, {"id": 1, "name": "ann", "password_hash": "secret"}, USER),
    "a Struct": (StructUser, StructAccount(1, "ann"), USER),
    "in a list": (list[User], [ACCOUNT], [USER]),
    "in a sequence": (Sequence[User], (ACCOUNT,), [USER]),
    "in a deque": (collections.deque[User], collections.deque([ACCOUNT]), [USER]),
    "of a generator": (Iterator[User], (account for account in [ACCOUNT]), [USER]),
    "in a tuple": (tuple[User, int], (ACCOUNT, 2), [USER, 2]),
    "in a tuple of any length": (tuple[User, ...], (ACCOUNT, ACCOUNT), [USER, USER]),
    "in a dict": (dict[str, User], {"a": ACCOUNT}, {"a": USER}),
    "in a mapping by id": (Mapping[uuid.UUID, User], {uuid.UUID(int=1): ACCOUNT}, {str(uuid.UUID(int=1)): USER}),
    "optional": (
        Optional[User],  # noqa: UP045 - both ways of writing it
        ACCOUNT,
        USER,
    ),
    "optional, none": (User | None, None, None),
    "deep": (
        Team,
        Team(ACCOUNT, [ACCOUNT], {"a": ACCOUNT}, ACCOUNT),
        {"lead": USER, "members": [USER], "by_role": {"a": USER}, "deputy": USER},
    ),
    "a TypedDict": (DictUser, {"id": 1, "name": "ann", "password_hash": "secret"}, USER),
    "a TypedDict without what it need not have": (DictUser, {"id": 1, "password_hash": "secret"}, {"id": 1}),
    "a TypedDict of odd names": (Odd, {"x-y": 1, "from": "b", "z": 2}, {"x-y": 1, "from": "b"}),
    "a NamedTuple": (Point, Point(1, 2), [1, 2]),
    "a union of classes, the first": (Union[User, Parcel], ACCOUNT, USER),  # noqa: UP007 - both ways of writing it
    "a union of classes, the second": (Parcel | User, ACCOUNT, USER),
    "a union of classes in a list": (list[Parcel | User], [Parcel(2), ACCOUNT], [{"weight": 2}, USER]),
    "a union of classes, by its members": (Parcel | User, Row(id=1, name="ann", secret=2), USER),
    "a union with a text": (User | str, "x", "x"),
    "a union with a list": (list[User] | User, [ACCOUNT], [USER]),
    "a generic": (Page[User], Page([ACCOUNT], 1), {"items": [USER], "total": 1}),
    "a generic's subclass": (UserPage, UserPage([ACCOUNT], 1), {"items": [USER], "total": 1}),
    "a class within itself": (
        Node,
        LeafNode(1, [LeafNode(2, [])]),
        {"value": 1, "children": [{"value": 2, "children": []}]},
    ),
    "names of a Struct": (Camel, Camel("ann"), {"firstName": "ann"}),
    "names of a Struct's subclass": (
        Camel,
        Row(first_name="ann", note="n", secret=1),
        {"firstName": "ann", "note": "n"},
    ),
    "names of a dataclass": (Renamed, Renamed("ann", "lee"), {"firstName": "ann", "family": "lee"}),
    "a tag": (Cat, Cat("tom"), {"kind": "cat", "name": "tom"}),
    "tags": (
        list[Cat | Dog],
        [Dog("rex"), Cat("tom")],
        [{"kind": "dog", "name": "rex"}, {"kind": "cat", "name": "tom"}],
    ),
    "what asks for nothing is absent": (Outer, Outer(), {}),
    "what asks for nothing is there": (Outer, Outer(Nothing(1)), {"inner": {"a": 1}}),
    "defaults left out": (Sparse, Sparse(a=5), {"a": 5}),
    "empty collections left out": (Sparse, Sparse(c=[], d={"a": 1}), {"d": {"a": 1}}),
    "an array": (Pair, Pair(1, 2), [1, 2]),
    "everything": (Everything, FULL, None),
    "annotated": (Annotated[UserId, "x"], 5, 5),
    "anything": (Any, ACCOUNT, {"id": 1, "name": "ann", "password_hash": "secret"}),
    "a dict of anything": (dict[str, Any], {"a": 1}, {"a": 1}),
    "nothing": (type(None), None, None),
    "a subclass of a text": (str, type("Name", (str,), {})("x"), "x"),
    "true for a number": (int, True, True),
    "a number for a fraction": (float, 3, 3),
}


@pytest.mark.parametrize("kind", LIMITED)
async def test_what_the_type_does_not_have_is_not_sent(serve, kind):
    """And nothing of these differs from the type."""
    returns, value, sent = LIMITED[kind]

    @get("/")
    @render_json(returns)
    async def handler(request: web.Request) -> Any:
        return value

    @get("/bare")
    @render_json
    async def bare(request: web.Request) -> Any:
        return value

    client = await serve(check_returns="raise")
    if kind == "everything":
        async with client.get("/bare") as answer:
            sent = (await answer.json())["data"]
    async with client.get("/") as answer:
        assert answer.status == 200
        assert (await answer.json())["data"] == sent


WITHOUT_A_FORM = {kind for kind in LIMITED if "union of classes" in kind or "asks for nothing" in kind}
WITHOUT_A_FORM |= {"a class within itself"}


@pytest.mark.parametrize("kind", LIMITED)
def test_most_types_are_limited_in_one_pass(kind):
    """All but those that msgspec has no form for."""
    returns, *_ = LIMITED[kind]
    assert (ReturnedType(returns)._part.form is None) == (kind in WITHOUT_A_FORM)


DIFFERING = {
    "a member of another type": (User, User("x", "ann"), {"id": "x", "name": "ann"}, "'/id' is a 'str', not int"),
    "none": (User, User(1, None), {"id": 1, "name": None}, "'/name' is a 'NoneType'"),
    "a member is missing": (User, Row(id=1, secret=2), {"id": 1}, "the value has no 'name'"),
    "deep": (list[User], [User(1, "a"), User("x", "b")], [{"id": 1, "name": "a"}, {"id": "x", "name": "b"}], "'/1/id'"),
    "another choice": (Literal["a", "b"], "c", "c", "the value is a 'str'"),
    "too many items": (tuple[int, int], (1, 2, 3), [1, 2], "3 items; expected 2"),
    "a text for a date": (datetime.date, "soon", "soon", "'str', not date"),
}


@pytest.mark.parametrize("kind", DIFFERING)
async def test_a_scalar_that_differs_is_sent_counted_and_logged(serve, caplog, kind):
    returns, value, sent, told = DIFFERING[kind]

    @get("/")
    @render_json(returns, envelope=False)
    async def handler(request: web.Request) -> Any:
        return value

    client = await serve()
    before = answer_drift().get(handler.__qualname__, 0)
    async with client.get("/") as answer:
        assert (answer.status, await answer.json()) == (200, sent)
    assert answer_drift()[handler.__qualname__] == before + 1
    assert all(told in record.getMessage() for record in caplog.records)


@pytest.mark.parametrize("kind", DIFFERING)
async def test_in_a_test_what_differs_is_an_error_that_says_where(serve, caplog, kind):
    returns, value, _, told = DIFFERING[kind]

    @get("/")
    @render_json(returns)
    async def handler(request: web.Request) -> Any:
        return value

    client = await serve(check_returns="raise")
    async with client.get("/") as answer:
        assert answer.status == 500
    assert told in str(caplog.records[0].exc_info[1])


async def test_one_in_so_many_answers_is_looked_at(serve, caplog):
    @get("/")
    @render_json(int)
    async def handler(request: web.Request) -> Any:
        return "x"

    for every, counted in ((0, 0), (3, 3)):
        client = await serve(check_returns=every)
        before = answer_drift().get(handler.__qualname__, 0)
        for _ in range(9):
            async with client.get("/") as answer:
                assert answer.status == 200
        assert answer_drift().get(handler.__qualname__, 0) == before + counted


async def test_the_log_does_not_grow_with_the_requests(serve, caplog):
    @get("/")
    @render_json(int)
    async def handler(request: web.Request) -> Any:
        return "a secret"

    client = await serve()
    before = answer_drift().get(handler.__qualname__, 0)
    for _ in range(100):
        async with client.get("/") as answer:
            assert answer.status == 200
    assert answer_drift()[handler.__qualname__] == before + 100
    assert len(caplog.records) <= 8
    assert "secret" not in caplog.text


@pytest.mark.parametrize(
    ("returns", "value"),
    [
        (User, "a text"),
        (User, None),
        (User, [ACCOUNT]),
        (User, Row(password_hash="secret")),
        (str, ACCOUNT),
        (str, {"password_hash": "secret"}),
        (User, User(1, ACCOUNT)),
        (list[User], ACCOUNT),
        (list[User], {"a": ACCOUNT}),
        (dict[str, User], [ACCOUNT]),
        (tuple[User], ACCOUNT),
        (list[User] | dict[str, User], ACCOUNT),
        (int | str, [1]),
    ],
)
async def test_what_the_type_says_nothing_about_is_not_sent(serve, caplog, returns, value):
    @get("/")
    @render_json(returns)
    async def handler(request: web.Request) -> Any:
        return value

    client = await serve(check_returns=0)
    async with client.get("/") as answer:
        assert answer.status == 500
        assert "secret" not in await answer.text()
    assert isinstance(caplog.records[0].exc_info[1], TypeError)


@pytest.mark.parametrize("returns", [Row, Page, typing.Callable, AsyncIterator[int], "User", complex])
def test_a_type_without_a_form_in_json_is_refused(returns):
    with pytest.raises(TypeError, match="@render_json"):

        @render_json(returns)
        async def handler(request: web.Request) -> Any: ...


async def test_a_class_may_stand_further_down(serve):
    namespace: dict[str, Any] = {"dataclasses": dataclasses, "render_json": render_json, "get": get}
    code = """
@dataclasses.dataclass
class Outer:
    inner: "Inner"

@get("/")
@render_json(Outer)
async def handler(request):
    return Outer(Inner(1))

@dataclasses.dataclass
class Inner:
    a: int
"""
    import sys
    import types

    module = types.ModuleType("further_down")
    sys.modules["further_down"] = module
    vars(module).update(namespace)
    exec(code, vars(module))
    client = await serve()
    async with client.get("/") as answer:
        assert (await answer.json())["data"] == {"inner": {"a": 1}}
    del sys.modules["further_down"]


def test_a_value_that_has_a_property_that_fails_is_an_error():
    class Failing:
        @property
        def id(self):
            raise RuntimeError("no id")

        name = "ann"

    with pytest.raises(RuntimeError, match="no id"):
        ReturnedType(User).limited(Failing(), "handler", 1)


def test_what_is_sent_encodes():
    assert json.loads(msgspec.json.encode(ReturnedType(User).limited(ACCOUNT, "handler", 1))) == USER


@pytest.mark.parametrize("value", [[True], [1, 2], []])
def test_of_several_kinds_of_lists_the_one_that_fits_counts(value):
    returns = dict[str, list[bool] | list[int]]
    assert json.loads(encode_as(returns, {"a": value})) == {"a": value}
    assert ReturnedType(returns).limited({"a": value}, "the test", "raise") == {"a": value}


def test_a_value_that_none_of_several_lists_fits_is_held_against_the_first():
    with pytest.raises(TypeError, match="the value at '/0' is a 'str', not bool"):
        ReturnedType(list[bool] | list[int]).limited(["a"], "the test", "raise")


def test_an_attribute_without_an_annotation_is_anything():
    made = attrs.make_class("Made", ["anything"])
    assert encode_as(made, made({"a": [1]})) == b'{"anything":{"a":[1]}}'


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(st.data(), typed | rows)
def test_in_one_pass_the_same_is_sent_as_part_by_part(data: st.DataObject, part: Typed) -> None:
    """Of values of subclasses, too, and of those that differ."""
    value = data.draw(part.values)
    sent: list[object] = []
    for in_one_pass in (True, False):
        declared = ReturnedType(part.hint)
        assume(declared._root is not None)
        if not in_one_pass:
            declared._root = None
        try:
            sent.append(encode_json(declared.limited(value, "the test", 0)))
        except Exception as error:  # noqa: BLE001 - whichever
            sent.append(type(error))
    event(str(type(sent[0])))
    assert sent[0] == sent[1]
