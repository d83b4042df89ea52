"""What type checkers infer of the core."""

import dataclasses
import logging
import socket
from collections.abc import AsyncIterator, Iterator
from typing import NoReturn, TypedDict, assert_type

import aiohttp
import msgspec
from aiohttp import web
from aiohttp.typedefs import Handler

from ponty import (
    DoesNotExist,
    Envelope,
    ErrorAnswer,
    Event,
    Fault,
    Hub,
    PontyError,
    Provider,
    Reply,
    Route,
    Routes,
    ValidationError,
    answer_drift,
    build_app,
    cors,
    current_request_id,
    delete,
    encode_as,
    encode_json,
    etag_matches,
    etag_of,
    get,
    health,
    http_client_provider,
    json_logs,
    json_response,
    lease_http_client,
    patch,
    post,
    put,
    raise_status,
    render_csv,
    render_events,
    render_json,
    render_lines,
    request_ids,
    retry,
    route,
    route_iter,
    routes,
    security_headers,
    startmeup,
    trusted_proxies,
    websocket,
    when_stopping,
)


class Teapot(PontyError):
    status_code = 418


async def database(app: web.Application) -> AsyncIterator[None]:
    yield


provider: Provider = database


@route("REPORT", "/", name="report")
@get("/")
@post("/")
@put("/")
@delete("/")
@patch("/")
async def handler(request: web.Request) -> web.Response:
    if request.can_read_body:
        raise DoesNotExist(text="no such thing", headers={"X": "y"})
    if request.query:
        raise ValidationError(faults=[Fault("query", "page", "is required")])
    async with lease_http_client() as session:
        assert_type(session, aiohttp.ClientSession)
    return web.Response()


async def uncached(request: web.Request, handler: Handler) -> web.StreamResponse:
    return await handler(request)


table = Routes("/v1", tags=["v1"], middlewares=[uncached])


@table.route("REPORT", "", name="report")
@table.get("/")
@table.post("/", max_size=10, summary="Do it.", description="At length.", tags=("a",), raises=[Teapot, PontyError])
@table.put("/", deprecated=True, hidden=True, operation_id="do")
@table.delete("/")
@table.patch("/")
async def tabled(request: web.Request) -> web.Response:
    return web.Response()


routes.include(table, prefix="/api")


@render_json
async def value(a: int, *, b: str) -> dict[str, int]:
    return {b: a}


@retry(ConnectionError, OSError, max_retries=3)
def fetch(url: str) -> bytes:
    return url.encode()


@retry(ConnectionError, t1_ms=0.5, backoff_factor=2, anticollision=True)
async def fetch_later(url: str) -> bytes:
    return url.encode()


async def use(request: web.Request) -> None:
    assert_type(await handler(request), web.Response)
    assert_type(await tabled(request), web.Response)
    assert_type(list(table), list[Route])
    with routes.emptied() as emptied:
        assert_type(emptied, Routes)
    assert_type(await value(1, b="x"), web.Response)
    assert_type(fetch("x"), bytes)
    assert_type(await fetch_later("x"), bytes)
    assert_type(route_iter(), Iterator[tuple[str, str]])
    assert_type(route_iter(table, routes), Iterator[tuple[str, str]])


def stop() -> NoReturn:
    raise_status(302, location="/there", headers={"X": "y"})


def serve() -> None:
    assert_type(build_app(providers=[provider, http_client_provider(timeout=3, trust_env=True)]), web.Application)
    startmeup(port=8080, providers=(provider,), route_tables=[web.RouteTableDef()])
    startmeup(port=8080, routes=[table, routes])
    startmeup(path="ponty.sock", routes=table, middlewares=[], shutdown_timeout=5, access_log=None)
    startmeup(sock=socket.socket(), client_max_size=0, limits=None)
    assert_type(build_app(routes=table), web.Application)


async def ping(app: web.Application) -> None:
    assert_type(current_request_id(), str | None)


def operate() -> None:
    http_client_provider(timeout=aiohttp.ClientTimeout(total=3), lease_timeout=None)
    middlewares = [
        trusted_proxies("127.0.0.1", header="Forwarded", hops=1),
        request_ids(trusted=["10.0.0.0/8"]),
        cors("*"),
        cors(lambda origin: origin.endswith(".shop.example"), headers="*", expose=["ETag"], credentials=True),
        security_headers(headers={"Cache-Control": None}),
    ]
    build_app(middlewares=middlewares, routes=[health(ping, time_limit=1, prefix="/_")])
    assert_type(json_logs(level="WARNING"), logging.Handler)


@dataclasses.dataclass
class Mug:
    id: int


class FullMug(Mug):
    secret: str = ""


class MugDict(TypedDict):
    id: int


