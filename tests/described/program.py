"""A program with every field and every kind of answer, for tools that test a program by its description."""

import argparse
import dataclasses
import datetime
import decimal
import enum
import uuid
from collections.abc import AsyncIterator
from typing import Annotated, Literal, TypedDict

import msgspec
from aiohttp import web

from ponty import (
    AIOHttpReq,
    Annotation,
    ApiKey,
    BasicCredentials,
    BearerToken,
    BodyStream,
    Cookie,
    Credentials,
    Description,
    DoesNotExist,
    Field,
    Header,
    IfMatch,
    InvalidField,
    Json,
    JsonBody,
    ParsedForm,
    ParsedJsonBody,
    ParsedQuery,
    PontyError,
    PosIntQueryParameter,
    PosIntRouteParameter,
    Precondition,
    Provided,
    QueryParameter,
    Reply,
    Request,
    RouteParameter,
    Routes,
    Scoped,
    StringQueryParameter,
    StringRouteParameter,
    TextBody,
    Upload,
    ValidatedJsonBody,
    api_docs,
    build_app,
    etag_of,
    expect,
    json_response,
    openapi,
    render_json,
    serve,
)

ALL = Routes(tags=["all"])
"""Every route."""

NAMES = {"title": "Everything", "version": "1.0.0"}
TOKEN, KEY, USER, PASSWORD = "good-token", "good-key", "ann", "good-password"


class Colour(enum.Enum):
    RED = "red"
    DARK_BLUE = "dark blue"


class Level(enum.IntEnum):
    LOW = 1
    HIGH = 2


@dataclasses.dataclass
class Handle:
    side: Literal["left", "right"]
    length: Annotated[float, Annotation(exclusiveMinimum=0, maximum=100)] = 8


@dataclasses.dataclass
class Mug:
    """A mug, with a value of each kind."""

    id: uuid.UUID
    colour: Colour
    level: Level
    name: Annotated[str, Annotation(minLength=1, maxLength=40)]
    price: decimal.Decimal
    made: datetime.date
    washed: datetime.datetime | None = None
    handle: Handle | None = None
    tags: set[str] = dataclasses.field(default_factory=set)
    size: tuple[int, int] = (8, 9)
    attributes: dict[str, int] = dataclasses.field(default_factory=dict)
    parts: "list[Mug]" = dataclasses.field(default_factory=list)


class Cat(msgspec.Struct, tag=True):
    lives: Annotated[int, Annotation(minimum=0, maximum=9)]


class Dog(msgspec.Struct, tag=True, rename="camel"):
    is_good: bool = True


class Seen(TypedDict):
    what: str
    how: dict[str, str]


class SoldOut(PontyError):
    """The last one is gone."""

    status_code = 410
    type = "https://mugs.example/problems/sold-out"
    title = "Sold out"


class Forbidden(PontyError):
    """The client is not who may do this."""

    status_code = 401


def seen(what: str, **values: object) -> Seen:
    return {"what": what, "how": {name: repr(value) for name, value in values.items()}}


class InPath(Request):
    word = StringRouteParameter()
    number = PosIntRouteParameter()
    colour = RouteParameter(Colour)
    day = RouteParameter(datetime.date)
    id = RouteParameter(uuid.UUID)
    any = RouteParameter(str)
    own = RouteParameter(pattern="[0-9a-f]{6}", cast_func=str.upper)


@ALL.get("/path/" + "/".join(f"{getattr(InPath, name)}" for name in InPath.__fields__))
@expect(InPath, whole=True)
@render_json(Seen)
async def in_path(taken: InPath) -> Seen:
    return seen("path", **vars(taken))


class InQuery(Request):
    flag = QueryParameter(bool, default=False)
    number = QueryParameter(Annotated[int, Annotation(minimum=-5, maximum=500)], required=True)
    fraction = QueryParameter(float, default=0.5)
    price = QueryParameter(decimal.Decimal, default=None)
    when = QueryParameter(datetime.datetime, default=None)
    time = QueryParameter(datetime.time, default=None)
    span = QueryParameter(datetime.timedelta, default=None)
    colours = QueryParameter(list[Colour], key="colour", default=[])
    ids = QueryParameter(Annotated[list[int], Annotation(maxItems=5)], default=[], style="comma")
    text = QueryParameter(Annotated[str, Annotation(minLength=2)], default="xx")
    order = StringQueryParameter(default="up", values=["up", "down"])
    page = PosIntQueryParameter(default=1)


