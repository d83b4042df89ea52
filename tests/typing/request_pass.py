"""What type checkers infer of fields and handlers."""

import enum
from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import dataclass
from datetime import date, datetime
from ipaddress import IPv4Address, IPv6Network
from typing import Annotated, Literal, NewType, assert_type
from uuid import UUID

import attrs
import msgspec
from aiohttp import web

from ponty import (
    UNSET,
    AIOHttpReq,
    Alias,
    Annotation,
    ApiKey,
    BasicCredentials,
    BearerToken,
    BodyStream,
    ContentLength,
    ContentType,
    Cookie,
    Credentials,
    Field,
    Header,
    Json,
    JsonBody,
    LastEventId,
    ParsedForm,
    ParsedJsonBody,
    ParsedQuery,
    PosIntQueryParameter,
    PosIntRouteParameter,
    Provided,
    QueryParameter,
    Request,
    RouteParameter,
    Scoped,
    Socket,
    StringQueryParameter,
    StringRouteParameter,
    TextBody,
    UnsetType,
    Upload,
    ValidatedJsonBody,
    accept_socket,
    build_app,
    dataclass_to_jsonschema,
    expect,
    get,
    render_events,
    render_json,
    websocket,
)


class Day(RouteParameter[date]):
    def __init__(self) -> None:
        super().__init__(pattern=r"\d{4}-\d\d-\d\d", cast_func=date.fromisoformat)


class Boolean(QueryParameter[bool]):
    def __init__(self, *, default: bool) -> None:
        super().__init__(default=default, cast_func={"yes": True, "no": False}.__getitem__)


class Host(Field[str]):
    def extract(self, request: web.Request) -> str:
        return request.host


class Later(Field[bytes]):
    async def extract(self, request: web.Request) -> bytes:
        return await request.read()


@dataclass
class Person:
    name: Annotated[str, Annotation(minLength=1)]


class Req(Request):
    name = StringRouteParameter()
    id = PosIntRouteParameter()
    code = RouteParameter(pattern="[a-z]+")
    day = Day()
    size = PosIntQueryParameter(default=1)
    page = PosIntQueryParameter(required=True)
    limit = PosIntQueryParameter(default=None)
    word = StringQueryParameter(default="")
    order = StringQueryParameter(required=True, values=("up", "down"))
    filter = StringQueryParameter(default=None)
    since = QueryParameter(required=True, cast_func=date.fromisoformat)
    until = QueryParameter(default=None, cast_func=date.fromisoformat)
    loud = Boolean(default=False)
    agent = Header(key="User-Agent")
    maybe = Header(key="X-Maybe", default=None)
    length = ContentLength(required=True)
    type = ContentType(default="text/plain")
    session = Cookie(name="session", required=True, errorcode=401)
    theme = Cookie(name="theme", default=None)
    raw = AIOHttpReq()
    host = Host()
    body = Later()
    text = TextBody()
    json = JsonBody()
    validated = ValidatedJsonBody(schema={"type": "object"})
    filed = ValidatedJsonBody(filepath="schema.json")
    person = ParsedJsonBody(Person)
    people = ParsedJsonBody(list[Person], filepath="schema.json")
    either = ParsedJsonBody[Person | list[Person]](Person | list[Person])


assert_type(Req.name, str)
assert_type(Req.id, str)
assert_type(f"/hello/{Req.name}", str)
assert_type(Req.agent, Header[str])
assert_type(Req.text, TextBody)


class Shared(Request):
    token = BearerToken()


class ByToken(Field[str]):
    def extract(self, request: web.Request, *, token: str) -> str:
        return token


class OfToken(Shared):
    user = ByToken(token=Shared.token)


