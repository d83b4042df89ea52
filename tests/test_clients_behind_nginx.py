"""Clients of a real nginx before a program: each has its own share, by the address that nginx tells."""

import asyncio
import contextlib
import os
import pathlib
import sys

import pytest
from aiohttp import web

from ponty import Limits, app_runner, build_app, get, trusted_proxies

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from hostile import nginx

pytestmark = [
    pytest.mark.programs,
    pytest.mark.skipif(nginx.NGINX is None and "CI" not in os.environ, reason="nginx is not on the path"),
]


async def test_one_client_takes_up_its_own_share_and_no_other_s(tmp_path):
    """Each asks from an address of its own, which the loopback network has many of."""
    go_on, waiting = asyncio.Event(), asyncio.Event()

    @get("/wait")
    async def wait(request: web.Request) -> web.Response:
        waiting.set()
        await go_on.wait()
        return web.Response(text=request.remote)

    @get("/")
    async def who(request: web.Request) -> web.Response:
        return web.Response(text=request.remote)

    async def ask(path, client):
        reader, writer = await asyncio.open_connection("127.0.0.1", port, local_addr=(client, 0))
        with contextlib.closing(writer):
            writer.write(f"GET {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".encode())
            head, _, body = (await reader.read()).partition(b"\r\n\r\n")
        return head.split()[1].decode(), body.decode()

    app = build_app(middlewares=[trusted_proxies("127.0.0.1", hops=1)])
    runner = app_runner(app, limits=Limits(connections_per_client=1), access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        with nginx.before(f"127.0.0.1:{runner.addresses[0][1]}", tmp_path) as port:
            first = asyncio.create_task(ask("/wait", "127.0.0.2"))
            await waiting.wait()
            assert (await ask("/", "127.0.0.2"))[0] == "503"
            assert await ask("/", "127.0.0.3") == ("200", "127.0.0.3")
            go_on.set()
            assert await first == ("200", "127.0.0.2")
            assert await ask("/", "127.0.0.2") == ("200", "127.0.0.2")
    finally:
        go_on.set()
        await runner.cleanup()
