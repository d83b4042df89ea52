"""A server that pays, for tests: at one step of its work it stops, and waits to be killed or told to go on.

`serve` runs in a process of its own. It tells its port, and then the step that it has stopped at.
"""

import asyncio
import contextlib
import os
import threading

from aiohttp import web

from ponty import IDEMPOTENCY, Routes, app_runner, build_app, idempotent
from ponty.memo import RedisLink, RedisRecords

LEASE_MS = 60_000
"""So long that no load makes a process lose it: tests end leases themselves, in Redis, as their time would."""


class Stops:
    """Where the work stops, once."""

    def __init__(self, step=None, tell=None):
        self.step = step
        self.tell = tell
        self.going = asyncio.Event()

    async def at(self, step):
        if step == self.step:
            self.step = None
            self.tell(step)
            await self.going.wait()


class Stopping:
    """A store that stops at its steps."""

    def __init__(self, records, stops):
        self.records = records
        self.stops = stops

    async def get(self, key):
        data = await self.records.get(key)
        await self.stops.at("looked")
        return data

    @contextlib.asynccontextmanager
    async def hold(self, key, *, maxwait_ms):
        async with self.records.hold(key, maxwait_ms=maxwait_ms) as held:
            await self.stops.at("held")
            yield StoppingHeld(held, self.stops)
        await self.stops.at("given back")


class StoppingHeld:
    def __init__(self, held, stops):
        self.held = held
        self.stops = stops
        self.fence = held.fence

    @property
    def data(self):
        return self.held.data

    async def keep(self, data, ttl_ms):
        is_answer = b"begun" not in data[:60]
        await self.stops.at("recording" if is_answer else "beginning")
        kept = await self.held.keep(data, ttl_ms)
        await self.stops.at("recorded" if is_answer else "begun")
        return kept

    async def forget(self):
        return await self.held.forget()


def paying(link, namespace, after_crash, stops):
    """Make the application; each payment is counted in Redis."""
    records = RedisRecords(link, namespace=namespace, lease_ms=LEASE_MS)
    around = idempotent(Stopping(records, stops), maxwait_ms=60_000, required=True, after_crash=after_crash)
    routes = Routes()

    @routes.post("/payments", middlewares=[around])
    async def pay(request: web.Request) -> web.Response:
        await stops.at("called")
        count = await link.command("INCR", f"{namespace}-payments")
        await stops.at("paid")
        fence = request[IDEMPOTENCY].fence
        return web.json_response({"payment": count, "by": os.getpid(), "fence": fence}, status=201)

    return build_app(routes=[routes])


def serve(pipe, url, namespace, after_crash, step):
    """Serve until the process is killed."""
    asyncio.run(_serve(pipe, url, namespace, after_crash, step))


async def _serve(pipe, url, namespace, after_crash, step):
    stops = Stops(step, pipe.send)
    loop = asyncio.get_running_loop()

    def hear():
        with contextlib.suppress(EOFError):
            pipe.recv()
            loop.call_soon_threadsafe(stops.going.set)

    async with RedisLink(url, timeout_ms=20_000) as link:
        runner = app_runner(paying(link, namespace, after_crash, stops), access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        threading.Thread(target=hear, daemon=True).start()
        pipe.send(runner.addresses[0][1])
        await asyncio.Event().wait()
