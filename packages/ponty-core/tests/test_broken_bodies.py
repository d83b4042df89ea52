"""A body that turns out to be no HTTP is answered 400 at once, whoever waits for the rest of it."""

import asyncio
import contextlib
import importlib
import logging
import pathlib
import sys

import pytest
from aiohttp import http_parser, web, web_protocol

from ponty.core import build_app, get, post

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from serving import Served, rest, until

GET = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
HEAD = b"POST %s HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
CHUNK = b"8;a=\r\n\r\n8;a=\r\n\r\n"
BROKEN = {
    "no size": b"secret\r\n",
    "no size after some chunks": b"2\r\nab\r\n2\r\nab\r\nsecret\r\n",
    "a negative size": b"-1\r\n\r\n",
    "a chunk that is too long": b"2\r\nabcd\r\n",
    "a bad extension": b"8;a=secret\n\r\n",
    "a bad extension after many chunks": CHUNK * 200 + b"8;a=secret\n\r\n" + CHUNK * 200,
    "many chunks of one byte": b"1\r\na\r\n" * 2000 + b"secret\r\n",
    "a bad trailer": b"2\r\nab\r\n0\r\nsecret\x00: a\r\n\r\n",
}


async def read(request):
    return web.Response(text=str(len(await request.read())))


async def read_in_pieces(request):
    sizes = [len(piece) async for piece in request.content.iter_chunked(10)]
    return web.Response(text=str(sizes))


async def hello(request):
    return web.Response(text="hello")


def own():
    """An application of Ponty's."""
    get("/")(hello)
    post("/read")(read)
    post("/pieces")(read_in_pieces)
    post("/")(hello)
    return build_app()


def foreign():
    """An application that `build_app` has not made."""
    app = web.Application()
    app.router.add_get("/", hello)
    app.router.add_post("/read", read)
    app.router.add_post("/pieces", read_in_pieces)
    app.router.add_post("/", hello)
    return app


@pytest.fixture(params=[own, foreign])
def app(request):
    return request.param()


@pytest.fixture(params=["compiled", "pure Python"], autouse=True)
def parser(request, monkeypatch):
    """Read with each of aiohttp's parsers."""
    if request.param == "compiled":
        importlib.import_module("aiohttp._http_parser")  # or else this would try the other one twice
    else:
        monkeypatch.setattr(web_protocol, "HttpRequestParser", http_parser.HttpRequestParserPy)


def has_begun(served):
    return served.server.connections and served.server.connections[0].request is not None


@pytest.mark.parametrize("ends", [False, True], ids=["stays", "ends"])
@pytest.mark.parametrize("path", [b"/read", b"/pieces"])
@pytest.mark.parametrize("broken", BROKEN.values(), ids=BROKEN)
async def test_who_reads_it_is_told(app, caplog, path, broken, ends):
    caplog.set_level(logging.INFO, "aiohttp")
    async with Served(app) as served:
        reader, writer = await served.send(HEAD % path)
        await until(lambda: has_begun(served))
        writer.write(broken)
        if ends:
            writer.write_eof()
        answer = await rest(reader)
        assert answer.startswith(b"HTTP/1.1 400 ")
        assert answer.count(b"HTTP/1.1 ") == 1
        assert b"Connection: close\r\n" in answer
        assert b"secret" not in answer
        assert not any(record.exc_info or record.levelno > logging.WARNING for record in caplog.records)


async def test_its_last_bytes_may_come_one_by_one(app):
    async with Served(app) as served:
        reader, writer = await served.send(HEAD % b"/read")
        await until(lambda: has_begun(served))
        arrived = served.server.connections[0].received
        for number, byte in enumerate(b"2\r\nab\r\nsecret", 1):
            writer.write(bytes([byte]))
            await until(
                lambda n=arrived + number: not served.server.connections or served.server.connections[0].received >= n
            )
        with contextlib.suppress(OSError):
            writer.write(b"\r\n")
        assert (await rest(reader)).startswith(b"HTTP/1.1 400 ")


async def test_who_reads_it_later_is_told_then():
    """The requests ahead of it have their answers, and those behind it none."""
    go_on = asyncio.Event()

    @get("/first")
    async def first(request: web.Request) -> web.Response:
        await go_on.wait()
        return web.Response(text="first")

    async with Served(own()) as served:
        reader, writer = await served.send(b"GET /first HTTP/1.1\r\nHost: a\r\n\r\n")
        await until(lambda: has_begun(served))
        connection = served.server.connections[0]
        for data in (GET + HEAD % b"/read", b"2\r\nab\r\n", b"secret\r\n", GET):
            arrived = connection.received + len(data)
            writer.write(data)
            await until(lambda n=arrived: connection.received == n)
        go_on.set()
        answer = await rest(reader)
        statuses = [part[:3] for part in answer.split(b"HTTP/1.1 ")[1:]]
        assert statuses == [b"200", b"200", b"400"]


async def test_the_answer_of_who_does_not_read_it_is_the_last(app):
    async with Served(app) as served:
        reader, writer = await served.send(HEAD % b"/")
        await reader.readuntil(b"hello")
        writer.write(BROKEN["no size"] + GET)
        assert b"200" not in await rest(reader)