@get("/whole")
@expect(Req, whole=True)
@render_json
async def whole(r: Req) -> None:
    assert_type(r.name, str)
    assert_type(r.id, int)
    assert_type(r.code, str)
    assert_type(r.day, date)
    assert_type(r.size, int)
    assert_type(r.page, int)
    assert_type(r.limit, int | None)
    assert_type(r.word, str)
    assert_type(r.order, str)
    assert_type(r.filter, str | None)
    assert_type(r.since, date)
    assert_type(r.until, date | None)
    assert_type(r.loud, bool)
    assert_type(r.agent, str)
    assert_type(r.maybe, str | None)
    assert_type(r.length, str)
    assert_type(r.type, str)
    assert_type(r.session, str)
    assert_type(r.theme, str | None)
    assert_type(r.raw, web.Request)
    assert_type(r.host, str)
    assert_type(r.body, bytes)
    assert_type(r.text, str)
    assert_type(r.json, Json)
    assert_type(r.validated, Json)
    assert_type(r.filed, Json)
    assert_type(r.person, Person)
    assert_type(r.people, list[Person])
    assert_type(r.either, Person | list[Person])
    if isinstance(r.json, dict):
        inner: Json = r.json["name"]
        print(inner)


schema: dict[str, object] = dataclass_to_jsonschema(Person)


@get("/alone", name="alone")
@expect(Req, mimetype="text/plain")
async def alone(name: str, page: int) -> web.Response:
    return web.Response(text=name * page)


@dataclass
class SignUp:
    name: str
    photo: Upload | None = None


class FormReq(Request):
    form = ParsedForm(SignUp, max_size=10_000_000, max_file_size=1_000_000, max_parts=10)


class StreamReq(Request):
    stream = BodyStream(max_size=10_000_000)


async def forms(form: FormReq, stream: StreamReq) -> None:
    assert_type(form.form, SignUp)
    assert_type(stream.stream, AsyncIterator[bytes])
    upload = Upload("a.png", b"", content_type="image/png")
    assert_type(upload.filename, str)
    assert_type(upload.content_type, str)
    assert_type(upload.size, int)
    assert_type(await upload.read(), bytes)
    assert_type([chunk async for chunk in upload.chunks(1000)], list[bytes])
    await upload.save("a.png")


async def call_both(request: web.Request) -> None:
    assert_type(await whole(request), web.Response)
    assert_type(await alone(request), web.Response)


async def a_test_of_the_handler() -> None:
    assert_type(Req(name="ann").name, str)


class Colour(enum.Enum):
    RED = "red"


UserId = NewType("UserId", int)


class Typed(Request):
    flag = QueryParameter(bool, default=False)
    number = QueryParameter(int, required=True)
    maybe = QueryParameter(int, default=None)
    day = QueryParameter(date, default=date(2026, 2, 28))
    colour = QueryParameter(Colour, default=Colour.RED)
    user = QueryParameter[UserId](UserId, required=True)
    order = QueryParameter[Literal["up", "down"]](Literal["up", "down"], required=True)
    few = QueryParameter(Annotated[int, Annotation(maximum=9)], default=3)
    some = QueryParameter[int](Annotated[int, Annotation(maximum=9)], required=True)
    tags = QueryParameter(list[str], default=[])
    days = QueryParameter(set[date], required=True, style="comma")
    sizes = QueryParameter(tuple[int, ...], default=None)
    part = RouteParameter(str)
    item = RouteParameter(UUID)
    kind = RouteParameter[Literal["a", "b"]](Literal["a", "b"])
    attempt = Header(int, key="X-Attempt", default=1)
    trace = Header(UUID, key="X-Trace", required=True)
    since = Header(datetime, key="X-Since", default=None)
    visits = Cookie(int, name="visits", default=0)
    beta = Cookie(bool, name="beta", required=True, errorcode=401)


assert_type(Typed.item, str)


@get("/typed")
@expect(Typed, whole=True)
@render_json
async def typed(r: Typed) -> None:
    assert_type(r.flag, bool)
    assert_type(r.number, int)
    assert_type(r.maybe, int | None)
    assert_type(r.day, date)
    assert_type(r.colour, Colour)
    assert_type(r.user, UserId)
    assert_type(r.order, Literal["up", "down"])
    assert_type(r.few, int)
    assert_type(r.some, int)
    assert_type(r.tags, list[str])
    assert_type(r.days, set[date])
    assert_type(r.sizes, tuple[int, ...] | None)
    assert_type(r.part, str)
    assert_type(r.item, UUID)
    assert_type(r.kind, Literal["a", "b"])
    assert_type(r.attempt, int)
    assert_type(r.trace, UUID)
    assert_type(r.since, datetime | None)
    assert_type(r.visits, int)
    assert_type(r.beta, bool)


