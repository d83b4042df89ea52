"""What tests of a server need: one in this process, whose clock stands still, and clients of bare bytes."""

import asyncio
import contextlib

from aiohttp import web

from ponty.core import app_runner

TOO_LONG = 60
"""Seconds after which something is taken to hang; no test waits for them to pass."""


class Served:
    """An application behind a socket, by a runner of Ponty's, at a time that passes when a test says so."""

    def __init__(self, app, **options):
        self.runner = app_runner(app, **{"access_log": None, "shutdown_timeout": 0.5} | options)
        self.now = 1000.0

    async def __aenter__(self):
        await self.runner.setup()
        self.server = self.runner.server
        self.server.clock = lambda: self.now
        await web.TCPSite(self.runner, "127.0.0.1", 0).start()
        self.port = self.runner.addresses[0][1]
        self.writers = []
        return self

    async def __aexit__(self, *exc):
        for writer in self.writers:
            writer.close()
        self.server.clock = asyncio.get_running_loop().time
        await self.runner.cleanup()

    @property
    def refusals(self):
        return dict(self.runner.state.refusals)

    def pass_by(self, seconds):
        """Let time pass, and have the server look."""
        self.now += seconds
        self.server.look()

    async def send(self, data, *, limit=2**16):
        """Open a connection, and send `data`."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port, limit=limit)
        self.writers.append(writer)
        writer.write(data)
        return reader, writer


async def until(condition):
    """Wait until `condition` holds."""
    async with asyncio.timeout(TOO_LONG):
        while not condition():
            await asyncio.sleep(0)


async def rest(reader):
    """Return all that comes until the connection ends."""
    parts = []
    async with asyncio.timeout(TOO_LONG):
        with contextlib.suppress(ConnectionResetError):
            while part := await reader.read(65536):
                parts.append(part)
    return b"".join(parts)
