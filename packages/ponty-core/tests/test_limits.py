"""What one client may take up of a server, and how it is taken back."""

import asyncio
import contextlib
import gc
import json
import logging
import pathlib
import sys
import weakref

import pytest
from aiohttp import web

from ponty.core import Limits, build_app, cors, get, post, request_ids
from ponty.core.connections.connection import RefusedConnection

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from serving import Served, rest, until

LIMITS = Limits(head_seconds=10, body_seconds=10, body_rate=10, answer_seconds=10)
LARGE = bytes(10**6)
LAST = b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
GET = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"


def own():
    """An application of Ponty's."""
    get("/")(hello)
    get("/wait")(wait)
    post("/")(read)
    get("/stream")(stream)
    get("/large")(large)
    return build_app()


def foreign():
    """An application that `build_app` has not made."""
    app = web.Application()
    app.router.add_get("/", hello)
    app.router.add_get("/wait", wait)
    app.router.add_post("/", read)
    app.router.add_get("/stream", stream)
    app.router.add_get("/large", large)
    return app


async def hello(request):
    return web.Response(text="hello")


async def large(request):
    return web.Response(body=LARGE)


async def wait(request):
    await asyncio.Event().wait()


async def read(request):
    return web.Response(text=str(len(await request.read())))


async def stream(request):
    response = web.StreamResponse()
    await response.prepare(request)
    while True:
        await response.write(bytes(2**16))


@pytest.fixture(params=[own, foreign])
def app(request):
    return request.param()


def connections(served):
    return served.server.connections


async def test_half_a_head_is_answered_408(app):
    async with Served(app, limits=LIMITS) as served:
        reader, writer = await served.send(b"GET / HTTP/1.1\r\nHo")
        await until(lambda: connections(served) and connections(served)[0].head_since)
        served.pass_by(9)
        writer.write(b"s")
        await until(lambda: connections(served)[0].received == 19)
        served.pass_by(1)
        answer = await rest(reader)
        assert answer.startswith(b"HTTP/1.1 408 ")
        assert b"application/problem+json" in answer
        assert served.refusals == {"head_seconds": 1}


async def test_a_connection_that_begins_nothing_is_closed(app):
    async with Served(app, limits=LIMITS) as served:
        reader, _ = await served.send(b"")
        await until(lambda: connections(served))
        served.pass_by(10)
        assert await rest(reader) == b""


async def test_a_connection_that_waits_for_its_next_request_is_left_to_aiohttp_s_own_time(app):
    async with Served(app, limits=LIMITS) as served:
        reader, writer = await served.send(GET)
        await reader.readuntil(b"hello")
        served.pass_by(1000)
        assert connections(served)[0].keepalive_timeout == 75
        writer.write(GET)
        await reader.readuntil(b"hello")


@pytest.mark.parametrize("sent", [0, 99])
async def test_a_body_that_comes_too_slowly_is_answered_408(app, sent):
    async with Served(app, limits=LIMITS) as served:
        head = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n"
        reader, writer = await served.send(head)
        await until(lambda: connections(served) and connections(served)[0].request is not None)
        writer.write(bytes(sent))
        await until(lambda: connections(served)[0].received == len(head) + sent)
        served.pass_by(9)
        assert not served.refusals
        served.pass_by(1)
        assert (await rest(reader)).startswith(b"HTTP/1.1 408 ")
        assert served.refusals == {"body_seconds": 1}


async def test_a_body_that_comes_fast_enough_is_read_however_long_it_takes(app):
    async with Served(app, limits=LIMITS) as served:
        head = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\nConnection: close\r\n\r\n"
        reader, writer = await served.send(head)
        await until(lambda: connections(served) and connections(served)[0].request is not None)
        for number in range(1, 11):
            writer.write(bytes(100))
            arrived = len(head) + 100 * number
            await until(lambda n=arrived: not connections(served) or connections(served)[0].received == n)
            served.pass_by(10)
        assert (await rest(reader)).endswith(b"1000")


async def test_a_client_that_does_not_take_its_answer_is_cut(app):
    async with Served(app, limits=LIMITS) as served:
        await served.send(b"GET /stream HTTP/1.1\r\nHost: a\r\n\r\n", limit=1)
        await until(lambda: connections(served) and connections(served)[0].writing_paused)
        served.pass_by(0)
        await until(lambda: connections(served)[0].writing_paused)
        served.pass_by(9)
        assert not served.refusals
        served.pass_by(10)
        served.pass_by(10)
        await until(lambda: not connections(served))
        assert served.refusals == {"answer_seconds": 1}


