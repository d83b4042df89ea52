"""`serve`, `serve_async` and where a server listens."""

import asyncio
import contextlib
import os
import signal
import socket

import aiohttp
import pytest
from aiohttp import web

from ponty.core import build_app, get, serve, serve_async, startmeup


async def hello(request):
    return web.Response(text="hello")


def foreign():
    """An application that `build_app` has not made."""
    app = web.Application()
    app.router.add_get("/", hello)
    return app


@contextlib.asynccontextmanager
async def served(capsys, app, **options):
    """Serve until the block ends; give the addresses that are printed."""
    task = asyncio.create_task(serve_async(app, **options))
    printed = ""
    async with asyncio.timeout(60):
        while "Serving on" not in printed and not task.done():
            await asyncio.sleep(0)
            printed += capsys.readouterr().out
    if task.done():
        await task
    yield [line.removeprefix("Serving on ") for line in printed.splitlines() if line.startswith("Serving on ")]
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


async def test_it_serves_an_application_of_anybody_s_until_its_task_is_cancelled(capsys):
    events = []

    async def lifetime(app):
        events.append(asyncio.current_task())
        yield
        events.append(asyncio.current_task())

    app = foreign()
    app.cleanup_ctx.append(lifetime)
    async with (
        served(capsys, app, port=0) as [address],
        aiohttp.ClientSession() as session,
        session.get(address) as answer,
    ):
        assert (answer.status, await answer.text()) == (200, "hello")
        assert answer.headers["Server"] == "Ponty"
    assert len(events) == 2
    assert events[0] is events[1]


async def test_all_addresses_have_one_port(capsys):
    async with served(capsys, foreign(), port=0, host=None) as addresses:
        assert len({address.rpartition(":")[2] for address in addresses}) == 1


async def test_it_listens_on_a_unix_socket_and_removes_it(capsys, tmp_path):
    path = tmp_path / "socket"
    async with served(capsys, foreign(), path=path) as addresses:
        assert addresses == [f"http+unix://{path}"]
        connector = aiohttp.UnixConnector(str(path))
        async with aiohttp.ClientSession(connector=connector) as session, session.get("http://a/") as answer:
            assert await answer.text() == "hello"
    assert not path.exists()


async def test_it_listens_on_a_socket_that_is_there(capsys):
    sock = socket.socket()
    sock.bind(("127.0.0.1", 0))
    address = f"http://127.0.0.1:{sock.getsockname()[1]}"
    async with (
        served(capsys, foreign(), sock=sock) as addresses,
        aiohttp.ClientSession() as session,
        session.get(address) as answer,
    ):
        assert addresses == [address]
        assert await answer.text() == "hello"


async def test_a_delay_before_the_stop_serves_new_connections(capsys):
    """What is ready is asked meanwhile; a second signal, or the end of the task, ends the delay."""
    async with served(capsys, foreign(), port=0, ready_delay=3600) as [address], aiohttp.ClientSession() as session:
        async with session.get(address) as answer:
            assert "Connection" not in answer.headers
        os.kill(os.getpid(), signal.SIGTERM)
        closes = None
        async with asyncio.timeout(60):
            while closes != "close":
                async with session.get(address) as answer:
                    closes = answer.headers.get("Connection")


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({}, TypeError),
        ({"port": 0, "path": "a"}, TypeError),
        ({"path": "a", "sock": "a"}, TypeError),
        ({"port": None}, ValueError),
        ({"port": -1}, ValueError),
        ({"port": 0, "ready_delay": -1}, ValueError),
        ({"port": 0, "shutdown_timeout": 0}, ValueError),
        ({"port": 0, "server_header": "a\nb"}, ValueError),
        # As they come from the environment, or of another type; some would let it serve, and fail at each connection.
        ({"port": 0, "ready_delay": "5"}, ValueError),
        ({"port": 0, "shutdown_timeout": "30"}, ValueError),
        ({"port": 0, "access_log": True}, TypeError),
        ({"port": 0, "access_log": "aiohttp.access"}, TypeError),
        ({"port": 0, "limits": {"connections": 5}}, TypeError),
        ({"sock": 3}, TypeError),
    ],
)
def test_what_cannot_be_is_refused(options, error):
    """Before anything is served, by a message that names the argument."""
    for start in (lambda: serve(foreign(), **options), lambda: startmeup(**options)):
        with pytest.raises(error, match="|".join(options) or "port"):
            start()


@pytest.mark.parametrize("start", [lambda: startmeup(port=0), lambda: serve(foreign(), port=0)])
async def test_within_a_running_loop_it_says_what_to_call(start):
    with pytest.raises(RuntimeError, match="await serve_async"):
        start()


async def test_build_app_is_served_with_its_routes_printed(capsys):
    get("/hello")(hello)
    task = asyncio.create_task(serve_async(build_app(), port=0))
    printed = ""
    async with asyncio.timeout(60):
        while "Serving on" not in printed:
            await asyncio.sleep(0)
            printed += capsys.readouterr().out
    assert printed.startswith("GET /hello\nServing on http://127.0.0.1:")
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


@pytest.mark.parametrize("kind", ["sock", "path"])
async def test_nothing_listens_once_its_task_is_cancelled_at_any_step(capsys, tmp_path, kind):
    """Also while it is about to listen, when a server of asyncio's is there that only its maker knows."""
    printed, steps = "", 0
    while "Serving on" not in printed:
        steps += 1
        with socket.socket(socket.AF_INET if kind == "sock" else socket.AF_UNIX) as client, socket.socket() as bound:
            bound.bind(("127.0.0.1", 0))
            address = bound.getsockname() if kind == "sock" else str(tmp_path / f"{steps}")
            place = bound if kind == "sock" else address
            task = asyncio.create_task(serve_async(foreign(), **{kind: place}))
            for _ in range(steps):
                await asyncio.sleep(0)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            with pytest.raises((ConnectionRefusedError, FileNotFoundError)):
                client.connect(address)
        printed = capsys.readouterr().out
    assert steps > 1
