"""Every way in which a stream ends: its generator is closed, and the client is told whether that was all."""

import asyncio
import contextlib
import pathlib
import sys

import pytest
from aiohttp import ClientPayloadError, web

from ponty.core import Event, Routes, build_app, get, render_csv, render_events, render_json, render_lines
from ponty.core.streams import stream

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent))
from serving import TOO_LONG, Served, rest, until

GET = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
END = b"0\r\n\r\n"

KINDS = [render_events, render_lines, render_json, render_csv]


def serve_one(render, make):
    """Serve a generator function that notes how it ends."""
    ends = []

    @get("/")
    @render
    async def handler(request: web.Request):
        try:
            async for value in make():
                yield value
        except BaseException as error:
            ends.append(type(error))
            raise
        else:
            ends.append(None)
        finally:
            await asyncio.sleep(0)
            ends.append("closed")

    return ends


async def forever(item=None):
    if item is not None:
        yield item
    await asyncio.Event().wait()


async def torrent():
    while True:
        yield {"text": "x" * 1000}


@web.middleware
async def clones(request, handler):
    """As what trusts a proxy does."""
    return await handler(request.clone(host="a.example"))


@pytest.mark.parametrize("middlewares", [[], [clones]], ids=["by itself", "as a clone"])
@pytest.mark.parametrize("render", KINDS)
async def test_a_client_that_leaves_ends_a_generator_that_waits(render, middlewares, caplog):
    """At once, by nobody's write; nothing is logged."""
    ends = serve_one(render, forever)
    async with Served(build_app(middlewares=middlewares)) as served:
        _, writer = await served.send(GET)
        await until(lambda: any(connection.request for connection in served.server.connections))
        for _ in range(20):
            await asyncio.sleep(0)
        writer.transport.abort()
        await until(lambda: ends)
        await until(lambda: not served.server.connections)
    assert ends == [asyncio.CancelledError, "closed"]
    assert not caplog.records


@pytest.mark.parametrize("render", KINDS)
async def test_a_client_that_does_not_read_stops_the_generator_and_leaves(render, caplog):
    """No more than the buffers hold is made for it; when it leaves, the generator is closed where it stands."""
    made = 0

    async def counted():
        nonlocal made
        async for value in torrent():
            made += 1
            yield value

    ends = serve_one(render, counted)
    async with Served(build_app()) as served:
        _, writer = await served.send(GET, limit=2**10)
        writer.transport.pause_reading()
        before = -1
        while made != before or made == 0:  # until some time passes in which nothing is made
            before = made
            for _ in range(1000):
                await asyncio.sleep(0)
        (connection,) = served.server.connections
        assert connection.writing_paused
        assert connection.transport.get_write_buffer_size() < 2**16
        writer.transport.abort()
        await until(lambda: ends)
    assert ends == [GeneratorExit, "closed"]
    assert not caplog.records


@pytest.mark.parametrize("render", KINDS)
async def test_an_error_in_the_midst_is_logged_once_and_no_end_is_told(render, caplog):
    async def fails():
        for _ in range(100):  # more than a batch
            yield {"text": "x" * 1000}
        raise ValueError("no more")

    ends = serve_one(render, fails)
    async with Served(build_app()) as served:
        reader, _ = await served.send(GET)
        got = await rest(reader)
    assert got.startswith(b"HTTP/1.1 200 ")
    assert not got.endswith(END)
    assert ends == [ValueError, "closed"]
    (record,) = caplog.records
    assert record.getMessage() == "GET / failed"
    assert record.exc_info[0] is ValueError


@pytest.mark.parametrize("render", [render_events, render_lines])
async def test_what_came_before_an_error_is_sent(render):
    async def fails():
        yield 1
        raise ValueError("no more")

    serve_one(render, fails)
    async with Served(build_app()) as served:
        reader, _ = await served.send(GET)
        got = await rest(reader)
    assert b"1\n" in got.partition(b"\r\n\r\n")[2]
    assert not got.endswith(END)


