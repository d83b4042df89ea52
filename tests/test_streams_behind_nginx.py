"""Streams and websockets through a real nginx: nothing is held back, and whoever leaves it leaves the program."""

import asyncio
import os
import pathlib
import sys

import pytest
from aiohttp import ClientSession, web

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from hostile import nginx

from ponty import Event, Routes, Socket, accept_socket, app_runner, build_app, render_events, websocket

pytestmark = pytest.mark.skipif(nginx.NGINX is None and "CI" not in os.environ, reason="nginx is not on the path")

TOO_LONG = 60


@pytest.fixture
async def proxied(tmp_path, routes):
    """Serve a stream and a websocket behind nginx; give a client, and what has ended."""
    ends = []
    go_on = asyncio.Event()
    table = Routes()

    @table.get("/events")
    @render_events(heartbeat=0.2)
    async def events(request: web.Request):
        try:
            yield Event("first", id="1")
            await go_on.wait()
            yield "second"
            await asyncio.Event().wait()
        finally:
            ends.append("events")

    @websocket("/echo")
    @accept_socket(str, str)
    async def echo(socket: Socket[str, str], request: web.Request) -> None:
        async for message in socket:
            await socket.send(message)
        ends.append("echo")

    runner = app_runner(build_app(routes=[table, routes]), access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        with nginx.before(f"127.0.0.1:{runner.addresses[0][1]}", tmp_path) as port:
            async with ClientSession(f"http://127.0.0.1:{port}") as session:
                yield session, go_on, ends
    finally:
        await runner.cleanup()


async def test_events_pass_at_once_and_who_leaves_is_gone(proxied):
    session, go_on, ends = proxied
    async with asyncio.timeout(TOO_LONG):
        async with session.get("/events", headers={"Accept-Encoding": "gzip"}) as answer:
            assert answer.headers["Content-Type"] == "text/event-stream"
            assert await answer.content.readuntil(b"\n\n") == b"id: 1\ndata: first\n\n"
            assert await answer.content.readuntil(b"\n\n") == b":\n\n"
            go_on.set()
            while await answer.content.readuntil(b"\n\n") != b"data: second\n\n":
                pass
            answer.close()
        while not ends:
            await asyncio.sleep(0)
    assert ends == ["events"]


async def test_a_websocket_passes(proxied):
    session, _, ends = proxied
    async with asyncio.timeout(TOO_LONG):
        async with session.ws_connect("/echo", headers={"Origin": "http://127.0.0.1"}) as client:
            await client.send_str('"hello"')
            assert await client.receive_json() == "hello"
        while not ends:
            await asyncio.sleep(0)
    assert ends == ["echo"]
