"""What type checkers refuse of the core."""

import dataclasses
from collections.abc import AsyncIterator

from aiohttp import web

from ponty import (
    Event,
    Hub,
    PontyError,
    Reply,
    Routes,
    build_app,
    cors,
    get,
    http_client_provider,
    json_response,
    raise_status,
    render_csv,
    render_events,
    render_json,
    render_lines,
    retry,
    startmeup,
    trusted_proxies,
)

PontyError("text")  # E
PontyError(txet="text")  # E
startmeup()  # E
startmeup(8080)  # E
retry(ConnectionError, retries=3)  # E
http_client_provider(timeout="5")  # E
http_client_provider(concurrency=2.5)  # E
cors()  # E
trusted_proxies("127.0.0.1", header="X-Real-IP")  # E


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


@dataclasses.dataclass
class Mug:
    id: int


@dataclasses.dataclass
class Cup:
    id: int


@render_json(Mug)  # E
async def a_cup(request: web.Request) -> Cup:
    return Cup(1)


@render_json(Mug)  # E
async def a_reply_of_a_cup(request: web.Request) -> Reply[Cup]:
    return Reply(Cup(1))


@render_json(list[Mug])  # E
async def cups(request: web.Request) -> list[Cup]:
    return []


@render_json(list[Mug])  # E
async def one_mug(request: web.Request) -> Mug:
    return Mug(1)


@render_json(Mug)  # E
async def perhaps(request: web.Request) -> Mug | None:
    return None


@render_json(status=204)  # E
async def something(request: web.Request) -> int:
    return 1


render_json(Mug, stauts=201)  # E
Reply(1, status="201")  # E
json_response(1, headers=1)  # E
PontyError(detail=1)  # E
build_app(errors={KeyError: "404"})  # E
build_app(check_returns="log")  # E


Event()  # E
Event(1, id=7)  # E
Event(1, retry_ms="3")  # E
render_events(heartbeat="15")  # E
render_csv(formulas="drop")  # E


@render_events  # E
async def no_generator(request: web.Request) -> Event[int]:
    return Event(1)


@render_events(int)  # E
async def other_events(request: web.Request) -> AsyncIterator[Event[str]]:
    yield Event("a")


@render_lines(int)  # E
async def other_lines(request: web.Request) -> AsyncIterator[str]:
    yield "a"


@render_json(list[int])  # E
async def other_array(request: web.Request) -> AsyncIterator[str]:
    yield "a"


@render_json(list[int])  # E
async def other_list(request: web.Request) -> list[str]:
    return ["a"]


counts: Hub[int] = Hub()
counts.publish("a")  # E