@ALL.get("/query")
@expect(InQuery, whole=True, others="refuse")
@render_json(Seen)
async def in_query(taken: InQuery) -> Seen:
    return seen("query", **vars(taken))


@dataclasses.dataclass
class Filter:
    since: datetime.date
    tags: list[str] = dataclasses.field(default_factory=list)
    limit: Annotated[int, Annotation(minimum=1, maximum=100)] = 20


class WholeQuery(Request):
    filter = ParsedQuery(Filter)


@ALL.get("/whole-query")
@expect(WholeQuery)
@render_json(Seen, envelope=False)
async def whole_query(filter: Filter) -> Seen:
    return seen("whole query", filter=filter)


class InHeaders(Request):
    dry_run = Header(bool, key="X-Dry-Run", default=False)
    level = Header(Level, key="X-Level", required=True)
    session = Cookie(int, name="session", required=True)
    theme = Cookie(name="theme", default="light")


@ALL.get("/headers")
@expect(InHeaders, whole=True)
@render_json(Seen)
async def in_headers(taken: InHeaders) -> Seen:
    return seen("headers", **vars(taken))


class NewMug(Request):
    mug = ParsedJsonBody(Mug)


MUGS: dict[uuid.UUID, Mug] = {}


@ALL.post("/mugs")
@expect(NewMug)
@render_json(Mug, status=201)
async def make_mug(mug: Mug) -> Reply[Mug]:
    """Make a mug.

    Its *identifier* is the client's to choose.
    """
    MUGS[mug.id] = mug
    return Reply(mug, headers={"Location": f"/mugs/{mug.id}"})


class OneMug(Request):
    id = RouteParameter(uuid.UUID)


@ALL.get(f"/mugs/{OneMug.id}", raises=[DoesNotExist])
@expect(OneMug)
@render_json(Mug, etag=True)
async def show_mug(id: uuid.UUID) -> Mug:
    if id not in MUGS:
        raise DoesNotExist
    return MUGS[id]


class ChangeMug(OneMug):
    precondition = IfMatch()
    mug = ParsedJsonBody(Mug)


@ALL.put(f"/mugs/{ChangeMug.id}", raises=[DoesNotExist])
@expect(ChangeMug)
@render_json(Mug)
async def change_mug(id: uuid.UUID, precondition: Precondition, mug: Mug) -> Mug:
    if id not in MUGS:
        raise DoesNotExist
    precondition.check(etag_of(MUGS[id], Mug))
    MUGS[id] = dataclasses.replace(mug, id=id)
    return MUGS[id]


@ALL.delete(f"/mugs/{OneMug.id}", raises=[DoesNotExist])
@expect(OneMug)
@render_json(status=204)
async def break_mug(id: uuid.UUID) -> None:
    if MUGS.pop(id, None) is None:
        raise DoesNotExist


class NewPet(Request):
    pet = ParsedJsonBody[Cat | Dog](Cat | Dog)


@ALL.post("/pets", raises=[SoldOut])
@expect(NewPet)
@render_json(Cat | Dog)
async def new_pet(pet: Cat | Dog) -> Cat | Dog:
    if pet == Cat(0):
        raise SoldOut(detail="the ninth life is over")
    return pet


class AnyJson(Request):
    body = JsonBody()


@ALL.post("/json")
@expect(AnyJson)
@render_json(Seen)
async def any_json(body: Json) -> Seen:
    return seen("json", kind=type(body))


READING = {
    "type": "object",
    "properties": {"celsius": {"$ref": "#/definitions/degrees"}, "unit": {"const": "C"}},
    "required": ["celsius"],
    "definitions": {"degrees": {"type": "number", "minimum": -273.15}},
}


class Reading(Request):
    reading = ValidatedJsonBody(schema=READING)


@ALL.post("/readings")
@expect(Reading, mimetype="application/senml+json")
@render_json(Seen)
async def add_reading(reading: Json) -> Seen:
    return seen("reading", kind=type(reading))


class Text(Request):
    text = TextBody()