class MugStruct(msgspec.Struct):
    id: int


@render_json(Mug, status=201, etag=True)
async def a_mug(a: int, *, b: str) -> Mug:
    return Mug(a)


@render_json(Mug)
async def a_wider_mug(request: web.Request) -> FullMug:
    return FullMug(1)


@render_json(Mug)
async def a_reply(request: web.Request) -> Reply[Mug]:
    return Reply(FullMug(1), status=201, headers={"Location": "/"}, cookies={"a": "b"})


@render_json(Mug)
async def either(request: web.Request) -> Mug | Reply[Mug]:
    return Mug(1)


@render_json(list[Mug], envelope=False)
async def mugs(request: web.Request) -> list[Mug]:
    return [Mug(1)]


@render_json(dict[str, Mug])
async def mugs_by_name(request: web.Request) -> Reply[dict[str, Mug]]:
    return Reply({"a": Mug(1)})


@render_json(MugDict)
async def a_dict(request: web.Request) -> MugDict:
    return {"id": 1}


@render_json(MugStruct)
async def a_struct(request: web.Request) -> MugStruct:
    return MugStruct(1)


@render_json(Mug | None)
async def perhaps(request: web.Request) -> Mug | None:
    return None


@render_json(status=204)
async def nothing(request: web.Request) -> None:
    return None


@render_json(status=202)
async def whatever(request: web.Request) -> int:
    return 1


def an_envelope(data: object, elapsed: int, now: int) -> object:
    return {"result": data}


def an_answer(request: web.Request, error: KeyError) -> web.Response:
    return json_response({"error": str(error)}, status=404, headers={"X": "y"})


async def a_late_answer(request: web.Request, error: ValidationError) -> web.StreamResponse:
    return web.Response(text=" ".join(fault.code for fault in error.faults))


class NotEnough(PontyError):
    status_code = 409
    type = "https://mugs.example/not-enough"
    title = "Not enough"


async def use_answers(request: web.Request) -> None:
    assert_type(await a_mug(1, b="x"), web.Response)
    assert_type(await a_reply(request), web.Response)
    assert_type(await perhaps(request), web.Response)
    assert_type(Reply(1).value, int)
    assert_type(encode_json({"a": 1}), bytes)
    assert_type(etag_of(Mug(1), Mug), str)
    assert_type(etag_matches("*", '"a"', weak=True), bool)
    assert_type(answer_drift(), dict[str, int])
    envelope: Envelope = an_envelope
    answer: ErrorAnswer = an_answer
    errors: dict[type[Exception], ErrorAnswer] = {KeyError: answer, LookupError: 404}
    build_app(envelope=False)
    build_app(envelope=envelope, errors=errors, answer_invalid=a_late_answer, check_returns="raise")
    if request.query:
        raise NotEnough(detail="three are left", members={"left": 3}, instance="/orders/7")


@dataclasses.dataclass
class Row:
    number: int


@get("/events")
@render_events
async def bare_events(request: web.Request) -> AsyncIterator[Event[int] | str]:
    yield Event(1, event="a", id="b", retry_ms=3)
    yield "text"


@get("/events")
@render_events(Row, heartbeat=None, last=Event(Row(0)))
async def typed_events(request: web.Request) -> AsyncIterator[Event[Row]]:
    yield Event(Row(1))


@get("/events")
@render_events(Row)
async def plain_events(request: web.Request) -> AsyncIterator[Row]:
    yield Row(1)


@get("/lines")
@render_lines(Row)
async def lines(request: web.Request) -> AsyncIterator[Row]:
    yield Row(1)


@get("/csv")
@render_csv(Row, columns=["number"], filename="rows.csv")
async def rows(request: web.Request) -> AsyncIterator[Row]:
    yield Row(1)


@get("/array")
@render_json(list[Row])
async def array(request: web.Request) -> AsyncIterator[Row]:
    yield Row(1)


@get("/array")
@render_json
async def bare_array(request: web.Request) -> AsyncIterator[Row]:
    yield Row(1)


@get("/array")
@render_json(envelope=False)
async def array_alone(request: web.Request) -> AsyncIterator[Row]:
    yield Row(1)


@get("/list")
@render_json(list[Row])
async def whole_list(request: web.Request) -> list[Row]:
    return [Row(1)]


hub: Hub[Row] = Hub()


@websocket("/bare")
async def bare_socket(request: web.Request) -> web.WebSocketResponse:
    socket = web.WebSocketResponse()
    await socket.prepare(request)
    forget = when_stopping(request, lambda: None)
    async with hub.subscribe() as heard:
        async for row in heard:
            assert_type(row, Row)
    forget()
    assert_type(encode_as(Row, Row(1)), bytes)
    return socket
