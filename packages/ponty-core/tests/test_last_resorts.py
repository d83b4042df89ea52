"""What a handler, a signal or a client does that would cut a connection, end the server or fool the log."""

import asyncio
import io
import json
import logging
import pathlib
import sys

import pytest
from aiohttp import ClientSession, web

from ponty.core import build_app, get, json_response, post

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from serving import Served, rest, until

CLOSE = b"Connection: close\r\n"


class PanicException(BaseException):
    """What a native extension raises when it panics."""


ERRORS = [PanicException("panic"), GeneratorExit(), SystemExit(3), BaseExceptionGroup("all", [PanicException()])]


@pytest.fixture
async def ask(aiohttp_client):
    """Send bytes to an application by a server of aiohttp's, and return all that comes until the end."""

    async def ask(app, data):
        client = await aiohttp_client(app)
        reader, writer = await asyncio.open_connection(client.host, client.port)
        writer.write(data)
        answer = await rest(reader)
        writer.close()
        return answer

    return ask


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
async def test_an_exception_below_exception_is_a_500_and_the_server_lives(serve, caplog, error):
    @get("/")
    async def fails(request: web.Request) -> web.Response:
        raise error

    client = await serve()
    for _ in range(2):
        async with client.get("/") as answer:
            assert (answer.status, answer.content_type) == (500, "application/problem+json")
    assert caplog.text.count("GET / failed") == 2


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
async def test_so_it_is_in_an_application_that_answers_none_itself(caplog, error):
    async def fails(request: web.Request) -> web.Response:
        raise error

    app = web.Application()
    app.router.add_get("/", fails)
    async with Served(app) as served:
        for _ in range(2):
            reader, _ = await served.send(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            assert (await rest(reader)).startswith(b"HTTP/1.1 500 ")
    assert caplog.text.count("failed") == 2


@pytest.mark.parametrize("path", ["/fast", "/slow", "/nothing"])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_an_exception_in_on_response_prepare_is_a_500(aiohttp_client, caplog, path, method):
    @get("/fast")
    async def fast(request: web.Request) -> web.Response:
        raise web.HTTPNotFound

    @get("/slow")
    async def slow(request: web.Request) -> web.Response:
        return web.Response(text="slow")

    async def fail(request: web.Request, response: web.StreamResponse) -> None:
        raise ZeroDivisionError

    app = build_app()
    app.on_response_prepare.append(fail)
    client = await aiohttp_client(app)
    async with client.request(method, path) as answer:
        assert (answer.status, answer.content_type) == (500, "application/problem+json")
    assert "ZeroDivisionError" in caplog.text


@pytest.mark.parametrize("is_chunked", [True, False])
@pytest.mark.parametrize("server", ["aiohttp", "ponty"])
async def test_head_of_a_stream_has_no_body_and_the_connection_stays_in_step(ask, server, is_chunked):
    @get("/")
    async def stream(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        if is_chunked:
            response.enable_chunked_encoding()
        else:
            response.content_length = 8
        await response.prepare(request)
        await response.write(b"body")
        await response.write_eof(b"body")
        return response

    data = b"HEAD / HTTP/1.1\r\nHost: a\r\n\r\nHEAD / HTTP/1.1\r\nHost: a\r\n" + CLOSE + b"\r\n"
    if server == "aiohttp":
        answer = await ask(build_app(), data)
    else:
        async with Served(build_app()) as served:
            reader, _ = await served.send(data)
            answer = await rest(reader)
    assert answer.count(b"HTTP/1.1 200 OK\r\n") == 2
    assert answer.endswith(b"\r\n\r\n")
    assert b"body" not in answer
    assert answer.count(b"Content-Length: 8") == (0 if is_chunked else 2)


async def test_http_1_0_with_chunks_closes(ask):
    @post("/")
    async def read(request: web.Request) -> web.Response:
        return web.Response(body=await request.read())

    head = b"POST / HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n"
    answer = await ask(build_app(), head + b"1\r\na\r\n0\r\n\r\n")
    assert answer.startswith(b"HTTP/1.0 200 ")
    assert b"keep-alive" not in answer


@pytest.mark.parametrize("expect", [b"", b"Expect: 100-continue\r\n"])
@pytest.mark.parametrize("path", [b"/", b"/nothing"])
async def test_a_body_announced_as_too_large_is_refused_before_it_is_read(serve, path, expect):
    called = []

    @post("/")
    async def handler(request: web.Request) -> web.Response:
        called.append(request)
        return web.Response()

    head = b"POST " + path + b" HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999\r\n" + expect + b"\r\n"
    client = await serve()
    reader, writer = await asyncio.open_connection(client.host, client.port)
    writer.write(head)
    answer = await reader.readuntil(b"}")
    writer.close()
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b"\r\nConnection: close\r\n" in answer
    assert json.loads(answer.partition(b"\r\n\r\n")[2])["status"] == 413
    assert not called


FORGED = "no a\r\n2026-01-01 ERROR forged\x1b[2J\u2028end"


@pytest.mark.parametrize("cause", [None, KeyError(FORGED)])
async def test_an_error_is_one_line_of_the_log_whatever_is_in_it(serve, cause):
    @get("/")
    async def fails(request: web.Request) -> web.Response:
        raise ValueError(FORGED) from cause

    text = await _logged(await serve())
    lines = text.splitlines()
    assert len(lines) == 2
    assert lines[0] == "GET / failed"
    assert "ValueError: no a\\r" in lines[1]
    assert "\x1b" not in text


async def test_on_a_terminal_its_lines_stay_and_are_indented(serve, monkeypatch):
    @get("/")
    async def fails(request: web.Request) -> web.Response:
        raise ValueError(FORGED)

    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    lines = (await _logged(await serve())).split("\n")
    assert lines[:2] == ["GET / failed", "Traceback (most recent call last):"]
    assert all(line.startswith("  ") for line in lines[2:-1])


async def _logged(client):
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    logger = logging.getLogger("ponty.core")
    logger.addHandler(handler)
    try:
        async with client.get("/") as answer:
            assert answer.status == 500
    finally:
        logger.removeHandler(handler)
    return stream.getvalue()


async def ask_and_leave(served, go_on):
    """Leave while the handler waits for the event `go_on`, and let it end then."""
    _, writer = await served.send(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
    await until(lambda: served.server.connections and served.server.connections[0].request is not None)
    writer.transport.abort()
    await until(lambda: served.server.connections[0].is_lost)
    go_on.set()
    await until(lambda: not served.server.connections)


@pytest.mark.parametrize("answer", [lambda: web.Response(text="hello"), lambda: json_response("hello")])
async def test_who_left_is_logged_as_499_with_the_address(caplog, answer):
    caplog.set_level(logging.INFO)
    go_on = asyncio.Event()

    @get("/")
    async def slow(request: web.Request) -> web.Response:
        await go_on.wait()
        return answer()

    logger = logging.getLogger("test.left")
    async with Served(build_app(), access_log=logger) as served:
        await ask_and_leave(served, go_on)
    (line,) = [record.getMessage() for record in caplog.records if record.name == "test.left"]
    assert line.startswith("127.0.0.1 - - [")
    assert '"GET / HTTP/1.1" 499 0 ' in line


async def test_who_leaves_before_an_application_of_aiohttp_s_writes_is_no_error(caplog):
    """As one that leaves before it is asked for its body, whose handler is not at work yet."""
    go_on = asyncio.Event()

    async def slow(request: web.Request) -> web.StreamResponse:
        await go_on.wait()
        answer = web.StreamResponse()
        await answer.prepare(request)
        return answer

    app = web.Application()
    app.router.add_get("/", slow)
    caplog.set_level(logging.INFO)
    async with Served(app, access_log=logging.getLogger("test.left")) as served:
        await ask_and_leave(served, go_on)
    assert [(each.name, each.levelname) for each in caplog.records] == [("test.left", "INFO")]
    assert '"GET / HTTP/1.1" 499 0 ' in caplog.records[0].getMessage()


async def test_a_websocket_is_logged_as_101_when_its_conversation_is_over(caplog):
    """Its connection is always closed by then, but its client has got its answer."""
    caplog.set_level(logging.INFO)

    @get("/")
    async def echo(request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        async for message in socket:
            await socket.send_str(message.data)
        return socket

    async with Served(build_app(), access_log=logging.getLogger("test.socket")) as served:
        async with ClientSession() as session, session.ws_connect(f"http://127.0.0.1:{served.port}/") as socket:
            await socket.send_str("hello")
            assert await socket.receive_str() == "hello"
        await until(lambda: not served.server.connections)
    (line,) = [record.getMessage() for record in caplog.records if record.name == "test.socket"]
    assert '"GET / HTTP/1.1" 101 ' in line


HANDSHAKE = (
    b"GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n\r\n"
)


async def test_who_left_before_a_handshake_is_logged_as_499(caplog):
    caplog.set_level(logging.INFO)
    go_on = asyncio.Event()

    @get("/")
    async def late(request: web.Request) -> web.WebSocketResponse:
        await go_on.wait()
        return web.WebSocketResponse()

    async with Served(build_app(), access_log=logging.getLogger("test.left")) as served:
        _, writer = await served.send(HANDSHAKE)
        await until(lambda: served.server.connections and served.server.connections[0].request is not None)
        writer.transport.abort()
        await until(lambda: served.server.connections[0].is_lost)
        go_on.set()
        await until(lambda: not served.server.connections)
    (line,) = [record.getMessage() for record in caplog.records if record.name == "test.left"]
    assert '"GET / HTTP/1.1" 499 0 ' in line