@ALL.post("/text")
@expect(Text, mimetype="text/plain")
@render_json(Seen)
async def text(text: str) -> Seen:
    return seen("text", length=len(text))


class Stream(Request):
    body = BodyStream(max_size=100_000)


@ALL.put("/stream")
@expect(Stream, mimetype="application/octet-stream")
@render_json(int)
async def stream(body: AsyncIterator[bytes]) -> int:
    return sum([len(chunk) async for chunk in body])


@dataclasses.dataclass
class Photo:
    title: Annotated[str, Annotation(minLength=1)]
    photo: Upload
    year: Annotated[int, Annotation(minimum=1900, maximum=2100)] = 2000


class NewPhoto(Request):
    form = ParsedForm(Photo)


@ALL.post("/photos")
@expect(NewPhoto)
@render_json(Seen)
async def new_photo(form: Photo) -> Seen:
    return seen("photo", size=form.photo.size)


@dataclasses.dataclass
class SignUp:
    name: Annotated[str, Annotation(minLength=1, maxLength=30)]
    age: Annotated[int, Annotation(minimum=18, maximum=150)]
    news: bool = False


class NewSignUp(Request):
    form = ParsedForm(SignUp)


@ALL.post("/sign-ups")
@expect(NewSignUp)
@render_json(SignUp, status=201, envelope=False)
async def sign_up(form: SignUp) -> SignUp:
    return form


class User(Field[str]):
    """Who a token belongs to: a guard of one's own, on another one."""

    guard = True

    def extract(self, request: web.Request, *, token: str) -> str:
        if token != TOKEN:
            raise InvalidField("must be of somebody", status=401, headers={"WWW-Authenticate": "Bearer"})
        return "ann"

    def describe(self) -> Description:
        return Description("header", "Authorization", refusals=(401,))


class Private(Request):
    user = User(token=BearerToken())


@ALL.get("/private/bearer")
@expect(Private)
@render_json(str)
async def private_bearer(user: str) -> str:
    return user


class ByKey(Request):
    key = ApiKey(header="X-Api-Key")


@ALL.get("/private/key", raises=[Forbidden])
@expect(ByKey)
@render_json(str)
async def private_key(key: str) -> str:
    if key != KEY:
        raise Forbidden(headers={"WWW-Authenticate": "ApiKey"})
    return "ann"


class ByPassword(Request):
    credentials = BasicCredentials()


@ALL.get("/private/password", raises=[Forbidden])
@expect(ByPassword)
@render_json(str)
async def private_password(credentials: Credentials) -> str:
    if credentials != Credentials(USER, PASSWORD):
        raise Forbidden(headers={"WWW-Authenticate": "Basic"})
    return credentials.username


class Optional(Request):
    token = BearerToken(required=False)


@ALL.get("/public")
@expect(Optional)
@render_json(bool)
async def public(token: str | None) -> bool:
    return token is not None


PRICES = web.AppKey("PRICES", dict[str, int])


async def prices(app: web.Application) -> AsyncIterator[None]:
    app[PRICES] = {"tea": 3}
    yield


async def opened(request: web.Request) -> AsyncIterator[int]:
    yield 7


class Inside(Request):
    request = AIOHttpReq()
    prices = Provided(PRICES)
    number = Scoped(opened)


@ALL.get("/inside", deprecated=True, summary="What no client sees")
@expect(Inside)
@render_json(dict[str, int])
async def inside(request: web.Request, prices: dict[str, int], number: int) -> dict[str, int]:
    return {**prices, "number": number}


@ALL.get("/bare/{number:[0-9]+}")
async def bare(request: web.Request) -> web.Response:
    """Answer by hand."""
    return json_response({"number": int(request.match_info["number"])})


HOOKS = Routes()


class MugBroke(Request):
    mug = ParsedJsonBody(Mug)


@HOOKS.post("/mug-broke")
@expect(MugBroke)
@render_json(status=204)
async def mug_broke(mug: Mug) -> None:
    """Tell that a mug broke."""


def document() -> dict[str, object]:
    return openapi(ALL, webhooks=[HOOKS], **NAMES)


def application() -> web.Application:
    return build_app(routes=[ALL, api_docs(ALL, webhooks=[HOOKS], **NAMES)], providers=[prices])


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--port", type=int, default=8080)
    serve(application(), port=arguments.parse_args().port)
