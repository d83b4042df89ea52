"""Many connections that wait, and much that comes at once: counted in looks and in answers, not in time."""

import asyncio
import pathlib
import sys

import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st

from ponty.core import Limits
from ponty.core.connections.connection import _end_of_lines

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from serving import Served, rest, until

LIMITS = Limits(head_seconds=10, body_seconds=10, body_rate=10, answer_seconds=10)
GET = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
POST = b"POST / HTTP/1.1\r\nHost: a\r\n"
SMALLEST = b"1\r\nx\r\n"
PIECES = 20_000


async def hello(request):
    return web.Response(text="hello")


async def length(request):
    return web.Response(text=f"{len(await request.read())}.")


async def unread(request):
    return web.Response(text="unread.")


@pytest.fixture
def app():
    app = web.Application()
    app.router.add_get("/", hello)
    app.router.add_post("/", length)
    app.router.add_post("/unread", unread)
    return app


async def answers_meanwhile(served, data, end):
    """Send `data`; return how many answers another client had, which asks one after the other, before `end` came."""
    other_reader, other_writer = await served.send(GET)
    await other_reader.readuntil(b"hello")
    others = 0

    async def ask():
        nonlocal others
        while True:
            other_writer.write(GET)
            await other_reader.readuntil(b"hello")
            others += 1

    asking = asyncio.create_task(ask())
    reader, _ = await served.send(data)
    await reader.readuntil(end)
    asking.cancel()
    return others


@pytest.mark.parametrize(
    "head",
    [POST, POST.replace(b"/ ", b"/unread ")],
    ids=["read", "unread"],
)
async def test_a_body_in_chunks_of_one_byte_leaves_turns_to_others(app, head):
    async with Served(app, limits=LIMITS) as served:
        body = head + b"Transfer-Encoding: chunked\r\n\r\n" + SMALLEST * PIECES + b"0\r\n\r\n" + GET
        assert await answers_meanwhile(served, body, b"hello") >= 10


async def test_a_body_in_chunks_of_one_byte_is_read_whole(app):
    async with Served(app, limits=LIMITS) as served:
        head = POST + b"Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
        reader, _ = await served.send(head + SMALLEST * PIECES + b"0\r\n\r\n")
        assert (await rest(reader)).endswith(f"\r\n\r\n{PIECES}.".encode())


async def test_requests_that_come_together_are_answered_in_turn_and_all(app):
    """The parser is given them in parts, and none twice."""
    many = 300
    async with Served(app, limits=LIMITS) as served:
        chunked = POST + b"Transfer-Encoding: chunked\r\n\r\n" + SMALLEST * 10 + b"0\r\n\r\n"
        whole = POST + b"Content-Length: 5000\r\n\r\n" + b"\n" * 5000
        last = GET.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")
        reader, _ = await served.send((chunked + GET) * many + whole + last)
        answers = await rest(reader)
        assert answers.count(b"HTTP/1.1 200 OK\r\n") == 2 * many + 2
        assert answers.count(b"\r\n\r\n10.") == many
        assert answers.index(b"\r\n\r\n5000.") > answers.rindex(b"\r\n\r\n10.")
        assert answers.endswith(b"hello")


async def test_what_is_no_http_ends_what_has_come_with_it(app):
    async with Served(app, limits=LIMITS) as served:
        head = POST + b"Transfer-Encoding: chunked\r\n\r\n"
        reader, _ = await served.send(head + SMALLEST * PIECES + b"no chunk\r\n" + SMALLEST * PIECES)
        assert (await rest(reader)).startswith(b"HTTP/1.1 400 ")


async def test_who_leaves_in_the_midst_leaves_nothing_behind(app):
    async with Served(app, limits=LIMITS) as served:
        head = POST + b"Transfer-Encoding: chunked\r\n\r\n"
        _, writer = await served.send(head + SMALLEST * PIECES)
        await until(lambda: served.server.connections and served.server.connections[0].request is not None)
        (connection,) = served.server.connections
        writer.transport.abort()
        await until(lambda: not served.server.connections)
        assert connection._backlog == b""


@given(st.lists(st.sampled_from([b"\n", b"x" * 7, b"\r"]), max_size=200).map(b"".join), st.integers(1, 50))
def test_the_parts_of_what_has_come_are_few_and_have_few_lines(data, most):
    parts = []
    rest_of_it = data
    while rest_of_it:
        end = _end_of_lines(rest_of_it, most)
        assert end > 0
        parts.append(rest_of_it[:end])
        rest_of_it = rest_of_it[end:]
    assert b"".join(parts) == data
    assert all(part.count(b"\n") <= most for part in parts)
    assert len(parts) <= 1 + len(data) / most


async def test_a_crowd_that_waits_needs_no_look(app):
    """However many wait, looking is at those that are at something; who asks again is looked at again."""
    async with Served(app, limits=LIMITS) as served:
        clients = [await served.send(GET) for _ in range(50)]
        for reader, _ in clients:
            await reader.readuntil(b"hello")
        assert len(served.server.attended) == 50
        served.pass_by(10)
        assert not served.server.attended
        reader, writer = clients[7]
        writer.write(GET)
        await reader.readuntil(b"hello")
        assert len(served.server.attended) == 1
        served.pass_by(10)
        assert not served.server.attended
        writer.write(GET[:10])
        await until(lambda: served.server.attended)
        served.pass_by(10)
        assert (await rest(reader)).startswith(b"HTTP/1.1 408 ")
        assert len(served.server.connections) == 49


async def test_one_that_is_closed_while_it_waits_is_looked_at_until_it_is_gone(app):
    async with Served(app, limits=LIMITS) as served:
        reader, _ = await served.send(GET)
        await reader.readuntil(b"hello")
        served.pass_by(10)
        (connection,) = served.server.connections
        connection.force_close()
        assert served.server.attended == {connection}
        await until(lambda: not served.server.connections)
        assert not served.server.attended
