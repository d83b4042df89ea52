"""A small TCP proxy in the test's own loop: it delays, cuts and swallows what a server answers."""

import asyncio
from contextlib import suppress


class Proxy:
    """Between clients and the server at `port`.

    `delay()` gives for how long to hold back what comes from the server, in seconds. `cut_after` counts the bytes of
    answers that still pass; then the connection breaks. `silent` swallows everything and keeps connections open. While
    `gate` is closed, answers wait at it, and messages overtake them. New connections lead to the port `to`; while
    `away`, they break as they are made.
    """

    def __init__(self, port):
        self.to = port
        self._server = None
        self._tasks = set()
        self._writers = set()
        self.delay = None
        self.cut_after = None
        self.silent = False
        self.away = False
        self.gate = asyncio.Event()
        self.gate.set()
        self.held = 0
        self.connections = 0
        self.port = None

    @property
    def url(self):
        return f"redis://127.0.0.1:{self.port}"

    async def __aenter__(self):
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_):
        self._server.close()
        for _ in range(5):  # whom the server has accepted in this turn of the loop is served some turns later
            await asyncio.sleep(0)
        self.cut()
        for task in [*self._tasks]:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def cut(self):
        """Break all connections."""
        for writer in self._writers:
            writer.transport.abort()

    async def _serve(self, reader, writer):
        task = asyncio.current_task()
        self._tasks.add(task)
        self._writers.add(writer)
        self.connections += 1
        try:
            await self._connect(reader, writer)
        except asyncio.CancelledError:
            pass  # from `__aexit__`; asyncio's streams would log it on some Pythons
        finally:
            self._writers.discard(writer)
            writer.transport.abort()
            self._tasks.discard(task)

    async def _connect(self, reader, writer):
        if self.away:
            return
        try:
            theirs, ours = await asyncio.open_connection("127.0.0.1", self.to)
        except OSError:
            return
        self._writers.add(ours)
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._pass_on(reader, ours, answers=False))
                group.create_task(self._pass_on(theirs, writer, answers=True))
        except* (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            self._writers.discard(ours)
            ours.transport.abort()

    async def _pass_on(self, reader, writer, *, answers):
        with suppress(OSError):
            while data := await reader.read(65536):
                if answers and self.delay is not None:
                    await asyncio.sleep(self.delay())
                if answers and b"message" not in data and not self.gate.is_set():
                    self.held += 1
                    await self.gate.wait()
                if self.silent:
                    continue
                if answers and self.cut_after is not None:
                    data, self.cut_after = data[: self.cut_after], self.cut_after - len(data)
                    if self.cut_after < 0:
                        writer.write(data)
                        await writer.drain()
                        self.cut_after = None
                        break
                writer.write(data)
                await writer.drain()
        raise ConnectionResetError
