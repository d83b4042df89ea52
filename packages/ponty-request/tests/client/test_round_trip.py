"""What a field sends is read by it as the same value, over a socket; what cannot be sent is refused before."""

import asyncio
import dataclasses
import datetime
import decimal
import enum
import ipaddress
import math
import typing
import uuid
from collections.abc import AsyncIterator
from typing import Annotated, Any, Literal

import aiohttp
import attrs
import msgspec
import pytest
from aiohttp.test_utils import TestServer
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ponty.core import Routes, build_app
from ponty.request import (
    UNSET,
    Alias,
    Annotation,
    ApiKey,
    BasicCredentials,
    BearerToken,
    BodyStream,
    Cookie,
    Credentials,
    Endpoint,
    Header,
    IfMatch,
    JsonBody,
    LastEventId,
    NotSendable,
    ParsedForm,
    ParsedJsonBody,
    ParsedQuery,
    PosIntQueryParameter,
    PosIntRouteParameter,
    Precondition,
    QueryParameter,
    Request,
    RouteParameter,
    StringQueryParameter,
    StringRouteParameter,
    TextBody,
    UnsetType,
    Upload,
    ValidatedJsonBody,
    handle,
)


class Colour(enum.Enum):
    RED = "r"
    EVEN = 2
    ODD = "a,b/c %2F\n"


class Level(enum.IntEnum):
    LOW = 1
    HIGH = 2


Size = Annotated[int, Annotation(minimum=1, maximum=9)]
Word = Annotated[str, Annotation(minLength=1, pattern="^[a-z]+$")]


@dataclasses.dataclass
class Filter:
    text: str = ""
    since: datetime.date | None = None
    tags: list[str] = dataclasses.field(default_factory=list)
    limit: Annotated[int, Annotation(minimum=1), Alias("at-most")] = 20
    colour: Colour = Colour.RED


@dataclasses.dataclass
class Leaf:
    name: str
    key: uuid.UUID
    amount: decimal.Decimal
    when: datetime.datetime
    span: datetime.timedelta
    flags: frozenset[bool]
    pair: tuple[int, str]
    size: Size = 1
    home: Annotated[str | None, Alias("from")] = None


@dataclasses.dataclass
class Tree:
    leaf: Leaf
    others: list["Tree"] = dataclasses.field(default_factory=list)
    by_name: dict[str, Colour] = dataclasses.field(default_factory=dict)


class Patch(msgspec.Struct):
    name: str | UnsetType = UNSET
    note: str | UnsetType | None = UNSET


@attrs.define
class Mug:
    colour: Colour
    litres: float = 0.25


@dataclasses.dataclass
class Form:
    text: str
    number: int
    flag: bool
    many: list[str] = dataclasses.field(default_factory=list)
    note: str | None = None
    count: int | None = 7


HOSTILE = [
    *("", " ", "a b", "..", ".", "/", "//", "%", "%2F", "%252e", "..%2f", "\r\nX-Evil: 1", "\0", '"', '\\"'),
    *("a=b;c, d", "?#&=+", "é", "☃", "\U0001f600", "\x7f", "\x85", "\u2028", "\ufffd", "x" * 2000, "null", "{}"),
]
texts = st.text(st.characters(codec="utf-8"), max_size=40) | st.sampled_from(HOSTILE)
utc = st.datetimes(timezones=st.just(datetime.UTC)) | st.datetimes(
    min_value=datetime.datetime.fromisoformat("1900-01-02"),
    max_value=datetime.datetime.fromisoformat("9999-12-30"),
    timezones=st.integers(-23 * 60, 23 * 60).map(lambda m: datetime.timezone(datetime.timedelta(minutes=m))),
)
whole_days = st.timedeltas(datetime.timedelta(-99999), datetime.timedelta(99999))
decimals = st.decimals(allow_nan=False, allow_infinity=False, places=3)
floats = st.floats(allow_nan=False, allow_infinity=False)

