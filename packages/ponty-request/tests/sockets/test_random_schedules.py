"""Random schedules: whatever comes at whatever step, no handler and no task outlives a conversation.

In each round a client says things, some of them wrong, and may stop reading, close, or be cut off, while the server may
begin to stop or somebody cancel the task, after a random number of steps of the event loop. Time is virtual.
`PONTY_ROUNDS` says how many rounds there are.
"""

import asyncio
import contextlib
import os
import random
import selectors

import pytest
from aiohttp import ClientSession, ClientWSTimeout, web

from ponty.core import Hub, app_runner, build_app, routes, websocket
from ponty.request import Socket, accept_socket

ROUNDS = int(os.environ.get("PONTY_ROUNDS", "60"))
TOO_LONG = 60


class VirtualClock(asyncio.SelectorEventLoop):
    """An event loop whose time passes when there is nothing left to do."""

    def __init__(self):
        self._now = 0.0
        clock = self

        class Selector(selectors.DefaultSelector):
            def select(self, timeout=None):
                events = super().select(0)
                if not events and timeout:
                    clock._now += timeout
                return events

        super().__init__(Selector())

    def time(self):
        return self._now


class Round:
    """One conversation, and what becomes of it."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.opened = self.closed = self.failed = 0
        self.tasks = []
        self.hub = Hub()

    async def talk(self, socket: Socket[int, str], request: web.Request) -> None:
        rng = self.random
        self.opened += 1
        try:
            async with self.hub.subscribe(backlog=4) as heard, socket.sending(heard):
                async for number in socket:
                    for _ in range(rng.randrange(3)):
                        await asyncio.sleep(rng.choice([0, 0, 0.1]))
                    self.hub.publish(str(number))
                    await socket.send("x" * rng.choice([1, 100_000]))
                    if number == 13:
                        self.failed += 1
                        raise ValueError("a failure of the handler's own")
        finally:
            await asyncio.sleep(0)
            self.closed += 1

    async def steps(self):
        for _ in range(self.random.randrange(50)):
            await asyncio.sleep(0)

    async def say(self, client):
        rng = self.random
        with contextlib.suppress(ConnectionError):
            for _ in range(rng.randrange(40)):
                await client.send_str(rng.choice(["1", "2", "3", "{", "13" if rng.random() < 0.1 else "4"]))
                await self.steps()

    async def run(self):
        with routes.emptied():
            invalid = self.random.choice(["answer", "close"])
            websocket("/")(accept_socket(int, str, rate=None, invalid=invalid)(self.talk))

            @web.middleware
            async def note(request, handler):
                self.tasks.append(asyncio.current_task())
                return await handler(request)

            runner = app_runner(build_app(middlewares=[note]), access_log=None, shutdown_timeout=20)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        stopping = None
        async with ClientSession() as session:
            address = f"http://127.0.0.1:{runner.addresses[0][1]}/"
            client = await session.ws_connect(address, timeout=ClientWSTimeout(ws_close=1))
            transport = client._response.connection.transport
            saying = asyncio.create_task(self.say(client))
            happenings = [self.random.choice(["cut", "close", "stop", "cancel", "pause", "none"]) for _ in range(2)]
            for happening in happenings:
                await self.steps()
                if happening == "cut":
                    transport.abort()
                elif happening == "close":
                    await client.close()
                elif happening == "stop" and stopping is None:
                    stopping = asyncio.create_task(runner.cleanup())
                elif happening == "cancel":
                    self.tasks[0].cancel()
                elif happening == "pause" and not transport.is_closing():
                    transport.pause_reading()
            if "pause" in happenings:
                await asyncio.sleep(5)
                transport.abort()
            await saying
            await client.close()
        async with asyncio.timeout(TOO_LONG):
            await (runner.cleanup() if stopping is None else stopping)
        for _ in range(5):
            await asyncio.sleep(0)
        assert asyncio.all_tasks() == {asyncio.current_task()}
        return happenings


@pytest.mark.parametrize("seed", range(ROUNDS))
def test_nothing_outlives_a_conversation(seed, caplog):
    one = Round(seed)
    with asyncio.Runner(loop_factory=VirtualClock) as runner:
        happenings = runner.run(one.run())
    assert one.opened == one.closed, happenings
    errors = [record.exc_info[0] for record in caplog.records if record.exc_info]
    assert len(errors) <= one.failed, (happenings, errors)
    assert {*errors} <= {ValueError}, (happenings, errors)