async def test_who_takes_no_answers_gets_no_further_ones_but_all_of_them_in_the_end(app):
    """However many requests have come in one go."""
    many = 50
    begun = []

    @web.middleware
    async def count(request, handler):
        begun.append(request)
        return await handler(request)

    app.middlewares.append(count)
    async with Served(app, limits=LIMITS) as served:
        reader, _ = await served.send(b"GET /large HTTP/1.1\r\nHost: a\r\n\r\n" * many + LAST, limit=1)
        await until(lambda: connections(served) and connections(served)[0].writing_paused)
        for _ in range(10 * many):
            await asyncio.sleep(0)
        assert len(begun) < many * 3 / 4
        served.pass_by(0)
        served.pass_by(9)
        assert (await rest(reader)).count(b"HTTP/1.1 200 OK\r\n") == many + 1


async def test_who_leaves_before_its_further_answers_has_none_made(app, caplog):
    begun = []

    @web.middleware
    async def count(request, handler):
        begun.append(request)
        return await handler(request)

    app.middlewares.append(count)
    async with Served(app, limits=LIMITS) as served:
        _, writer = await served.send(b"GET /large HTTP/1.1\r\nHost: a\r\n\r\n" * 100, limit=1)
        await until(lambda: connections(served) and connections(served)[0].writing_paused)
        before = len(begun)
        writer.transport.abort()
        await until(lambda: not connections(served))
        for _ in range(100):
            await asyncio.sleep(0)
        assert len(begun) == before
        assert not caplog.records


async def test_an_answer_is_thrown_away_with_the_client_that_has_not_taken_it(app):
    """At once, and not when the garbage is collected next; a crowd of such clients would fill the memory."""
    answers = []

    @web.middleware
    async def note(request, handler):
        answer = await handler(request)
        answers.append(weakref.ref(answer))
        return answer

    app.middlewares.append(note)
    async with Served(app, limits=LIMITS) as served:
        _, writer = await served.send(b"GET /large HTTP/1.1\r\nHost: a\r\n\r\n" * 20, limit=1)
        await until(lambda: connections(served) and connections(served)[0].writing_paused)
        gc.collect()
        gc.disable()
        try:
            writer.transport.abort()
            await until(lambda: all(answer() is None for answer in answers))
        finally:
            gc.enable()


async def test_a_client_that_takes_nothing_of_a_closed_connection_is_cut(app):
    async with Served(app, limits=LIMITS) as served:
        await served.send(b"GET /stream HTTP/1.1\r\nHost: a\r\n\r\n", limit=1)
        await until(lambda: connections(served) and connections(served)[0].writing_paused)
        connection = connections(served)[0]
        connection.force_close()
        for _ in range(3):
            served.pass_by(10)
        await until(lambda: connection.is_lost)


