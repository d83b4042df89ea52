"""What type checkers refuse of fields and handlers."""

from datetime import date
from ipaddress import IPv4Address

import msgspec
from aiohttp import web

from ponty import (
    UNSET,
    Alias,
    ApiKey,
    BearerToken,
    BodyStream,
    Cookie,
    Field,
    Header,
    JsonBody,
    ParsedForm,
    ParsedJsonBody,
    ParsedQuery,
    PosIntQueryParameter,
    Provided,
    QueryParameter,
    Request,
    RouteParameter,
    Scoped,
    Socket,
    StringQueryParameter,
    StringRouteParameter,
    UnsetType,
    Upload,
    ValidatedJsonBody,
    accept_socket,
    expect,
    get,
    render_json,
)

PosIntQueryParameter(default="x")  # E
PosIntQueryParameter()  # E
PosIntQueryParameter(required=True, default=1)  # E
PosIntQueryParameter(1)  # E
StringQueryParameter(default=1)  # E
StringQueryParameter(values=("a",))  # E
QueryParameter(default=1)  # E
RouteParameter(pattern=1)  # E
QueryParameter(int)  # E
QueryParameter(int, required=True, default=1)  # E
QueryParameter(int, cast_func=int, default=1)  # E
QueryParameter(list[int], default=[], style="pipe")  # E
RouteParameter(int, pattern="a")  # E
RouteParameter()  # E
Header(int, key="X")  # E
Header(int, default=1)  # E
Cookie(int, name="x")  # E
Cookie(int, default=1)  # E
Header(default="")  # E
Cookie()  # E
Header(key="X", default=1)  # E
ValidatedJsonBody()  # E
ValidatedJsonBody(filepath="schema.json", schema={})  # E
ValidatedJsonBody({})  # E
ParsedJsonBody()  # E
ParsedJsonBody(int, schema={})  # E
ParsedForm()  # E
ParsedForm(int, max_size="1")  # E
BodyStream()  # E
Upload()  # E


def imports() -> None:
    from ponty import typo  # noqa: F401 # E


BearerToken(required=None)  # E
BearerToken("shop")  # E
ApiKey("X-Key")  # E
ApiKey(header=1)  # E
Provided("STORE")  # E
Scoped(1)  # E
Scoped(lambda request: 1)  # E
ParsedQuery()  # E
ParsedQuery({})  # E


class Upper(Field[str]):
    def extract(self, request: web.Request, *, name: str) -> int:  # E
        return 1


Upper(name="ann")  # E


class Req(Request):
    name = StringRouteParameter()
    size = QueryParameter(int, default=1)
    days = QueryParameter(list[date], default=[])
    json = JsonBody()
    numbers = ParsedJsonBody(list[int])


async def reads(r: Req) -> None:
    number: int = r.name  # E
    size: str = r.size  # E
    days: list[str] = r.days  # E
    r.nmae  # E
    r.json["name"]  # E
    text: str = r.json  # E
    r.numbers.append("x")  # E


@expect(Req, whole=True)  # E
@render_json
async def other(r: str) -> None: ...


@expect(str)  # E
async def no_request() -> None: ...


@expect(Req, others="warn")  # E
async def other_word(name: str) -> web.Response:
    return web.Response()


@expect(Req, mime="text/plain")  # E
async def misspelt(name: str) -> web.Response:
    return web.Response()


class Address(msgspec.Struct):
    street: str
    code: str | UnsetType = UNSET


class Classes(Request):
    address = ParsedJsonBody(Address)
    host = QueryParameter(IPv4Address, required=True)


@get("/classes")
@expect(Classes, whole=True)
@render_json(Address)
async def classes(r: Classes) -> Address:
    number: int = r.address  # E
    code: str = r.address.code  # E
    host: str = r.host  # E
    return r.host  # E


Alias(5)  # E
Alias()  # E


@accept_socket(int, str)  # E
async def no_socket() -> None: ...


@accept_socket(int, str)  # E
async def other_socket(socket: Socket[str, str], request: web.Request) -> None: ...


@accept_socket(int, str)
async def says_other(socket: Socket[int, str], request: web.Request) -> None:
    await socket.send(1)  # E


accept_socket(int, str, invalid="drop")  # E
