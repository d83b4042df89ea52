"""A request's deadline ends its handler, and bounds all that the handler waits for."""

import asyncio
import contextvars
import itertools
import math
import pathlib
import sys

import aiohttp
import pytest
from aiohttp import web

from ponty.core import (
    BACKGROUND_TASKS,
    Limits,
    Routes,
    background_tasks,
    build_app,
    deadlines,
    get,
    http_client_provider,
    lease_http_client,
    remaining_seconds,
    render_lines,
    retry,
)
from ponty.core.lifecycle.deadline_headers import read_seconds, write_seconds
from ponty.core.time_left import Deadline, current_deadline, holding, least_seconds

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from serving import Served

ENVOY = "X-Envoy-Expected-Rq-Timeout-Ms"
GRPC = "Grpc-Timeout"
HERE = ["127.0.0.1"]


class Clock:
    """An event loop, as far as a deadline needs one."""

    now = 100.0

    def time(self):
        return self.now


def within(seconds):
    """Have a deadline on the clock of the running loop."""
    loop = asyncio.get_running_loop()
    return holding(Deadline(loop, loop.time() + seconds, lambda: False))


def test_a_deadline_counts_down_to_nothing_and_holds_for_its_block():
    clock, begun = Clock(), []
    assert remaining_seconds() is None
    with holding(Deadline(clock, 105.0, lambda: bool(begun))):
        after = contextvars.copy_context()
        assert (remaining_seconds(), least_seconds(2), least_seconds(7), least_seconds(None)) == (5, 2, 5, 5)
        clock.now = 104
        assert remaining_seconds() == 1
        clock.now = 106
        assert remaining_seconds() == 0
        begun.append(True)
        assert (remaining_seconds(), least_seconds(7)) == (None, 7)
        begun.clear()
    assert remaining_seconds() is None
    assert after.run(remaining_seconds) is None


def test_a_deadline_within_another_is_the_earlier_of_both():
    clock = Clock()
    outer = Deadline(clock, 105.0, lambda: False)
    inner = Deadline(clock, 110.0, lambda: False, outer)
    assert inner.remaining() == 5
    outer.move(120.0)
    assert inner.remaining() == 10
    outer.lift()
    outer.move(101.0)
    assert (inner.remaining(), outer.remaining()) == (10, None)


TEXTS = [
    (ENVOY, "250", 0.25),
    (ENVOY, "0", 0),
    (ENVOY, "9999999999", 9999999.999),
    (GRPC, "250m", 0.25),
    (GRPC, "2S", 2),
    (GRPC, "3M", 180),
    (GRPC, "1H", 3600),
    (GRPC, "500u", 0.0005),
    (GRPC, "1000000n", 0.001),
    *((ENVOY, text, None) for text in ("", "-1", "1.5", "1e3", " 1", "٣", "1" * 11, "250m", "nan")),
    *((GRPC, text, None) for text in ("", "-1S", "1.5S", "1s", "S", "1" * 9 + "S", "250", "٣S")),
]


@pytest.mark.parametrize(("header", "text", "seconds"), TEXTS)
def test_what_a_header_tells(header, text, seconds):
    told = read_seconds(header, text)
    assert told == seconds if seconds is None else math.isclose(told, seconds)


@pytest.mark.parametrize("header", [ENVOY, GRPC])
@pytest.mark.parametrize("seconds", [0, 0.0009, 0.25, 7, 10**6])
def test_what_is_told_is_never_longer_than_it_is(header, seconds):
    assert seconds - 0.001 < read_seconds(header, write_seconds(header, seconds)) <= seconds + 1e-9


async def wait(request):
    await asyncio.Event().wait()


async def tell(request):
    return web.json_response(remaining_seconds())


@pytest.fixture
async def client(aiohttp_client):
    """An application that heeds the deadlines of this machine."""
    get("/wait")(wait)
    get("/tell")(tell)
    return await aiohttp_client(build_app(middlewares=[deadlines(trusted=HERE)]))


async def test_a_handler_is_cancelled_when_its_caller_waits_no_longer(client, caplog):
    async with client.get("/wait", headers={ENVOY: "1"}) as answer:
        assert (answer.status, (await answer.json(content_type=None))["title"]) == (504, "Gateway Timeout")
    assert caplog.messages == ["GET /wait was cancelled: its caller no longer waits for it"]
    async with client.get("/tell") as answer:
        assert await answer.json() is None