SCALARS: list[tuple[Any, st.SearchStrategy[Any]]] = [
    (bool, st.booleans()),
    (int, st.integers()),
    (float, floats),
    (decimal.Decimal, decimals),
    (str, texts),
    (datetime.date, st.dates()),
    (datetime.datetime, utc),
    (datetime.time, st.times(timezones=st.just(datetime.UTC))),
    (datetime.timedelta, whole_days),
    (uuid.UUID, st.uuids()),
    (Colour, st.sampled_from(Colour)),
    (Level, st.sampled_from(Level)),
    (Literal["up", "down", 3], st.sampled_from(["up", "down", 3])),
    (Size, st.integers(1, 9)),
    (Word, st.text("abcxyz", min_size=1)),
    (bytes, st.binary(max_size=20)),
    (ipaddress.IPv4Address, st.ip_addresses(v=4)),
    (ipaddress.IPv6Network, st.ip_addresses(v=6).map(ipaddress.IPv6Network)),
]
LISTS: list[tuple[Any, st.SearchStrategy[Any]]] = [
    *((list[tp], st.lists(values, max_size=4)) for tp, values in SCALARS),  # type: ignore[valid-type]
    (set[int], st.sets(st.integers())),
    (tuple[str, ...], st.lists(texts, max_size=3).map(tuple)),
    (frozenset[Colour], st.frozensets(st.sampled_from(Colour))),
]
leaves = st.builds(
    Leaf,
    name=texts,
    key=st.uuids(),
    amount=decimals,
    when=utc,
    span=whole_days,
    flags=st.frozensets(st.booleans()),
    pair=st.tuples(st.integers(), texts),
    size=st.integers(1, 9),
    home=st.none() | texts,
)
trees = st.recursive(
    st.builds(Tree, leaf=leaves, by_name=st.dictionaries(texts, st.sampled_from(Colour), max_size=3)),
    lambda inner: st.builds(Tree, leaf=leaves, others=st.lists(inner, max_size=2)),
    max_leaves=4,
)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**60), 2**60) | floats | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)
forms = st.builds(
    Form,
    text=texts,
    number=st.integers(),
    flag=st.booleans(),
    many=st.lists(texts, max_size=3),
    note=st.none() | texts,
    count=st.none() | st.integers(),
)
filters = st.builds(
    Filter,
    text=texts,
    since=st.none() | st.dates(),
    tags=st.lists(texts, max_size=3),
    limit=st.integers(1, 100),
    colour=st.sampled_from(Colour),
)
credentials = st.builds(Credentials, username=texts, password=texts)

CASES: dict[str, tuple[Any, st.SearchStrategy[Any]]] = {}
"""A field, and values of it, by a name; an asterisk marks those of which some cannot be sent."""

for number, (tp, values) in enumerate(SCALARS):
    mark = "*" if tp in (str, bytes) else ""
    CASES[f"route {number} {tp}{mark}"] = (lambda tp=tp: RouteParameter(tp)), values
    CASES[f"query {number} {tp}"] = (lambda tp=tp: QueryParameter(tp, required=True)), values
    CASES[f"header {number} {tp}{'*' if tp in (str, Colour) else ''}"] = (
        (lambda tp=tp: Header(tp, key="X-Value", required=True)),
        values,
    )
    if tp in (bool, str, Colour, datetime.datetime):
        optional = st.none() | values
        CASES[f"optional query {number} {tp}"] = (lambda tp=tp: QueryParameter(tp | None, default=None)), optional
        CASES[f"cookie {number} {tp}{'*' if tp in (str, Colour) else ''}"] = (
            (lambda tp=tp: Cookie(tp, name="value", required=True)),
            values,
        )
for number, (tp, values) in enumerate(LISTS):
    mark = "*" if typing.get_args(tp)[0] in (str, bytes, Colour) else ""
    CASES[f"repeat {number} {tp}"] = (lambda tp=tp: QueryParameter(tp, default=typing.get_origin(tp)())), values
    CASES[f"comma {number} {tp}{mark}"] = (lambda tp=tp: QueryParameter(tp, required=True, style="comma")), values
