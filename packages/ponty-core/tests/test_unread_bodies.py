"""An encoded body that nobody reads is not decoded to be skipped: it would hold up every other client."""

import asyncio
import contextlib
import functools
import gzip
import importlib
import pathlib
import sys
import zlib

import pytest
from aiohttp import web

from ponty.core import build_app, get, post
from ponty.core.serving import runner

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from serving import Served, rest, until

UNPACKED = 2**26
"""More than a server may decode of a body that nobody reads; some kilobytes unpack to it."""

PACKERS = {"gzip": gzip.compress, "deflate": zlib.compress}
for name, module, options in (("br", "brotli", {"quality": 5}), ("zstd", "backports.zstd", {})):  # quickly, both
    with contextlib.suppress(ImportError):  # where it is missing, the encoding is refused
        PACKERS[name] = functools.partial(importlib.import_module(module).compress, **options)


@functools.cache
def packed(encoding):
    return PACKERS[encoding](bytes(UNPACKED))


@pytest.fixture
def decoded(monkeypatch):
    """Count the bytes that are decoded of all bodies."""
    from aiohttp import streams

    counted = []
    feed = streams.StreamReader.feed_data

    def count(self, data, *rest):
        counted.append(len(data))
        return feed(self, data, *rest)

    monkeypatch.setattr(streams.StreamReader, "feed_data", count)
    return counted


async def ask(client, method, path, body, *headers):
    """Send a request whose body is whole, and return all that is answered until the connection closes."""
    reader, writer = await asyncio.open_connection(client.host, client.port)
    lines = [f"{method} {path} HTTP/1.1", "Host: a", f"Content-Length: {len(body)}", *headers, "", ""]
    writer.write("\r\n".join(lines).encode() + body)
    answer = b""
    try:
        while part := await reader.read(65536):
            answer += part
    except ConnectionResetError:
        pass  # what was not read of the body resets the connection, once the answer is out
    writer.close()
    return answer


@pytest.mark.parametrize("encoding", PACKERS)
@pytest.mark.parametrize("expect", [(), ("Expect: 100-continue",), ("Expect: something",)])
@pytest.mark.parametrize(
    ("method", "path", "status"), [("POST", "/here", 200), ("POST", "/nowhere", 404), ("PUT", "/here", 405)]
)
async def test_it_closes_the_connection(serve, decoded, encoding, expect, method, path, status):
    @post("/here")
    async def here(request: web.Request) -> web.Response:
        return web.Response(text="here")

    client = await serve()
    answer = await ask(client, method, path, packed(encoding), f"Content-Encoding: {encoding}", *expect)
    if expect == ("Expect: something",):
        status = 417
    assert f"HTTP/1.1 {status} ".encode() in answer
    assert sum(decoded) < UNPACKED / 16


async def test_it_closes_the_connection_where_the_handler_fails_or_reads_a_part(serve, decoded, caplog):
    @post("/fails")
    async def fails(request: web.Request) -> web.Response:
        raise ZeroDivisionError

    @post("/reads")
    async def reads(request: web.Request) -> web.Response:
        return web.Response(text=str(len(await request.read())))

    client = await serve()
    for path, status in (("/fails", 500), ("/reads", 413)):
        answer = await ask(client, "POST", path, packed("gzip"), "Content-Encoding: gzip")
        assert f"HTTP/1.1 {status} ".encode() in answer
    assert sum(decoded) < UNPACKED / 8


async def test_it_closes_the_connection_of_views_and_static_files(serve, decoded, tmp_path):
    (tmp_path / "file").write_text("here")
    table = web.RouteTableDef()
    table.static("/static", tmp_path)

    @table.view("/view")
    class View(web.View):
        async def get(self) -> web.Response:
            return web.Response(text="here")

    client = await serve(route_tables=[table])
    for path in ("/view", "/static/file"):
        for expect, status in ((), 200), (("Expect: something",), 417):
            answer = await ask(client, "GET", path, packed("gzip"), "Content-Encoding: gzip", *expect)
            assert f"HTTP/1.1 {status} ".encode() in answer
    assert sum(decoded) < UNPACKED / 8


async def test_a_connection_stays_open_after_an_encoded_body_that_was_read(serve):
    @post("/")
    async def reads(request: web.Request) -> web.Response:
        return web.Response(text=await request.text())

    @get("/")
    async def next_one(request: web.Request) -> web.Response:
        return web.Response(text="next")

    client = await serve()
    reader, writer = await asyncio.open_connection(client.host, client.port)
    body = gzip.compress(b"whole")
    head = f"POST / HTTP/1.1\r\nHost: a\r\nContent-Encoding: gzip\r\nContent-Length: {len(body)}\r\n\r\n"
    writer.write(head.encode() + body)
    assert b"200 OK" in await reader.readuntil(b"whole")
    writer.write(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
    assert (await reader.read()).endswith(b"next")
    writer.close()


LARGE = b"POST /here HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000000\r\n\r\n"


async def test_the_answer_to_a_body_announced_as_too_large_ends_at_once():
    """Though what the client still sends is skipped for a while, so that it can come to read the answer."""

    @post("/here")
    async def here(request: web.Request) -> web.Response:
        return web.Response(text=await request.text())

    async with Served(build_app()) as served:
        reader, writer = await served.send(LARGE)
        assert (await rest(reader)).startswith(b"HTTP/1.1 413 ")
        (connection,) = served.server.connections
        arrived = connection.received + 100_000
        writer.write(bytes(100_000))
        await until(lambda: connection.received == arrived)


async def test_what_is_left_of_a_body_that_nobody_reads_is_skipped_for_a_limited_time(monkeypatch):
    monkeypatch.setattr(runner, "LINGER_SECONDS", 0.01)

    @post("/here")
    async def here(request: web.Request) -> web.Response:
        return web.Response(text=await request.text())

    async with Served(build_app()) as served:
        await served.send(LARGE)
        await until(lambda: served.server.requests_count == 1 and not served.server.connections)