async def test_what_the_caller_says_is_what_is_left(client):
    async with client.get("/tell", headers={ENVOY: "60000"}) as answer:
        assert 0 < await answer.json() <= 60


@pytest.mark.parametrize(("told", "status"), [("0", 504), ("-1", 400), ("soon", 400), ("1, 2", 400)])
async def test_a_deadline_that_has_passed_or_is_none(told, status, client):
    async with client.get("/tell", headers={ENVOY: told}) as answer:
        assert answer.status == status


async def test_the_header_of_others_is_passed_over(aiohttp_client):
    get("/tell")(tell)
    client = await aiohttp_client(build_app(middlewares=[deadlines(trusted=["10.0.0.0/8"])]))
    for told in ("60000", "0", "soon"):
        async with client.get("/tell", headers={ENVOY: told}) as answer:
            assert (answer.status, await answer.json()) == (200, None)


async def test_another_header(aiohttp_client):
    get("/tell")(tell)
    client = await aiohttp_client(build_app(middlewares=[deadlines(trusted=HERE, header=GRPC)]))
    async with client.get("/tell", headers={ENVOY: "0", GRPC: "60S"}) as answer:
        assert 0 < await answer.json() <= 60


def test_a_header_that_nobody_knows_is_refused():
    with pytest.raises(ValueError, match="deadlines: the header must be 'X-Envoy"):
        deadlines(trusted=HERE, header="X-Timeout")
    with pytest.raises(ValueError, match=r"http_client_provider\('_default'\): the header must be 'X-Envoy"):
        http_client_provider(deadline_header="X-Timeout")
    with pytest.raises(TypeError, match="deadlines takes a list of addresses"):
        deadlines(trusted="127.0.0.1")


async def test_the_limit_of_the_server_is_a_deadline_too_and_the_shorter_counts():
    get("/wait")(wait)
    get("/tell")(tell)

    def app():
        return build_app(middlewares=[deadlines(trusted=HERE)])

    async with Served(app(), limits=Limits(handler_seconds=30)) as served:
        reader, writer = await served.send(b"GET /tell HTTP/1.1\r\nHost: a\r\n\r\n")
        assert 0 < await told(reader) <= 30
        writer.write(f"GET /tell HTTP/1.1\r\nHost: a\r\n{ENVOY}: 900000\r\n\r\n".encode())
        assert 0 < await told(reader) <= 30
        writer.write(f"GET /tell HTTP/1.1\r\nHost: a\r\n{ENVOY}: 9000\r\n\r\n".encode())
        assert 0 < await told(reader) <= 9
    async with Served(app(), limits=Limits(handler_seconds=0.01)) as served:
        reader, _ = await served.send(f"GET /wait HTTP/1.1\r\nHost: a\r\n{ENVOY}: 900000\r\n\r\n".encode())
        assert (await reader.readline()).split()[1] == b"503"


async def told(reader):
    head = await reader.readuntil(b"\r\n\r\n")
    _, _, length = head.lower().partition(b"content-length:")
    return float(await reader.readexactly(int(length.split()[0])))


async def test_what_outlives_a_request_has_no_deadline(aiohttp_client):
    seen = asyncio.get_running_loop().create_future()
    go_on = asyncio.Event()

    async def later():
        before = remaining_seconds()
        await go_on.wait()
        seen.set_result((before is None, remaining_seconds()))

    @get("/begin")
    async def begin(request: web.Request) -> web.Response:
        request.app[BACKGROUND_TASKS].start(later())
        await asyncio.sleep(0)
        return web.Response()

    app = build_app(middlewares=[deadlines(trusted=HERE)], providers=[background_tasks()])
    client = await aiohttp_client(app)
    async with client.get("/begin", headers={ENVOY: "60000"}):
        go_on.set()
    assert await seen == (False, None)


async def test_a_stream_that_has_begun_has_no_deadline(aiohttp_client):
    go_on = asyncio.Event()

    @get("/stream")
    @render_lines
    async def stream(request: web.Request):
        yield remaining_seconds() is None
        await go_on.wait()
        yield remaining_seconds()

    client = await aiohttp_client(build_app(middlewares=[deadlines(trusted=HERE)]))
    async with client.get("/stream", headers={ENVOY: "60000"}) as answer:
        assert await answer.content.readline() == b"false\n"
        go_on.set()
        assert await answer.content.readline() == b"null\n"