CASES |= {
    "digits in a route": (PosIntRouteParameter, st.integers(min_value=0)),
    "word in a route*": (StringRouteParameter, texts | st.from_regex(r"\w+", fullmatch=True)),
    "pattern in a route*": (lambda: RouteParameter(pattern="[0-9A-F]{2,}", cast_func=str.upper), texts | st.just("AB")),
    "pattern of many segments*": (lambda: RouteParameter(pattern=".*"), texts),
    "digits in a query": (lambda: PosIntQueryParameter(required=True), st.integers(min_value=0)),
    "word in a query": (lambda: StringQueryParameter(default=""), texts),
    "legal words": (lambda: StringQueryParameter(required=True, values=("a b", "%")), st.sampled_from(["a b", "%"])),
    "odd key": (lambda: QueryParameter(str, key="a&b=c é", required=True), texts),
    "text header*": (lambda: Header(key="X-Value"), texts),
    "text cookie*": (lambda: Cookie(name="value"), texts),
    "last event id*": (lambda: LastEventId(str), st.none() | texts),
    "query": (lambda: ParsedQuery(Filter), filters),
    "text": (TextBody, texts),
    "json": (JsonBody, json_values),
    "validated json*": (lambda: ValidatedJsonBody(schema={"type": ["object", "string"]}), json_values),
    "tree": (lambda: ParsedJsonBody(Tree), trees),
    "struct": (lambda: ParsedJsonBody(Patch), st.builds(Patch, name=texts | st.just(UNSET), note=st.none() | texts)),
    "attrs": (lambda: ParsedJsonBody(Mug), st.builds(Mug, st.sampled_from(Colour), floats)),
    "list": (lambda: ParsedJsonBody(list[Leaf]), st.lists(leaves, max_size=2)),
    "union": (lambda: ParsedJsonBody(int | str), st.integers() | texts),
    "form": (lambda: ParsedForm(Form), forms),
    "bearer token*": (BearerToken, texts | st.from_regex("[A-Za-z0-9._~+/-]+=*", fullmatch=True)),
    "no token": (lambda: BearerToken(required=False), st.none()),
    "basic*": (BasicCredentials, credentials),
    "key in a header*": (lambda: ApiKey(header="X-Key"), texts),
    "key in a query*": (lambda: ApiKey(query="key"), texts),
    "key in a cookie*": (lambda: ApiKey(cookie="key"), texts),
}

table = Routes()
got: list[Any] = []
CLASSES: dict[str, type[Request]] = {}


def make_class(number: int, name: str, field: Any) -> None:
    is_route = isinstance(field, RouteParameter)
    path = f"/{number}/é/{{value}}/end" if is_route else f"/{number}"
    endpoint: Any = Endpoint("POST", path)
    cls: Any = type(f"Case{number}", (Request,), {"endpoint": endpoint, "value": field})
    CLASSES[name] = cls

    @handle(cls, table=table)
    async def answer(value: Any) -> None:
        got.append(value)


for number, (name, (make, _)) in enumerate(CASES.items()):
    make_class(number, name, make())


@pytest.fixture(scope="module")
def runner():
    """Run in one event loop, as examples are many, with a server beside."""
    with asyncio.Runner() as runner:
        app = build_app(routes=table)

        async def start():
            server = TestServer(app)
            await server.start_server()
            return server, aiohttp.ClientSession(base_url=server.make_url("/"), cookie_jar=aiohttp.DummyCookieJar())

        server, session = runner.run(start())
        runner.session = session
        yield runner
        runner.run(session.close())
        runner.run(server.close())


@pytest.mark.parametrize("name", CASES)
@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_value_arrives_as_it_was(name, data, runner):
    """Or nothing was sent, and the error names the field."""
    value = data.draw(CASES[name][1])
    got.clear()
    request = CLASSES[name](value=value)
    try:
        runner.run(request.send(runner.session))
    except NotSendable as error:
        assert (name[-1], error.field, got) == ("*", "value", [])  # noqa: PT017 - one or the other
        return
    (arrived,) = got
    assert arrived == value
    assert type(arrived) is type(value) or isinstance(value, float | int)


@dataclasses.dataclass
class Photos:
    title: str
    photo: Upload
    more: list[Upload] = dataclasses.field(default_factory=list)
    tags: set[str] = dataclasses.field(default_factory=set)


