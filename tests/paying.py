"""A server that pays, for tests: at one step of its work it stops, and waits to be killed or told to go on.

`python paying.py URL NAMESPACE AFTER_CRASH STEP`. It prints its port, and then each step that it has stopped at.
"""

import asyncio
import contextlib
import os
import sys
import threading

from aiohttp import web

from ponty import IDEMPOTENCY, Routes, app_runner, build_app, idempotent
from ponty.memo import RedisLink, RedisRecords

LEASE_MS = 300


class Stops:
    """Where the work stops, once."""

    def __init__(self, step=None):
        self.step = step
        self.going = asyncio.Event()

    async def at(self, step):
        if step == self.step:
            self.step = None
            print("at", step, flush=True)
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


async def main():
    url, namespace, after_crash, step = sys.argv[1:]
    stops = Stops(step)
    loop = asyncio.get_running_loop()

    def read():
        for _ in sys.stdin:
            loop.call_soon_threadsafe(stops.going.set)

    async with RedisLink(url, timeout_ms=20_000) as link:
        runner = app_runner(paying(link, namespace, after_crash, stops), access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        threading.Thread(target=read, daemon=True).start()
        print("port", runner.addresses[0][1], flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
