"""The most bytes of a body: that of a route, or else of its application."""

import asyncio
import gzip
import io

import pytest
from aiohttp import web

from ponty.core import Routes, post, render_json

APPLICATION = 1000


async def read(request: web.Request) -> web.Response:
    return web.Response(text=str(len(await request.read())))


async def chunks(size):
    yield b"x" * (size - 1)
    yield b"x"


def body(kind, size):
    match kind:
        case "announced":
            return {"data": io.BytesIO(b"x" * size)}
        case "chunked":
            return {"data": chunks(size)}
        case "encoded":
            return {"data": gzip.compress(b"x" * size), "headers": {"Content-Encoding": "gzip"}}
        case "form":
            return {"data": {"a": io.BytesIO(b"x" * size)}}


@pytest.mark.parametrize("kind", ["announced", "chunked", "encoded"])
@pytest.mark.parametrize(
    ("path", "limit"), [("/below", 100), ("/above", 100_000), ("/far-above", 3_000_000), ("/none", APPLICATION)]
)
async def test_a_body_may_have_the_bytes_that_its_route_allows(serve, kind, path, limit):
    post("/none")(read)
    for name, max_size in {"/below": 100, "/above": 100_000, "/far-above": 3_000_000}.items():
        post(name, max_size=max_size)(read)
    client = await serve(client_max_size=APPLICATION)
    async with client.post(path, **body(kind, limit)) as answer:
        assert (answer.status, await answer.text()) == (200, str(limit))
    async with client.post(path, **body(kind, limit + 1)) as answer:
        assert (answer.status, answer.content_type) == (413, "application/problem+json")


async def test_a_body_over_the_limit_of_its_route_is_refused_before_the_handler_runs(serve):
    called = []

    @post("/thing", max_size=10)
    async def handler(request: web.Request) -> web.Response:
        called.append(request)
        return web.Response()

    client = await serve()
    async with client.post("/thing", data=b"x" * 11) as answer:
        assert answer.status == 413
    async with client.post("/thing", data=b"x" * 10) as answer:
        assert answer.status == 200
    assert len(called) == 1


async def test_a_form_may_have_the_bytes_that_its_route_allows(serve):
    @post("/form", max_size=50_000)
    @render_json
    async def form(request: web.Request) -> int:
        upload = (await request.post())["a"]
        with upload.file:
            return len(upload.file.read())

    client = await serve(client_max_size=APPLICATION)
    async with client.post("/form", **body("form", 40_000)) as answer:
        assert (await answer.json())["data"] == 40_000
    async with client.post("/form", **body("form", 60_000)) as answer:
        assert answer.status == 413


@pytest.mark.parametrize(("path", "limit"), [("/below", 10), ("/above", 5000), ("/none", APPLICATION)])
async def test_a_client_that_waits_to_be_asked_for_a_body_too_large_is_not_asked(serve, path, limit):
    post("/none")(read)
    post("/below", max_size=10)(read)
    post("/above", max_size=5000)(read)
    client = await serve(client_max_size=APPLICATION)

    async def first_line(size):
        reader, writer = await asyncio.open_connection(client.host, client.port)
        head = f"POST {path} HTTP/1.1\r\nHost: a\r\nContent-Length: {size}\r\nExpect: 100-continue\r\n\r\n"
        writer.write(head.encode())
        line = await reader.readline()
        if line.startswith(b"HTTP/1.1 100"):
            writer.write(b"x" * size)
            await reader.readline()
            line += await reader.readline()
        else:
            rest = await reader.read()
            assert b"Connection: close" in rest
        writer.close()
        await writer.wait_closed()
        return line

    assert await first_line(limit) == b"HTTP/1.1 100 Continue\r\nHTTP/1.1 200 OK\r\n"
    assert (await first_line(limit + 1)).startswith(b"HTTP/1.1 413 ")


async def test_the_middlewares_of_a_table_read_by_the_limit_of_the_route(serve):
    sizes = []

    @web.middleware
    async def reading(request, handler):
        sizes.append(len(await request.read()))
        return await handler(request)

    table = Routes(middlewares=[reading])

    @table.post("/thing", max_size=5000)
    async def handler(request: web.Request) -> web.Response:
        return web.Response(text=str(len(await request.read())))

    client = await serve(routes=[table], client_max_size=APPLICATION)
    async with client.post("/thing", data=b"x" * 3000) as answer:
        assert await answer.text() == "3000"
    assert sizes == [3000]


@pytest.mark.parametrize("max_size", [0, -1])
def test_a_limit_that_lets_nothing_in_is_refused(max_size):
    with pytest.raises(ValueError, match="POST /thing: max_size must be more than 0 bytes"):
        post("/thing", max_size=max_size)(read)


async def test_a_body_too_large_that_was_not_asked_for_is_refused_through_the_middlewares(serve):
    """So that a page of another origin can read why, and the connection closes at once."""

    @web.middleware
    async def mark(request, handler):
        answer = await handler(request)
        answer.headers["X-Mark"] = "1"
        return answer

    @post("/")
    async def handler(request: web.Request) -> web.Response:
        return web.Response()

    client = await serve(middlewares=[mark], client_max_size=10)
    reader, writer = await asyncio.open_connection(client.host, client.port)
    writer.write(b"POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 11\r\n\r\n")
    answer = await reader.read()
    writer.close()
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b"X-Mark: 1" in answer
    assert b"Connection: close" in answer
