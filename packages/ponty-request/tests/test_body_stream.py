"""A body as a stream: as much of it as may be, as it arrives."""

import asyncio
import gzip
import io
from collections.abc import AsyncIterator

import pytest

from ponty.core import post, render_json
from ponty.request import BodyStream, Request, expect


class PostStream(Request):
    stream = BodyStream(max_size=3_000_000)


class Served:
    """A handler that notes each chunk, and what ends its stream."""

    def __init__(self):
        self.size = 0
        self.ended = []
        self.came = asyncio.Event()

    async def __call__(self, stream):
        try:
            async for chunk in stream:
                assert type(chunk) is bytes
                self.size += len(chunk)
                self.came.set()
        except BaseException as error:
            self.ended.append(type(error).__name__)
            raise
        return self.size


@pytest.fixture
async def served(ponty_client):
    """Serve a handler that reads its stream; the application itself lets in 1000 bytes."""
    noting = Served()

    @post("/")
    @expect(PostStream)
    @render_json
    async def handler(stream: AsyncIterator[bytes]) -> int:
        return await noting(stream)

    return await ponty_client(client_max_size=1000), noting


async def pieces(count):
    for _ in range(count):
        yield b"x" * 100_000


@pytest.mark.parametrize(
    ("data", "size"),
    [(b"", 0), (b"x", 1), (io.BytesIO(b"x" * 3_000_000), 3_000_000), (pieces(30), 3_000_000)],
    ids=["empty", "short", "of a known size", "in pieces"],
)
async def test_a_body_is_read_whatever_the_application_lets_in(served, data, size):
    client, _ = served
    async with client.post("/", data=data) as answer:
        assert (answer.status, (await answer.json())["data"]) == (200, size)


async def test_what_is_announced_too_large_never_reaches_the_handler(served):
    client, noting = served
    async with client.post("/", data=io.BytesIO(b"x" * 3_000_001)) as answer:
        assert answer.status == 413
        detail = {
            "in": "body",
            "name": "stream",
            "pointer": "",
            "detail": "has more than 3000000 bytes",
            "code": "too_large",
        }
        assert (await answer.json())["errors"] == [detail]
    assert not noting.size


async def test_the_limit_is_held_while_the_body_streams(served):
    client, noting = served
    async with client.post("/", data=pieces(60)) as answer:
        assert answer.status == 413
    assert noting.size <= 3_000_000
    assert noting.ended == ["HTTPRequestEntityTooLarge"]


async def test_the_limit_is_of_what_is_unpacked(served):
    client, noting = served
    for size, status in [(3_000_000, 200), (30_000_000, 413)]:
        body = gzip.compress(bytes(size), 1)
        assert len(body) < 3_000_000
        async with client.post("/", data=body, headers={"Content-Encoding": "gzip"}) as answer:
            assert answer.status == status
    assert noting.ended == ["HTTPRequestEntityTooLarge"]


async def test_an_unknown_content_encoding_is_a_415(served):
    client, _ = served
    async with client.post("/", data=b"x", headers={"Content-Encoding": "compress"}) as answer:
        assert answer.status == 415


@pytest.mark.parametrize(("length", "answer"), [(3_000_000, b"100 Continue"), (3_000_001, b"413 ")])
async def test_a_client_that_asks_first_is_told_by_the_limit_of_the_field(served, length, answer):
    client, _ = served
    reader, writer = await asyncio.open_connection(client.server.host, client.server.port)
    writer.write(b"POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: %d\r\n\r\n" % length)
    assert answer in await reader.readline()
    writer.close()


async def test_chunks_arrive_before_the_body_is_whole(served):
    client, noting = served

    async def waiting():
        yield b"x" * 100
        await noting.came.wait()
        yield b"y"

    async with client.post("/", data=waiting()) as answer:
        assert (await answer.json())["data"] == 101


async def test_a_body_that_breaks_off_raises(served):
    """So a handler that stores what comes knows that it is not whole."""
    client, noting = served
    _, writer = await asyncio.open_connection(client.server.host, client.server.port)
    writer.write(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n" + b"x" * 10)
    await noting.came.wait()
    writer.transport.abort()
    await client.close()
    assert len(noting.ended) == 1


@pytest.mark.parametrize("max_size", [0, -1])
def test_a_stream_has_a_limit(max_size):
    with pytest.raises(ValueError, match="max_size must be at least 1"):
        BodyStream(max_size=max_size)