class Greeting(Field[str]):
    guard = True

    async def extract(self, request: web.Request, *, token: str, store: dict[str, str]) -> str:
        return store[token]


class Named(Field[int]):
    def __init__(self, *, name: Field[str]) -> None:
        super().__init__(name=name)

    def extract(self, request: web.Request, *, name: str) -> int:
        return len(name)


STORE = web.AppKey("STORE", dict[str, str])


async def transaction(request: web.Request) -> AsyncIterator[int]:
    yield 1


async def of_tenant(request: web.Request, *, tenant: str) -> AsyncGenerator[bytes]:
    yield tenant.encode()


class Guarded(Request):
    token = BearerToken()
    maybe = BearerToken(required=False, realm="shop")
    key = ApiKey(header="X-Key")
    other_key = ApiKey(cookie="key", required=False)
    basic = BasicCredentials()
    other_basic = BasicCredentials(required=False)
    store = Provided(STORE)
    greeting = Greeting(token=BearerToken(), store=Provided(STORE))
    length = Named(name=StringQueryParameter(required=True))
    db = Scoped(transaction)
    tenant = Scoped(of_tenant, tenant=Header(key="X-Tenant"))
    query = ParsedQuery(Person)


@get("/guarded")
@expect(Guarded, whole=True, others="refuse")
@render_json
async def guarded(r: Guarded) -> None:
    assert_type(r.token, str)
    assert_type(r.maybe, str | None)
    assert_type(r.key, str)
    assert_type(r.other_key, str | None)
    assert_type(r.basic, Credentials)
    assert_type(r.other_basic, Credentials | None)
    assert_type(r.store, dict[str, str])
    assert_type(r.greeting, str)
    assert_type(r.length, int)
    assert_type(r.db, int)
    assert_type(r.tenant, bytes)
    assert_type(r.query, Person)


app: web.Application = build_app(fields={BearerToken: "abc", Guarded.store: {}})


class Address(msgspec.Struct, rename="camel"):
    street_name: str
    zip_code: str | UnsetType = UNSET


@attrs.define
class Jar:
    number: int
    _code: str = ""


@dataclass
class Flight:
    origin: Annotated[str, Alias("from")]
    note: str | UnsetType | None = UNSET

    class JsonSchema:
        rename = "camel"


class Classes(Request):
    address = ParsedJsonBody(Address)
    addresses = ParsedJsonBody(list[Address])
    flight = ParsedJsonBody(Flight)
    jar = ParsedForm(Jar)
    query = ParsedQuery(Address)
    host = QueryParameter(IPv4Address, required=True)
    networks = QueryParameter(list[IPv6Network], default=[])


@get("/classes")
@expect(Classes, whole=True)
@render_json(Address)
async def classes(r: Classes) -> Address:
    assert_type(r.address, Address)
    assert_type(r.addresses, list[Address])
    assert_type(r.flight.origin, str)
    assert_type(r.jar, Jar)
    assert_type(r.query.zip_code, str | UnsetType)
    assert_type(r.host, IPv4Address)
    assert_type(r.networks, list[IPv6Network])
    if r.flight.note is not UNSET and r.flight.note is not None:
        assert_type(r.flight.note, str)
    return r.address


schema_of_a_struct: dict[str, object] = dataclass_to_jsonschema(Address)


class Follow(Request):
    last = LastEventId(int)
    text = LastEventId()


def follows(r: Follow) -> None:
    assert_type(r.last, int | None)
    assert_type(r.text, str | None)


@get("/events")
@expect(Follow)
@render_events(int)
async def events(last: int | None, text: str | None) -> AsyncIterator[int]:
    yield last or 0


@websocket("/echo")
@accept_socket(int, str)
async def echo(socket: Socket[int, str], request: web.Request) -> None:
    async for number in socket:
        assert_type(number, int)
        await socket.send(str(number))


@websocket("/follow")
@expect(Follow)
@accept_socket(int, str, origins=["https://a.example"], rate=None)
async def follow(socket: Socket[int, str], last: int | None, text: str | None) -> None:
    socket.close(1000, "enough")