class PostPhotos(Request):
    endpoint = Endpoint("POST", "/photos")
    form = ParsedForm(Photos)


@handle(PostPhotos, table=table)
async def post_photos(form: Photos) -> None:
    got.append((form.title, form.tags, [await told(upload) for upload in (form.photo, *form.more)]))


async def told(upload: Upload) -> tuple[str, str, bytes]:
    return upload.filename, upload.content_type, await upload.read()


uploads = st.builds(
    Upload,
    st.just("me.png") | texts.map(lambda text: f"{text}.png"),
    st.binary(max_size=100) | st.just(b"\r\n--x\r\n" * 10_000),
    content_type=st.sampled_from(["image/png", "text/plain; charset=utf-8", 'a/b; c="d"']),
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(form=st.builds(Photos, title=texts, photo=uploads, more=st.lists(uploads, max_size=2), tags=st.sets(texts)))
def test_uploads_arrive_as_they_were(form, runner):
    got.clear()
    runner.run(PostPhotos(form=form).send(runner.session))
    sent = [runner.run(told(upload)) for upload in (form.photo, *form.more)]
    assert got == [(form.title, form.tags, sent)]


class PutBackup(Request):
    endpoint = Endpoint("PUT", "/backup", returns=int)
    backup = BodyStream(max_size=1000)


@handle(PutBackup, table=table)
async def put_backup(backup: AsyncIterator[bytes]) -> int:
    return sum([len(chunk) async for chunk in backup])


class PutMug(Request):
    endpoint = Endpoint("PUT", "/mug")
    precondition = IfMatch()


@handle(PutMug, table=table)
async def put_mug(precondition: Precondition) -> None:
    got.append(precondition.tags)


def test_a_stream_is_sent_as_it_is_made(runner):
    async def chunks():
        for number in range(10):
            yield b"x" * number

    assert runner.run(PutBackup(backup=chunks()).send(runner.session)) == 45
    assert runner.run(PutBackup(backup=b"x" * 1000).send(runner.session)) == 1000
    with pytest.raises(NotSendable, match="PutBackup.backup must have no more than 1000 bytes"):
        runner.run(PutBackup(backup=b"x" * 1001).send(runner.session))


def test_a_precondition_is_sent(runner):
    got.clear()
    runner.run(PutMug(precondition=Precondition('"a", W/"b"')).send(runner.session))
    assert got == ['"a", W/"b"']


NAIVE = datetime.datetime(2026, 1, 1)  # noqa: DTZ001 - what is refused
WRONG: list[tuple[Any, Any, str]] = [
    (lambda: RouteParameter(str), ".", "must not be '.' or '..': that would lead to another path"),
    (lambda: RouteParameter(str), "..", "must not be '.' or '..': that would lead to another path"),
    (lambda: RouteParameter(str), "", "must not be empty: it is a part of the path"),
    (lambda: RouteParameter(str), "\ud800", "must be a text that UTF-8 can hold, without lone surrogates"),
    (lambda: RouteParameter(int), "7", "must be an integer, in the digits 0 to 9"),
    (lambda: RouteParameter(int), True, "must be an integer, in the digits 0 to 9"),
    (lambda: RouteParameter(int), 7.0, "must be an integer, in the digits 0 to 9"),
    (PosIntRouteParameter, -1, "must be a value that its field can read from text"),
    (lambda: QueryParameter(Size, default=1), 10, "is greater than the maximum of 9"),
    (lambda: QueryParameter(float, required=True), math.nan, "must be a number, as -1.5 or 2e3"),
    (lambda: QueryParameter(bool, required=True), 1, "must be true or false"),
    (lambda: QueryParameter(str, required=True), None, "must be a text"),
    (lambda: QueryParameter(str, required=True), "\udfff", "must be a text that UTF-8 can hold"),
    (lambda: QueryParameter(datetime.datetime, required=True), NAIVE, "must be a date and time with an offset"),
    (lambda: QueryParameter(list[int], required=True), [], "must not be empty: without elements, the parameter is not"),
    (lambda: QueryParameter(list[int], required=True), (1, 2), "must be a list, each element of which is an integer"),
    (lambda: QueryParameter(list[int], required=True), ["1"], "must be a list, each element of which is an integer"),
    (lambda: QueryParameter(list[str], required=True), "ab", "must be a collection, each element of which is a text"),
    (lambda: StringQueryParameter(required=True, values=("a",)), "b", "must be one of 'a'"),
    (lambda: Header(key="X-A"), "a\r\nX-B: c", "must have no line breaks or other control characters"),
    (lambda: Header(key="X-A"), "a\0", "must have no line breaks or other control characters"),
    (lambda: Header(key="X-A"), " a", "must have no blanks around it"),
    (lambda: Header(key="X-A"), 5, "must be a text"),
    (lambda: Header(key="Host"), "evil.example", "is written as the header Host, which the client writes itself"),
    (lambda: Header(key="Content-Length"), "5", "is written as the header Content-Length, which the client"),
    (lambda: Header(key="Cookie"), "a=b", "is written as the header Cookie, which the client writes itself"),
    (lambda: Cookie(name="a=b"), "c", "is written as 'a=b', which is not a valid name of a cookie"),
    (lambda: Cookie(name="a"), "a\tb", "must have no line breaks or other control characters"),
    (lambda: Cookie(name="a"), "a\0", "must have no line breaks or other control characters"),
    (lambda: Cookie(int, name="a", required=True), "c", "must be an integer, in the digits 0 to 9"),
    (TextBody, b"bytes", "must be a str"),
    (TextBody, "\ud800", "must be a text that UTF-8 can hold, without lone surrogates"),
    (JsonBody, {1, "a", object()}, "must be a value of its type that JSON can hold"),
    (lambda: ValidatedJsonBody(schema={"required": ["a"]}), {}, "is required at /a"),
    (lambda: ParsedJsonBody(Mug), "no mug", "must be a value of its type that JSON can hold"),
    (lambda: ParsedJsonBody(Mug), Mug(Colour.RED, math.inf), "is not of type 'number' at /litres"),
    (lambda: ParsedForm(Form), Mug(Colour.RED), "must be a Form"),
    (lambda: ParsedForm(Form), Form("a", 1, True, note="\ud800"), "has a text that UTF-8 cannot hold"),
    (lambda: ParsedForm(Photos), Photos("a", Upload("", b"")), "has an Upload 'photo' without name and content"),
    (lambda: ParsedForm(Photos), Photos("a", b"no upload"), "has a member 'photo' that is not an Upload"),
    (
        lambda: ParsedForm(Photos),
        Photos("a", Upload("a", b"b", content_type="a/b\r\nX: y")),
        "has an Upload 'photo' whose content_type is not a media type",
    ),
    (lambda: ParsedQuery(Filter), Filter(limit=0), "is less than the minimum of 1 at /at-most"),
    (lambda: ParsedQuery(Filter), Filter(since="2026-01-01"), "has a member that a query cannot hold"),
    (lambda: BodyStream(max_size=5), "text", "must be bytes, or an async iterator of them"),
    (IfMatch, '"a"', "must be a Precondition, as"),
    (BearerToken, "a b", "must be a bearer token"),
    (BearerToken, None, "must be a bearer token"),
    (BasicCredentials, Credentials("a:b", "c"), "must have no control characters, and no colon in its username"),
    (BasicCredentials, Credentials("a", "c\n"), "must have no control characters, and no colon in its username"),
    (BasicCredentials, ("a", "b"), "must be Credentials"),
    (lambda: ApiKey(header="X-Key"), "", "must be a str that is not empty"),
    (lambda: ApiKey(header="X-Key"), "a\nb", "must have no line breaks or other control characters"),
]


@pytest.mark.parametrize(("make", "value", "detail"), WRONG)
def test_what_cannot_be_sent_is_refused_by_the_field(make, value, detail, runner):
    field = make()
    path = "/{value}" if isinstance(field, RouteParameter) else "/"
    cls: Any = type("Wrong", (Request,), {"endpoint": Endpoint("POST", path), "value": field})
    with pytest.raises(NotSendable) as caught:
        runner.run(cls(value=value).send(runner.session))
    assert str(caught.value).startswith(f"Wrong.value {detail}")
    assert caught.value.field == "value"
