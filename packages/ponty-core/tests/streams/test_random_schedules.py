"""Random schedules: a client, a stop and a cancellation come at any step of a stream, and it is always closed.

Each round runs one stream in an event loop of its own. After a random number of steps of the loop, the client leaves,
or stops reading, the server begins to stop, or somebody cancels the task; two of these may come at once. `PONTY_ROUNDS`
says how many rounds there are.
"""

import asyncio
import os
import pathlib
import random
import sys

import pytest
from aiohttp import web

from ponty.core import Event, build_app, get, render_events, render_json, render_lines, routes

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent))
from serving import Served, rest

ROUNDS = int(os.environ.get("PONTY_ROUNDS", "60"))
GET = b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
END = b"0\r\n\r\n"
RENDERS = {
    "events": render_events(last=Event("last")),
    "lines": render_lines,
    "array": render_json(envelope=False),
}
HAPPENINGS = ("leave", "stop", "cancel", "pause", "none")


class Round:
    """One stream, and what becomes of it.

    Args:
        kind: How it is rendered.
        seed: Decides on everything else.
    """

    def __init__(self, kind, seed):
        self.random = random.Random(seed)
        self.kind = kind
        self.opened = self.closed = self.cleaned = 0
        self.is_whole = self.failed = False
        self.tasks = []
        self.stopping = None
        self.items = self.random.choice([0, 1, 3, 50])
        self.size = self.random.choice([1, 100, 50_000])
        self.fails = self.random.random() < 0.2

    async def generate(self, request: web.Request):
        rng = self.random
        self.opened += 1
        try:
            for number in range(self.items):
                for _ in range(rng.randrange(3)):
                    await asyncio.sleep(rng.choice([0, 0, 0.1]))
                yield f"{number}:" + "x" * self.size
            if self.fails:
                self.failed = True
                raise ValueError("a failure of the generator's own")
            self.is_whole = True
        finally:
            self.closed += 1
            await asyncio.sleep(0)
            self.cleaned += 1

    async def run(self):
        with routes.emptied():
            get("/")(RENDERS[self.kind](self.generate))

            @web.middleware
            async def note(request, handler):
                self.tasks.append(asyncio.current_task())
                return await handler(request)

            app = build_app(middlewares=[note])  # which keeps the tasks: that of the request is the first
        async with Served(app) as served:
            served.server.clock = asyncio.get_running_loop().time
            served.runner._seconds = 20
            reader, writer = await served.send(GET, limit=2**12)
            happenings = [self.random.choice(HAPPENINGS) for _ in range(2)]
            reading = None if "pause" in happenings else asyncio.create_task(rest(reader))
            if reading is None:
                writer.transport.pause_reading()
            for happening in happenings:
                for _ in range(self.random.randrange(60)):
                    await asyncio.sleep(0)
                if happening == "leave":
                    writer.transport.abort()
                elif happening == "stop" and self.stopping is None:
                    self.stopping = asyncio.create_task(served.runner.cleanup())
                elif happening == "cancel" and self.tasks:
                    self.tasks[0].cancel()
            if reading is None:
                await asyncio.sleep(5)
                writer.transport.abort()
            got = b"" if reading is None else await reading
            if self.stopping is None and self.tasks:
                await asyncio.wait(self.tasks[:1])
            await (served.runner.cleanup() if self.stopping is None else self.stopping)
            assert asyncio.all_tasks() == {asyncio.current_task()}
        return happenings, got


@pytest.mark.parametrize("kind", RENDERS)
@pytest.mark.parametrize("seed", range(ROUNDS))
def test_a_stream_is_closed_whatever_comes(kind, seed, run_virtually, caplog):
    one = Round(kind, seed)
    happenings, got = run_virtually(one.run())
    assert one.opened == one.closed
    # Who else cancels is obeyed, also where the generator cleans up, and a server that stops waits for nobody who left.
    is_cut_short = "cancel" in happenings or {"leave", "stop"} == {*happenings}
    if not is_cut_short:
        assert one.cleaned == one.closed, happenings
    if got.endswith(END) and {*happenings} != {"none"}:
        # An end is told of a stream that is whole, or that comes again by itself.
        assert one.is_whole or kind == "events", (happenings, got[-50:])
    errors = [record.exc_info[0] for record in caplog.records if record.exc_info]
    if not is_cut_short or errors:  # a cancellation may come on top of a failure
        assert errors == [ValueError] * one.failed, (happenings, errors)
