"""What type checkers infer of the core."""

from collections.abc import AsyncIterator, Iterator
from typing import NoReturn, assert_type

import aiohttp
from aiohttp import web
from aiohttp.typedefs import Handler

from ponty import (
    DoesNotExist,
    Fault,
    PontyError,
    Provider,
    Route,
    Routes,
    ValidationError,
    build_app,
    delete,
    get,
    http_client_provider,
    lease_http_client,
    patch,
    post,
    put,
    raise_status,
    render_json,
    retry,
    route,
    route_iter,
    routes,
    startmeup,
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
    assert_type(build_app(routes=table), web.Application)