async def test_a_handler_that_never_rests_is_cancelled_at_its_next_await(aiohttp_client):
    steps = itertools.count()

    @get("/busy")
    async def busy(request: web.Request) -> web.Response:
        while True:
            next(steps)
            await asyncio.sleep(0)

    client = await aiohttp_client(build_app(middlewares=[deadlines(trusted=HERE)]))
    async with client.get("/busy", headers={ENVOY: "1"}) as answer:
        assert answer.status == 504
    assert next(steps) > 0


async def test_a_timeout_of_the_handler_s_own_is_its_own(aiohttp_client):
    """It is answered as any error that nobody expected, not as the end of the deadline."""

    @get("/own")
    async def own(request: web.Request) -> web.Response:
        raise TimeoutError

    client = await aiohttp_client(build_app(middlewares=[deadlines(trusted=HERE)]))
    async with client.get("/own", headers={ENVOY: "60000"}) as answer:
        assert answer.status == 500


@pytest.fixture
async def shared(aiohttp_server):
    """A service that stalls before or within its answer, and a shared client of it without limits of its own."""
    asked = []
    table = Routes()

    @table.get("/stall")
    async def stall(request: web.Request) -> web.Response:
        asked.append(dict(request.headers))
        await asyncio.Event().wait()

    @table.get("/half")
    async def half(request: web.Request) -> web.StreamResponse:
        answer = web.StreamResponse()
        await answer.prepare(request)
        await answer.write(b"half")
        await asyncio.Event().wait()

    @table.get("/heads")
    async def heads(request: web.Request) -> web.Response:
        return web.json_response({name.lower(): value for name, value in request.headers.items()})

    server = await aiohttp_server(build_app(routes=table))
    options = {"base_url": server.make_url("/"), "timeout": None, "concurrency": 1, "lease_timeout": None}
    providers = [
        http_client_provider(**options),
        http_client_provider(name="envoy", **options, deadline_header=ENVOY),
        http_client_provider(name="grpc", **options, deadline_header=GRPC),
    ]
    runner = web.AppRunner(build_app(routes=Routes(), providers=providers))
    await runner.setup()
    yield asked
    await runner.cleanup()


async def test_a_shared_client_waits_no_longer_than_the_deadline(shared):
    async with lease_http_client() as session:
        for path in ("/stall", "/half"):
            with within(0.01), pytest.raises(TimeoutError):
                async with session.get(path) as answer:
                    await answer.read()
        with within(60), pytest.raises(TimeoutError):
            await session.get("/stall", timeout=aiohttp.ClientTimeout(total=0.01))


async def test_a_shared_client_asks_nobody_when_the_deadline_has_passed(shared):
    async with lease_http_client() as session:
        with within(0), pytest.raises(TimeoutError, match="the deadline of the request .* has passed"):
            await session.get("/stall")
    assert shared == []


async def test_a_lease_waits_no_longer_than_the_deadline(shared):
    async def lease():
        with within(0.01):
            async with lease_http_client():
                raise AssertionError

    async with lease_http_client():
        task = asyncio.get_running_loop().create_task(lease(), context=contextvars.Context())
        with pytest.raises(TimeoutError, match=r"none of 1 places came free"):
            await task


async def test_the_deadline_is_told_on_where_that_is_asked_for(shared):
    for name, header in (("envoy", ENVOY), ("grpc", GRPC), ("_default", "none")):
        async with lease_http_client(name) as session:
            async with session.get("/heads") as answer:
                assert not {ENVOY.lower(), GRPC.lower()} & {*await answer.json()}
            with within(60):
                async with session.get("/heads") as answer:
                    told = await answer.json()
            if name == "_default":
                assert not {ENVOY.lower(), GRPC.lower()} & {*told}
            else:
                assert 59 < read_seconds(header, told[header.lower()]) <= 60


@pytest.mark.parametrize("is_async", [False, True])
@pytest.mark.parametrize(("left", "calls"), [(0.0, 1), (0.5, 1), (3600.0, 3)])
async def test_no_attempt_begins_after_the_deadline(is_async, left, calls, monkeypatch):
    """And nobody waits for one that will not."""
    clock, made = Clock(), []

    async def sleep(seconds):
        clock.now += seconds

    def fail():
        made.append(clock.now)
        raise ConnectionError

    async def fail_later():
        fail()

    monkeypatch.setattr("asyncio.sleep", sleep)
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    again = retry(ConnectionError, max_retries=2, t1_ms=1000)(fail_later if is_async else fail)
    with holding(Deadline(clock, clock.now + left, lambda: False)), pytest.raises(ConnectionError):
        await again() if is_async else again()
    assert len(made) == calls
    assert current_deadline.get() is None