async def test_a_handler_that_takes_too_long_is_cancelled_and_answered_503(app):
    async with Served(app, limits=Limits(handler_seconds=0.01)) as served:
        reader, _ = await served.send(b"GET /wait HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        answer = await rest(reader)
        assert answer.startswith(b"HTTP/1.1 503 ")
        assert b"\r\nRetry-After: " in answer
        assert served.refusals == {"handler_seconds": 1}


async def test_the_answer_to_a_handler_that_takes_too_long_goes_through_the_middlewares(caplog):
    """So it has an id and the headers for pages of other origins, and the log names the route and the id."""

    @get("/slow/{name}")
    async def slow(request: web.Request) -> web.Response:
        await asyncio.Event().wait()

    get("/")(hello)
    app = build_app(middlewares=[request_ids(), cors(["https://a.example"])])
    async with Served(app, limits=Limits(handler_seconds=0.01)) as served:
        reader, writer = await served.send(b"GET /slow/secret HTTP/1.1\r\nHost: a\r\nOrigin: https://a.example\r\n\r\n")
        head = await reader.readuntil(b"\r\n\r\n")
        answered = dict(line.split(": ", 1) for line in head.decode().split("\r\n")[1:] if line)
        document = json.loads(await reader.readexactly(int(answered["Content-Length"])))
        assert head.startswith(b"HTTP/1.1 503 ")
        assert answered["Retry-After"] == "1"
        assert answered["Access-Control-Allow-Origin"] == "https://a.example"
        assert document["request_id"] == answered["X-Request-ID"]
        (record,) = (record for record in caplog.records if record.levelno == logging.WARNING)
        assert record.getMessage() == "GET /slow/{name} was cancelled: it took longer than handler_seconds"
        assert record.request_id == document["request_id"]
        assert served.refusals == {"handler_seconds": 1}
        writer.write(GET)
        await reader.readuntil(b"hello")


@pytest.mark.parametrize(
    ("how", "status"),
    [
        ("in a middleware", b"503"),
        ("by a group", b"503"),
        ("by a timeout", b"503"),
        ("in words of its own", b"503"),
        ("with an answer", b"200"),
    ],
)
async def test_however_a_cancelled_handler_ends_there_is_an_answer(how, status):
    """What comes next over the connection is not cancelled, too."""

    @get("/slow")
    async def slow(request: web.Request) -> web.Response:
        match how:
            case "by a group":
                async with asyncio.TaskGroup() as group:
                    group.create_task(asyncio.Event().wait())
                    await asyncio.Event().wait()
            case "by a timeout":
                async with asyncio.timeout(1000):
                    await asyncio.Event().wait()
            case "in words of its own":
                try:
                    await asyncio.Event().wait()
                except asyncio.CancelledError:
                    raise asyncio.CancelledError from None
            case "with an answer":
                with contextlib.suppress(asyncio.CancelledError):
                    await asyncio.Event().wait()
        return web.Response(text="slow")

    @web.middleware
    async def waiting(request, handler):
        answer = await handler(request)
        if how == "in a middleware" and request.path == "/slow":
            await asyncio.Event().wait()
        return answer

    get("/")(hello)
    app = build_app(middlewares=[request_ids(), waiting])
    async with Served(app, limits=Limits(handler_seconds=0.01)) as served:
        reader, _ = await served.send(b"GET /slow HTTP/1.1\r\nHost: a\r\n\r\n" + GET)
        assert (await reader.readuntil(b"\r\n")).split()[1] == status
        assert served.refusals == {"handler_seconds": 1}
        if how != "in words of its own":
            await reader.readuntil(b"hello")


async def test_a_handler_that_is_quick_enough_or_has_begun_its_answer_is_not_cancelled():
    go_on = asyncio.Event()

    @get("/begun")
    async def begun(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(b"begun")
        await go_on.wait()
        await response.write(b"ended")
        return response

    async with Served(own(), limits=Limits(handler_seconds=0.01)) as served:
        reader, _ = await served.send(b"GET /begun HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        await reader.readuntil(b"begun")
        loop = asyncio.get_running_loop()
        passed = loop.create_future()
        loop.call_later(0.02, passed.set_result, None)  # behind the one of the handler
        await passed
        go_on.set()
        assert b"ended" in await rest(reader)
        assert not served.refusals


async def test_where_there_is_no_room_a_new_client_is_answered_503(app):
    async with Served(app, limits=Limits(connections=2)) as served:
        for number in (1, 2):
            await served.send(b"GET /wait HTTP/1.1\r\nHost: a\r\n\r\n")
            await until(lambda n=number: len([each for each in connections(served) if each.request is not None]) == n)
        reader, _ = await served.send(GET)
        answer = await rest(reader)
        assert answer.startswith(b"HTTP/1.1 503 ")
        assert b"\r\nRetry-After: 1\r\n" in answer
        assert served.refusals == {"connections": 1}
        served.server.state.refusals.clear()
    assert not served.server.connections


async def test_connections_that_wait_make_room_the_longest_first(app):
    async with Served(app, limits=Limits(connections=2)) as served:
        first, _ = await served.send(GET)
        await first.readuntil(b"hello")
        served.now += 1
        second, writer = await served.send(GET)
        await second.readuntil(b"hello")
        third, _ = await served.send(GET)
        await third.readuntil(b"hello")
        assert await rest(first) == b""
        writer.write(GET)
        await second.readuntil(b"hello")


async def test_one_address_has_no_more_than_its_share(app):
    async with Served(app, limits=Limits(connections_per_client=1)) as served:
        reader, writer = await served.send(GET)
        await reader.readuntil(b"hello")
        another, _ = await served.send(GET)
        assert (await rest(another)).startswith(b"HTTP/1.1 503 ")
        assert served.refusals == {"connections_per_client": 1}
        writer.close()
        await until(lambda: not connections(served))
        third, _ = await served.send(GET)
        await third.readuntil(b"hello")


async def test_who_is_refused_and_asks_nothing_is_closed(app, monkeypatch):
    monkeypatch.setattr(RefusedConnection, "SECONDS", 0.01)
    async with Served(app, limits=Limits(connections_per_client=1)) as served:
        reader, _ = await served.send(GET)
        await reader.readuntil(b"hello")
        another, _ = await served.send(b"")
        assert await rest(another) == b""


async def test_others_are_served_beside_many_that_are_slow_or_idle(app):
    async with Served(app, limits=LIMITS) as served:
        for data in (b"", b"GET / HTTP/1.1\r\nHo", b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n"):
            for _ in range(200):
                await served.send(data)
        await until(lambda: len(connections(served)) == 600)
        reader, _ = await served.send(GET)
        await reader.readuntil(b"hello")
        served.pass_by(10)
        await until(lambda: len(connections(served)) == 1)


@pytest.mark.parametrize("name", ["head_seconds", "body_rate", "connections", "path_bytes", "headers"])
@pytest.mark.parametrize("value", [0, -1, float("nan")])
def test_a_limit_that_is_not_more_than_0_is_refused(name, value):
    with pytest.raises(ValueError, match=f"Limits: {name} must be more than 0"):
        Limits(**{name: value})


def test_there_is_a_limit_of_connections_by_default():
    assert 1 <= Limits().connections <= 10_000
