"""What a cache over Redis costs: a hit beside a bare GET, a near hit beside a local one, and many keys asked at once.

`hatch run bench:memo-redis`, or `python benchmarks/memo_redis.py` where ponty-memo, redis and a `redis-server` are
installed. Rounds are interleaved, so that noise of the machine meets all of them; what counts are the ratios.
"""

import asyncio
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager

import redis.asyncio

from ponty.memo import RedisLink, localcache, rediscache

ROUNDS = 11
HITS = 2_000
AT_ONCE = 1_000
VALUE = "x" * 100


@contextmanager
def server() -> Iterator[str]:
    """Start a server of our own, and return its URL."""
    program = shutil.which("redis-server") or shutil.which("valkey-server")
    if program is None:
        sys.exit("a redis-server or valkey-server is needed on the PATH")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with tempfile.TemporaryDirectory() as folder:
        options = ["--port", str(port), "--save", "", "--dir", folder, "--bind", "127.0.0.1"]
        process = subprocess.Popen([program, *options], stdout=subprocess.DEVNULL)
        try:
            while True:
                try:
                    socket.create_connection(("127.0.0.1", port)).close()
                    break
                except ConnectionRefusedError:
                    time.sleep(0.02)
            yield f"redis://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait()


async def latencies(ask: Callable[[str], Awaitable[object]], keys: list[str], callers: int) -> list[float]:
    """Return how long each of many calls took, in seconds, made by so many callers at once."""
    took: list[float] = []

    async def call(some: list[str]) -> None:
        for key in some:
            began = time.perf_counter()
            await ask(key)
            took.append(time.perf_counter() - began)

    await asyncio.gather(*[call(keys[first::callers]) for first in range(callers)])
    return took


def percentile(values: list[float], share: float) -> float:
    """Return what so large a share of the values stays under."""
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


async def hits(url: str) -> None:
    """Compare a hit in Redis with a bare GET of redis-py's, at the same number of callers."""
    link = RedisLink(url)

    @rediscache(link, name="hits")
    async def cached(_: str) -> str:
        return VALUE

    @rediscache(link, name="mortal", ttl_ms=600_000)
    async def mortal(_: str) -> str:
        return VALUE

    client = redis.asyncio.Redis.from_url(url)
    keys = [f"key {number}" for number in range(100)]
    async with link:
        for key in keys:
            await cached(key)
            await mortal(key)
            await client.set(key, VALUE)
        ways: dict[str, Callable[[str], Awaitable[object]]] = {
            "redis-py's GET": client.get,
            "ponty.memo": cached,
            "ponty.memo ttl": mortal,
        }
        print("A hit in Redis, by how many callers there are:")
        for callers in (1, 10, 50):
            samples: dict[str, list[list[float]]] = {name: [] for name in ways}
            for _ in range(ROUNDS):
                for name, ask in ways.items():
                    samples[name].append(await latencies(ask, keys * (HITS // len(keys)), callers))
            for name, rounds in samples.items():
                for share in (0.5, 0.99):
                    mine = [percentile(took, share) for took in rounds]
                    theirs = [percentile(took, share) for took in samples["redis-py's GET"]]
                    ratio = statistics.median([one / other for one, other in zip(mine, theirs, strict=True)])
                    what = f"{callers} callers, p{share * 100:g}, {name}"
                    print(f"  {what:40} {statistics.median(mine) * 1e6:8.0f} us  {ratio:6.2f} of that of a bare GET")
    await client.aclose()


async def near(url: str) -> None:
    """Compare a hit of a near cache with one of a local cache."""
    link = RedisLink(url)

    async def text(_: str) -> str:
        return VALUE

    async def mapping(_: str) -> dict[str, int]:
        return {"price": 1, "stock": 2}

    keys = [f"key {number}" for number in range(100)]
    print("A hit of a near cache:")
    async with link:
        for what, function in {"a text": text, "a dict, which each caller gets its own of": mapping}.items():
            ways: dict[str, Callable[[str], Awaitable[object]]] = {
                "local": localcache()(function),
                "local ttl": localcache(ttl_ms=600_000)(function),
                "near": rediscache(link, name=f"near {what}", near_ms=600_000)(function),
            }
            for ask in [*ways.values()] * 3:
                await latencies(ask, keys, 1)
                await asyncio.sleep(0.05)
            samples: dict[str, list[float]] = {name: [] for name in ways}
            for _ in range(ROUNDS):
                for name, ask in ways.items():
                    began = time.process_time()
                    for key in keys * 100:
                        await ask(key)
                    samples[name].append((time.process_time() - began) / len(keys) / 100)
            for name in ("local", "local ttl"):
                pairs = zip(samples["near"], samples[name], strict=True)
                ratio = statistics.median([one / other for one, other in pairs])
                print(f"  {what:42} {statistics.median(samples['near']) * 1e9:6.0f} ns  {ratio:6.2f} of {name}")


async def at_once(url: str) -> None:
    """Ask for many different keys in one turn of the event loop, and count the round trips."""
    link = RedisLink(url)
    control = redis.asyncio.Redis.from_url(url)

    @rediscache(link, name="at once", maxwait_ms=60_000)
    async def cached(_: str) -> str:
        return VALUE

    async def reads() -> int:
        stats = await control.info("stats")
        return int(stats["total_reads_processed"])

    print(f"{AT_ONCE} different keys at once:")
    async with link:
        for what in ("misses", "hits"):
            before, began = await reads(), time.perf_counter()
            await asyncio.gather(*[cached(f"key {number}") for number in range(AT_ONCE)])
            took, after = time.perf_counter() - began, await reads()
            print(f"  {what:8} {took * 1e3:8.1f} ms   {after - before - 1} reads of the server from its sockets")
    pool = redis.asyncio.BlockingConnectionPool.from_url(url, max_connections=50)
    client = redis.asyncio.Redis(connection_pool=pool)
    before, began = await reads(), time.perf_counter()
    await asyncio.gather(*[client.get(f"key {number}") for number in range(AT_ONCE)])
    took, after = time.perf_counter() - began, await reads()
    print(f"  redis-py's GETs {took * 1e3:8.1f} ms   {after - before - 1} reads")
    await client.aclose()
    await control.aclose()


async def main(url: str) -> None:
    """Measure all of it with one server."""
    for part in (hits, near, at_once):
        await part(url)


if __name__ == "__main__":
    print(f"Python {sys.version.split()[0]}, redis-py {redis.__version__}")
    with server() as address:
        asyncio.run(main(address))
