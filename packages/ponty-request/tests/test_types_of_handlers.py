"""A handler whose annotations have no room for what the fields give is refused at import."""

import datetime
import enum
import uuid
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Generic, Literal, NewType, Protocol, TypedDict, TypeVar

import pytest
from aiohttp import web

from ponty.core import render_json
from ponty.request import (
    AIOHttpReq,
    Annotation,
    BearerToken,
    Cookie,
    Field,
    Header,
    Json,
    JsonBody,
    ParsedJsonBody,
    PosIntQueryParameter,
    PosIntRouteParameter,
    QueryParameter,
    Request,
    RouteParameter,
    StringQueryParameter,
    StringRouteParameter,
    TextBody,
    ValidatedJsonBody,
    expect,
)
from ponty.request.fields.value_types import takes

T = TypeVar("T")


class Colour(enum.Enum):
    RED = "red"


@dataclass
class Person:
    name: str


@dataclass
class Pupil(Person):
    year: int = 1


class Named(Protocol):
    name: str


class Movie(TypedDict):
    title: str


class Box(Generic[T]):
    pass


UserId = NewType("UserId", int)

FITS = [
    (int, int),
    (Any, int),
    (object, int),
    (float, int),
    (complex, float),
    (int | None, int),
    (int | str, int),
    (int | str | None, int | None),
    (bool | int, bool),
    (int, bool),
    (datetime.date, datetime.datetime),
    (Person, Pupil),
    (Named, Person),
    (UserId, int),
    (int, UserId),
    (UserId, UserId),
    (Annotated[int, "x"], int),
    (int, Annotated[int, Annotation(minimum=1)]),
    (str, Literal["a", "b"]),
    (Literal["a", "b"], Literal["a", "b"]),
    (Literal["a", "b"], str),
    (list[int], list[int]),
    (list, list[int]),
    (list[Any], list[int]),
    (Sequence[int], list[int]),
    (Iterable[object], list[int]),
    (Collection[int], set[int]),
    (Sequence[int], tuple[int, ...]),
    (tuple[int, ...], tuple[int, ...]),
    (Mapping[str, int], dict[str, int]),
    (dict[str, Any], Json),
    (Json, Json),
    (dict[str, Any], Movie),
    (Movie, Movie),
    (Callable[[], int], int),
    (T, int),
    ("Nowhere", int),
    (int, Any),
    (Box[int], Box[int]),
    (None, type(None)),
]

CLASHES = [
    (bytes, int),
    (str, int),
    (int, str),
    (int, int | None),
    (int | None, str),
    (int, float),
    (Pupil, Person),
    (Person, dict[str, int]),
    (Colour, str),
    (str, Colour),
    (int, Literal["a"]),
    (Literal[1], str),
    (list[str], list[int]),
    (set[int], list[int]),
    (list[int], tuple[int, ...]),
    (Sequence[str], list[int]),
    (Mapping[str, str], dict[str, int]),
    (datetime.date, uuid.UUID),
    (datetime.datetime, datetime.date),
    (int, Movie),
    (None, int),
]


@pytest.mark.parametrize(("annotation", "tp"), FITS, ids=repr)
def test_what_is_as_wide_or_cannot_be_told_fits(annotation, tp):
    assert takes(annotation, tp)


@pytest.mark.parametrize(("annotation", "tp"), CLASHES, ids=repr)
def test_what_has_no_room_clashes(annotation, tp):
    assert not takes(annotation, tp)


class Boolean(QueryParameter[bool]):
    def __init__(self) -> None:
        super().__init__(default=False, cast_func={"yes": True}.__getitem__)


class Host(Field[str]):
    def extract(self, request: web.Request) -> str:
        return request.host


class Unsaid(Field):
    async def extract(self, request: web.Request) -> bytes:
        return await request.read()


class Awaits(Field):
    def extract(self, request: web.Request) -> Awaitable[bytes]:
        return request.read()


class Silent(Field):
    def extract(self, request):
        return request.host


class Of(Field[T], Generic[T]):
    def extract(self, request: web.Request) -> T:
        raise NotImplementedError


class OfInt(Of[int]):
    pass


@pytest.mark.parametrize(
    ("field", "tp"),
    [
        (QueryParameter(int, default=1), int),
        (QueryParameter(int, default=None), int | None),
        (QueryParameter(list[int], default=[]), list[int]),
        (QueryParameter(default=1, cast_func=int), Any),
        (QueryParameter[int](default=1, cast_func=int), int),
        (RouteParameter(uuid.UUID), uuid.UUID),
        (RouteParameter(pattern="a"), str),
        (RouteParameter(pattern="a", cast_func=int), Any),
        (StringRouteParameter(), str),
        (PosIntRouteParameter(), int),
        (StringQueryParameter(default=""), str),
        (StringQueryParameter(default=None), str | None),
        (PosIntQueryParameter(required=True), int),
        (PosIntQueryParameter(default=None), int | None),
        (Header(key="X"), str),
        (Header(key="X", default=None), str | None),
        (Header(int, key="X", default=1), int),
        (Cookie(name="x"), str),
        (Cookie(int, name="x", default=None), int | None),
        (TextBody(), str),
        (JsonBody(), Json),
        (ValidatedJsonBody(schema={}), Json),
        (ParsedJsonBody(Person), Person),
        (ParsedJsonBody(list[Person]), list[Person]),
        (AIOHttpReq(), web.Request),
        (BearerToken(), str),
        (BearerToken(required=False), str | None),
        (Boolean(), bool),
        (Host(), str),
        (Unsaid(), bytes),
        (Awaits(), bytes),
        (Silent(), Any),
        (Of(), Any),
        (Of[int](), int),
        (OfInt(), int),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Field) else repr(value),
)
def test_a_field_knows_its_type(field, tp):
    assert field.value_type() == tp


class Req(Request):
    size = QueryParameter(int, default=1)
    name = StringQueryParameter(default="")


def test_both_types_are_named():
    with pytest.raises(TypeError) as caught:

        @expect(Req)
        @render_json
        async def show(size: bytes, name: str) -> None: ...

    assert str(caught.value).endswith("show': the handler takes 'size' as bytes, the request has it as int")
    assert str(caught.value).startswith("@expect(Req) on 'test_both_types_are_named.")


def test_an_annotation_in_quotes_is_read_and_one_that_cannot_be_is_passed_over():
    with pytest.raises(TypeError, match="takes 'name' as UUID, the request has it as str"):

        @expect(Req)
        async def show(size: "Nowhere", name: "uuid.UUID") -> None: ...  # noqa: F821

    @expect(Req)
    async def other(size: "Nowhere", name) -> None: ...  # noqa: F821


def test_what_a_decorator_makes_of_the_arguments_is_its_own_business():
    import functools

    def reading_hex(handler):
        @functools.wraps(handler)
        async def read(size: int, name: str) -> None:
            return await handler(size=size.to_bytes(), name=name)

        return read

    @expect(Req)
    @reading_hex
    async def show(size: bytes, name: str) -> None: ...


def test_the_whole_request_is_compared_too():
    with pytest.raises(TypeError, match=r"the handler takes 'r' as str, not as Req"):

        @expect(Req, whole=True)
        async def show(r: str) -> None: ...

    @expect(Req, whole=True)
    async def other(r: Request) -> None: ...
