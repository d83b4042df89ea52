"""What type checkers refuse of fields and handlers."""

from datetime import date

from aiohttp import web

from ponty import (
    BodyStream,
    Cookie,
    Header,
    JsonBody,
    ParsedForm,
    ParsedJsonBody,
    PosIntQueryParameter,
    QueryParameter,
    Request,
    RouteParameter,
    StringQueryParameter,
    StringRouteParameter,
    Upload,
    ValidatedJsonBody,
    expect,
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


@expect(Req, mime="text/plain")  # E
async def misspelt(name: str) -> web.Response:
    return web.Response()