@pytest.mark.parametrize("render", [render_json, render_csv])
async def test_where_nothing_need_be_prompt_an_error_of_the_first_batch_is_a_500(render):
    async def fails():
        yield {"a": 1}
        raise ValueError("no more")

    serve_one(render, fails)
    async with Served(build_app()) as served:
        reader, _ = await served.send(GET.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
        got = await rest(reader)
    assert got.startswith(b"HTTP/1.1 500 ")


def stop(served):
    """Begin a stop, with as much time as it likes."""
    served.server.clock = asyncio.get_running_loop().time
    served.runner._seconds = TOO_LONG
    return asyncio.create_task(served.runner.cleanup())


async def test_a_stop_ends_events_well_with_a_last_one(caplog):
    ends = serve_one(render_events(last=Event("bye", retry_ms=500)), lambda: forever(1))
    async with Served(build_app()) as served:
        reader, _ = await served.send(GET)
        await reader.readuntil(b"data: 1\n\n")
        await stop(served)
        got = await rest(reader)
    assert b"retry: 500\ndata: bye\n\n" in got
    assert got.endswith(END)
    assert ends == [asyncio.CancelledError, "closed"]
    assert not caplog.records


@pytest.mark.parametrize("where", ["waiting", "yielding"])
async def test_a_generator_may_yield_a_last_event_itself(where, monkeypatch):
    """The stop reaches it as a cancellation, whether it waits or stands at a yield."""
    monkeypatch.setattr(stream, "TAKE_SECONDS", TOO_LONG)
    ends = []

    @get("/")
    @render_events
    async def handler(request: web.Request):
        try:
            yield "x" * (10_000_000 if where == "yielding" else 1)
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            yield "goodbye"
            yield "never asked for"
        finally:
            ends.append("closed")

    async with Served(build_app()) as served:
        reader, _ = await served.send(GET)
        await reader.readuntil(b"data: x")
        stopping = stop(served)
        await until(lambda: served.runner.state.is_stopping)
        got = await rest(reader)
        await stopping
    assert b"data: goodbye\n\n" in got
    assert b"never" not in got
    assert got.endswith(END)
    assert ends == ["closed"]


async def test_a_stop_breaks_lines_off_unless_their_generator_ends_them():
    """A part of the lines must not look like all of them."""
    table = Routes()

    @table.get("/cut")
    @render_lines
    async def cut(request: web.Request):
        yield 1
        await asyncio.Event().wait()

    @table.get("/ended")
    @render_lines
    async def ended(request: web.Request):
        yield 1
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.Event().wait()

    async with Served(build_app(routes=table)) as served:
        readers = [(await served.send(GET.replace(b"/", path, 1)))[0] for path in (b"/cut", b"/ended")]
        for reader in readers:
            await reader.readuntil(b"1\n")
        await stop(served)
        assert [(await rest(reader)).endswith(END) for reader in readers] == [False, True]


@pytest.mark.parametrize("render", [render_json, render_csv])
async def test_a_stop_lets_what_has_an_end_finish(render):
    go_on = asyncio.Event()

    async def finishes():
        yield {"text": "x" * 100_000}
        await go_on.wait()
        yield {"text": "last"}

    ends = serve_one(render, finishes)
    async with Served(build_app()) as served:
        reader, _ = await served.send(GET, limit=2**20)
        await reader.readuntil(b"xx")
        stopping = stop(served)
        await until(lambda: served.runner.state.is_stopping)
        go_on.set()
        got = await rest(reader)
        await stopping
    assert b"last" in got
    assert got.endswith(END)
    assert ends == [None, "closed"]


def test_a_client_that_does_not_read_holds_no_stop_up(run_virtually):
    ends = serve_one(render_events, torrent)

    async def main():
        loop = asyncio.get_running_loop()
        async with Served(build_app()) as served:
            _, writer = await served.send(GET, limit=2**10)
            writer.transport.pause_reading()
            await until(lambda: any(connection.writing_paused for connection in served.server.connections))
            began = loop.time()
            await stop(served)
            return loop.time() - began

    assert run_virtually(main()) < 2
    assert ends == [asyncio.CancelledError, "closed"]


@pytest.mark.parametrize(("render", "status"), [(render_events, b"200"), (render_lines, b"503")])
async def test_a_stream_that_is_asked_for_while_the_server_stops(render, status):
    """Of events, the client comes again by itself after a good answer, and after no other."""
    serve_one(render, forever)
    blocker = asyncio.Event()

    @get("/slow")
    async def slow(request: web.Request) -> web.Response:
        await blocker.wait()
        return web.Response()

    async with Served(build_app()) as served:
        served.server.clock = asyncio.get_running_loop().time
        _, keeps = await served.send(GET.replace(b"/", b"/slow", 1))
        reader, writer = await served.send(GET[:20])
        await until(lambda: len(served.server.connections) == 2)
        await until(lambda: all(connection.received for connection in served.server.connections))
        stopping = stop(served)
        await until(lambda: served.runner.state.is_stopping)
        for _ in range(20):
            await asyncio.sleep(0)
        writer.write(GET[20:])
        got = await rest(reader)
        blocker.set()
        await stopping
        keeps.close()
    assert got.startswith(b"HTTP/1.1 " + status)


async def test_streams_of_an_application_below_another_and_of_bare_aiohttp_end_too(aiohttp_server):
    """An application that is mounted in one of aiohttp's own is told by that one."""
    ends = serve_one(render_events, lambda: forever(1))
    outer = web.Application()
    outer.add_subapp("/in", build_app())
    server = await aiohttp_server(outer)
    reader, writer = await asyncio.open_connection(server.host, server.port)
    writer.write(GET.replace(b"/", b"/in/", 1))
    await reader.readuntil(b"data: 1\n\n")
    await server.close()
    assert (await rest(reader)).endswith(END)
    assert ends == [asyncio.CancelledError, "closed"]
    writer.close()


async def test_a_cancellation_by_somebody_else_closes_the_generator_and_goes_on(ponty_client):
    ends = serve_one(render_events, lambda: forever(1))
    tasks = []

    @web.middleware
    async def note(request, handler):
        tasks.append(asyncio.current_task())
        return await handler(request)

    client = await ponty_client(middlewares=[note])
    async with client.get("/") as answer:
        await answer.content.readuntil(b"\n\n")
        tasks[0].cancel()
        with pytest.raises(ClientPayloadError):
            await answer.read()
    assert ends == [asyncio.CancelledError, "closed"]
    assert tasks[0].cancelled()


async def test_a_generator_that_hears_of_no_end_is_closed_at_its_next_yield():
    async def deaf():
        yield 1
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.Event().wait()
        yield 2

    ends = serve_one(render_events, deaf)
    async with Served(build_app()) as served:
        reader, writer = await served.send(GET)
        await reader.readuntil(b"data: 1\n\n")
        writer.transport.abort()
        await until(lambda: ends)
    assert ends == [GeneratorExit, "closed"]


async def test_an_error_while_a_generator_closes_is_logged(caplog):
    @get("/")
    @render_events
    async def handler(request: web.Request):
        try:
            yield 1
            await asyncio.Event().wait()
        finally:
            raise ValueError("cannot close")

    async with Served(build_app()) as served:
        reader, writer = await served.send(GET)
        await reader.readuntil(b"data: 1\n\n")
        writer.transport.abort()
        await until(lambda: caplog.records)
    (record,) = caplog.records
    assert record.exc_info[0] is ValueError


async def test_what_a_generator_holds_across_a_yield_is_of_one_task():
    tasks, values = set(), []

    @get("/")
    @render_events
    async def handler(request: web.Request):
        async with asyncio.timeout(TOO_LONG), asyncio.TaskGroup() as group:
            for number in range(3):
                tasks.add(asyncio.current_task())
                group.create_task(asyncio.sleep(0))
                values.append(number)
                yield number
                await asyncio.sleep(0)

    async with Served(build_app()) as served:
        reader, _ = await served.send(GET.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
        assert (await rest(reader)).endswith(END)
    assert len(tasks) == 1
    assert values == [0, 1, 2]
