"""A stop loses no request whose head was sent, and nobody holds it up."""

import asyncio
import pathlib
import sys

import pytest
from aiohttp import web

from ponty.core import Limits, build_app, get, post
from ponty.core.connections import draining

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from serving import TOO_LONG, Served, rest, until

GET = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"


async def read(request):
    return web.Response(text=str(len(await request.read())))


async def hello(request):
    return web.Response(text="hello")


def own():
    """An application of Ponty's."""
    get("/")(hello)
    post("/")(read)
    return build_app()


def foreign():
    """An application that `build_app` has not made."""
    app = web.Application()
    app.router.add_get("/", hello)
    app.router.add_post("/", read)
    return app


@pytest.fixture(params=[own, foreign])
def app(request):
    return request.param()


def stop(served):
    """Begin a stop, with as much time as it likes."""
    served.server.clock = asyncio.get_running_loop().time
    served.runner._seconds = TOO_LONG
    return asyncio.create_task(served.runner.cleanup())


async def test_uploads_that_have_just_begun_are_answered(app):
    """Of each, the head and a half of the body is on its way as the stop begins."""
    async with Served(app) as served:
        clients = []
        for _ in range(50):
            reader, writer = await served.send(GET)
            assert (await reader.readuntil(b"hello")).startswith(b"HTTP/1.1 200 ")
            clients.append((reader, writer))
        served.now = asyncio.get_running_loop().time()
        for connection in served.server.connections:
            connection.since = served.now  # they were busy a moment ago
        for _, writer in clients:
            writer.write(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n" + bytes(500))
        stopping = stop(served)
        await until(lambda: all(connection.request is not None for connection in served.server.connections))
        for _, writer in clients:
            writer.write(bytes(500))
        answers = [await rest(reader) for reader, _ in clients]
        assert all(answer.startswith(b"HTTP/1.1 200 ") and answer.endswith(b"1000") for answer in answers)
        assert all(b"\r\nConnection: close\r\n" in answer for answer in answers)
        await stopping


async def test_a_request_on_a_busy_connection_is_answered_with_its_end(app):
    async with Served(app) as served:
        reader, writer = await served.send(GET)
        await reader.readuntil(b"hello")
        served.server.connections[0].since = asyncio.get_running_loop().time()
        stopping = stop(served)
        await until(lambda: served.runner.state.is_stopping)
        writer.write(GET)
        answer = await rest(reader)
        assert answer.startswith(b"HTTP/1.1 200 ")
        assert b"\r\nConnection: close\r\n" in answer
        await stopping


async def test_a_connection_that_has_been_quiet_is_closed_at_once(app):
    async with Served(app) as served:
        reader, _ = await served.send(GET)
        await reader.readuntil(b"hello")
        served.server.connections[0].since = asyncio.get_running_loop().time() - draining.QUIET_SECONDS
        await stop(served)
        assert await rest(reader) == b""


@pytest.mark.parametrize("answer", ["fast", "slow", "stream"])
async def test_every_kind_of_answer_says_that_the_connection_closes(answer):
    go_on = asyncio.Event()

    @get("/answer")
    async def handler(request: web.Request) -> web.StreamResponse:
        await go_on.wait()
        if answer == "fast":
            raise web.HTTPNotFound
        if answer == "slow":
            return web.Response(text="slow")
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(b"stream")
        return response

    async with Served(own()) as served:
        reader, _ = await served.send(b"GET /answer HTTP/1.1\r\nHost: a\r\n\r\n")
        await until(lambda: served.server.connections and served.server.connections[0].request is not None)
        stopping = stop(served)
        await until(lambda: served.runner.state.is_stopping)
        go_on.set()
        assert b"\r\nConnection: close\r\n" in await rest(reader)
        await stopping


async def test_a_receiver_of_on_shutdown_that_fails_skips_nothing(app, caplog):
    async def fail(app: web.Application) -> None:
        raise RuntimeError("fails")

    app.on_shutdown.append(fail)
    async with Served(app) as served:
        reader, writer = await served.send(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nab")
        await until(lambda: served.server.connections and served.server.connections[0].request is not None)
        stopping = stop(served)
        await until(lambda: "a receiver of on_shutdown failed" in caplog.text)
        writer.write(b"cd")
        assert (await rest(reader)).endswith(b"4")
        await stopping


async def test_a_receiver_of_on_shutdown_that_hangs_does_not_hold_the_exit(app, caplog):
    ended = []

    async def hang(app: web.Application) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append(True)

    app.on_shutdown.append(hang)
    async with Served(app, shutdown_timeout=0.1):
        pass
    assert ended
    assert "a receiver of on_shutdown has not finished" in caplog.text


async def test_a_websocket_whose_client_never_reads_does_not_hold_the_exit(app):
    sockets = []

    async def handler(request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        sockets.append(socket)
        while True:
            await socket.send_bytes(bytes(2**20))

    async def close(app: web.Application) -> None:
        for socket in sockets:
            await socket.close(code=1001)

    app.router.add_get("/ws", handler)
    app.on_shutdown.append(close)
    async with Served(app, shutdown_timeout=0.1) as served:
        await served.send(
            b"GET /ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
            b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
            limit=1,
        )
        await until(lambda: served.server.connections and served.server.connections[0].writing_paused)


async def test_what_waits_in_a_closed_connection_does_not_hold_the_exit(app, monkeypatch):
    """As the end of TLS does, where a client does not say that it has seen it."""
    monkeypatch.setattr(draining, "CLOSE_SECONDS", 0.01)

    async def much(request: web.Request) -> web.Response:
        response = web.Response(body=bytes(2**26))
        response.force_close()
        return response

    app.router.add_get("/much", much)
    async with Served(app) as served:
        await served.send(b"GET /much HTTP/1.1\r\nHost: a\r\n\r\n", limit=1)
        await until(lambda: served.server.connections and served.server.connections[0].writing_paused)
        served.server.connections[0].force_close()
        await stop(served)


async def test_a_body_that_comes_byte_by_byte_does_not_hold_the_exit(app, monkeypatch):
    """It has never stalled, but comes more slowly than the limits say."""
    monkeypatch.setattr(draining, "STALL_SECONDS", 0.01)
    async with Served(app, limits=Limits(body_rate=10**9)) as served:
        _, writer = await served.send(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n")
        await until(lambda: served.server.connections and served.server.connections[0].request is not None)
        stopping = stop(served)
        while served.server.connections:
            writer.write(b"x")
            await asyncio.sleep(0)
        await stopping


async def test_an_answer_that_nobody_takes_does_not_hold_the_exit(monkeypatch):
    monkeypatch.setattr(draining, "CLOSE_SECONDS", 0.01)

    @get("/stream")
    async def stream(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        while True:
            await response.write(bytes(2**16))

    async with Served(build_app()) as served:
        await served.send(b"GET /stream HTTP/1.1\r\nHost: a\r\n\r\n", limit=1)
        await until(lambda: served.server.connections and served.server.connections[0].writing_paused)
        async with asyncio.timeout(TOO_LONG):
            await stop(served)
