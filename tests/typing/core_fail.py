"""What type checkers refuse of the core."""

from aiohttp import web

from ponty import PontyError, Routes, build_app, get, http_client_provider, raise_status, render_json, retry, startmeup

PontyError("text")  # E
PontyError(txet="text")  # E
startmeup()  # E
startmeup(8080)  # E
retry(ConnectionError, retries=3)  # E
http_client_provider(timeout="5")  # E


Routes(prefix=1)  # E
Routes("/v1", middleware=[])  # E
Routes().include("/v1")  # E
build_app(routes=[web.RouteTableDef()])  # E


@Routes().get("/", max_size="1 MB")  # E
async def misjudged(request: web.Request) -> web.Response:
    return web.Response()


@Routes().get("/", raises=[KeyError])  # E
async def misraised(request: web.Request) -> web.Response:
    return web.Response()


@get("/", nmae="x")  # E
async def misspelt(request: web.Request) -> web.Response:
    return web.Response()


@get("/")  # E
async def no_answer(request: web.Request) -> str:
    return ""


@render_json  # E
def plain() -> str:
    return ""


@retry(ConnectionError)
def fetch(url: str) -> bytes:
    return url.encode()


fetch(1)  # E


def stop() -> None:
    raise_status("404")  # E
