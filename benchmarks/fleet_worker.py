"""One process of the fleet that `benchmarks/fleet.py` measures: `fleet_worker.py PEER PORT`.

It reads an order a line from its standard input, and answers each with a line of JSON. Each peer is used as its own
documentation teaches, for a cache that lets one caller compute, and for a lock.
"""

import asyncio
import importlib.metadata
import json
import logging
import sys
import threading
import time
import warnings
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack

WORK = 0.1
"""How long a computation takes, in seconds."""

PATIENCE = 60
"""After how many seconds an order has failed."""

Cached = Callable[[str], Awaitable[str]]
Locking = Callable[[str], AbstractAsyncContextManager[object]]
Peer = tuple[Cached, Locking]

computed: list[int] = []
"""When each computation of this process ended, by the clock that all processes of the machine share."""


async def compute(key: str) -> str:
    """Do what is to be done once."""
    if key.startswith("crowd"):
        await asyncio.sleep(WORK)
    computed.append(time.monotonic_ns())
    return f"what {key} stands for"


async def ponty(port: int, stack: AsyncExitStack, near_ms: float = 0) -> Peer:
    from ponty.memo import RedisLink, rediscache, redislock  # noqa: PLC0415 - each process imports its own peer

    link = await stack.enter_async_context(RedisLink(f"redis://127.0.0.1:{port}", timeout_ms=20_000))
    name = f"near{near_ms}"
    cached = rediscache(link, namespace=name, maxwait_ms=60_000, ttl_ms=600_000, near_ms=near_ms)(compute)
    return cached, redislock(link, namespace=name, maxwait_ms=60_000).lock


async def near(port: int, stack: AsyncExitStack) -> Peer:
    return await ponty(port, stack, 60_000)


async def cashews(port: int, stack: AsyncExitStack) -> Peer:
    from cashews import Cache  # noqa: PLC0415

    cache = Cache()
    cache.setup(f"redis://127.0.0.1:{port}")
    await cache.init()
    stack.push_async_callback(cache.close)
    return cache(ttl="10m", key="cashews:{key}", lock=True)(compute), lambda key: cache.lock(key, 10)


async def aiocache(port: int, stack: AsyncExitStack) -> Peer:
    import aiocache  # type: ignore[import-untyped]  # noqa: PLC0415 - and no types
    from aiocache.lock import RedLock  # type: ignore[import-untyped]  # noqa: PLC0415

    cache = aiocache.RedisCache(endpoint="127.0.0.1", port=port)
    stack.push_async_callback(cache.close)
    cached = aiocache.cached_stampede(lease=10, ttl=600, cache=aiocache.RedisCache, endpoint="127.0.0.1", port=port)
    return cached(compute), lambda key: RedLock(cache, key, lease=10)


async def redis(port: int, stack: AsyncExitStack) -> Peer:
    """Write out by hand what one writes with redis-py alone: look, lock, look again, compute, store."""
    from redis.asyncio import Redis  # noqa: PLC0415

    client = await stack.enter_async_context(Redis(port=port, decode_responses=True))

    async def cached(key: str) -> str:
        if (found := await client.get(key)) is not None:
            return str(found)
        async with client.lock(f"{key}-lock", timeout=10):
            if (found := await client.get(key)) is not None:
                return str(found)
            value = await compute(key)
            await client.set(key, value, ex=600)
            return value

    return cached, lambda key: client.lock(key, timeout=10)


PEERS = {"ponty.memo": ponty, "ponty.memo near": near, "cashews": cashews, "aiocache": aiocache, "redis-py": redis}
"""How each one is made, by the name that the tables give it."""

DISTRIBUTIONS = {"ponty.memo": "ponty-memo", "ponty.memo near": "ponty-memo", "redis-py": "redis"}


class Worker:
    """Do what is ordered, with one peer."""

    def __init__(self, cached: Cached, locking: Locking) -> None:
        self.cached = cached
        self.locking = locking

    async def crowd(self, key: str, callers: str, begin: str) -> dict[str, object]:
        """Let many call at once, at a time by the common clock in nanoseconds."""
        computed.clear()
        await asyncio.sleep((int(begin) - time.monotonic_ns()) / 1e9)
        served = await asyncio.gather(*[self._call(key) for _ in range(int(callers))])
        return {"computed": computed, "served": max(served)}

    async def _call(self, key: str) -> int:
        value = await self.cached(key)
        now = time.monotonic_ns()
        if value != f"what {key} stands for":
            raise ValueError(f"{key} is {value!r}")
        return now

    async def call(self, key: str, times: str) -> dict[str, object]:
        """Call in turn, and give how many seconds each took."""
        began = time.perf_counter()
        for _ in range(int(times)):
            await self.cached(key)
        return {"seconds": (time.perf_counter() - began) / int(times)}

    async def lock(self, key: str, times: str) -> dict[str, object]:
        """Take a lock that nobody else wants, and give it back."""
        began = time.perf_counter()
        for _ in range(int(times)):
            async with self.locking(key):
                pass
        return {"seconds": (time.perf_counter() - began) / int(times)}


def say(event: dict[str, object]) -> None:
    print(json.dumps(event), flush=True)


async def work(name: str, port: int) -> None:
    loop = asyncio.get_running_loop()
    orders: asyncio.Queue[str] = asyncio.Queue()

    def read() -> None:
        for line in sys.stdin:
            loop.call_soon_threadsafe(orders.put_nowait, line)
        loop.call_soon_threadsafe(orders.put_nowait, "")

    async with AsyncExitStack() as stack:
        worker = Worker(*await PEERS[name](port, stack))
        threading.Thread(target=read, daemon=True).start()
        say({"version": importlib.metadata.version(DISTRIBUTIONS.get(name, name))})
        while order := await orders.get():
            what, *arguments = order.split()
            async with asyncio.timeout(PATIENCE):
                say(await getattr(worker, what)(*arguments))


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    logging.disable()
    try:
        asyncio.run(work(sys.argv[1], int(sys.argv[2])))
    except Exception as error:  # noqa: BLE001 - whatever keeps a peer from running is told in the table
        say({"failed": f"{type(error).__name__}: {error}"})
