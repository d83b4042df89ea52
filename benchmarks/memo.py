"""What a memoized call costs, side by side with other memoizers in one run.

`hatch run bench:memo`, or `python benchmarks/memo.py` where ponty-memo, async-lru, aiocache and cashews are installed.

Rounds are interleaved, so that noise of the machine meets all of them; figures are medians over the rounds. What counts
are the ratios.
"""

import asyncio
import functools
import os
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Awaitable, Callable

import aiocache  # type: ignore[import-untyped]  # no types
from async_lru import alru_cache
from cashews import Cache

from ponty.memo import localcache, locallock

ROUNDS = 15
CALLS = 20_000


async def bare(x: object) -> object:
    """Cost what a coroutine function costs that does nothing."""
    return x


def decorated(maxsize: int = 1024) -> dict[str, Callable[[object], Awaitable[object]]]:
    """Decorate one function with each memoizer, without a lifetime where it can be had."""
    cashews = Cache()
    cashews.setup("mem://", size=maxsize)
    return {
        "ponty.memo": localcache(maxsize=maxsize)(bare),
        "ponty.memo ttl": localcache(maxsize=maxsize, ttl_ms=600_000)(bare),
        "async-lru": alru_cache(maxsize=maxsize)(bare),
        "async-lru ttl": alru_cache(maxsize=maxsize, ttl=600)(bare),
        "aiocache": aiocache.cached()(bare),
        "cashews": cashews(ttl="10m")(bare),
        "bare await": bare,
    }


async def time_calls(function: Callable[[object], Awaitable[object]], arguments: list[object]) -> float:
    """Return the seconds that one call takes."""
    began = time.perf_counter()
    for argument in arguments:
        await function(argument)
    return (time.perf_counter() - began) / len(arguments)


async def hits() -> None:
    """Compare hits, of a text, of a number, and of a method's two arguments."""
    functions = decorated()
    lru = functools.lru_cache(maxsize=1024)(lambda x: x)
    samples: dict[str, list[float]] = {name: [] for name in [*functions, "lru_cache (sync)"]}
    keys: list[object] = [f"key {n}" for n in range(100)] * (CALLS // 100)
    for function in functions.values():
        await time_calls(function, keys[:100])
    for _ in range(ROUNDS):
        for name, function in functions.items():
            some = keys[: CALLS // 20] if name in {"aiocache", "cashews"} else keys
            samples[name].append(await time_calls(function, some))
        began = time.perf_counter()
        for key in keys:
            lru(key)
        samples["lru_cache (sync)"].append((time.perf_counter() - began) / len(keys))
    took = {name: statistics.median(times) for name, times in samples.items()}
    print("A hit, 100 texts in turn:")
    for name, seconds in sorted(took.items(), key=lambda item: item[1]):
        print(f"  {name:18} {seconds * 1e9:8.0f} ns   {seconds / took['async-lru']:6.2f} of async-lru's")
    above, theirs = took["ponty.memo"] - took["bare await"], took["async-lru"] - took["bare await"]
    print(f"  above a bare await: {above * 1e9:.0f} ns; async-lru: {theirs * 1e9:.0f} ns")


async def sizes() -> None:
    """Compare hits in a small cache with those in a large one."""
    print("A hit by size of the cache, of the same 100 keys, and of random ones:")
    for name, make in {
        "ponty.memo": lambda size: localcache(maxsize=size)(bare),
        "ponty.memo ttl": lambda size: localcache(maxsize=size, ttl_ms=600_000)(bare),
        "async-lru": lambda size: alru_cache(maxsize=size)(bare),
    }.items():
        caches = {size: make(size) for size in (1_000, 100_000)}
        for size, function in caches.items():
            await time_calls(function, list(range(size)))
        same: dict[int, list[float]] = {size: [] for size in caches}
        spread: dict[int, list[float]] = {size: [] for size in caches}
        for _ in range(ROUNDS):
            for size, function in caches.items():
                same[size].append(await time_calls(function, [*range(size - 100, size)] * (CALLS // 100)))
                spread[size].append(await time_calls(function, [n * 7919 % size for n in range(CALLS)]))
        ratio, wide = (statistics.median(times[100_000]) / statistics.median(times[1_000]) for times in (same, spread))
        print(f"  {name:18} at 100,000: {ratio:5.2f} of one at 1,000;  at random: {wide:5.2f}")


async def crowd() -> None:
    """Let 10,000 callers wait for one computation of 50 ms."""
    print("10,000 callers of one 50 ms computation:")
    calls = 0

    async def slow(_: object) -> int:
        nonlocal calls
        calls += 1
        await asyncio.sleep(0.05)
        return calls

    def fresh() -> dict[str, Callable[[object], Awaitable[object]]]:
        return {"ponty.memo": localcache(maxwait_ms=60_000)(slow), "async-lru": alru_cache()(slow)}

    samples: dict[str, list[float]] = {"ponty.memo": [], "async-lru": []}
    counted: dict[str, set[int]] = {"ponty.memo": set(), "async-lru": set()}
    for _ in range(ROUNDS):
        for name, function in fresh().items():
            calls, began = 0, time.perf_counter()
            results = await asyncio.gather(*[function(1) for _ in range(10_000)])
            samples[name].append(time.perf_counter() - began)
            counted[name].add(calls)
            assert results == [1] * 10_000
    took = {name: statistics.median(times) for name, times in samples.items()}
    for name, seconds in took.items():
        ratio = seconds / took["async-lru"]
        print(f"  {name:18} {seconds * 1e3:8.1f} ms   {ratio:6.2f} of async-lru's   computations: {counted[name]}")


async def hand_over() -> None:
    """Hand a lock from one task to the next, with pulses of many lengths."""
    print("A hand-over of locallock:")
    for pulse_ms in (1, 100, 10_000):
        lock = locallock(maxwait_ms=60_000, pulse_ms=pulse_ms)

        async def hold() -> None:
            async with lock.lock("key"):  # noqa: B023 - gathered before the next turn of the loop
                await asyncio.sleep(0)

        began = time.perf_counter()
        await asyncio.gather(*[hold() for _ in range(5_000)])
        print(f"  pulse_ms={pulse_ms:<6} {(time.perf_counter() - began) / 5_000 * 1e6:6.1f} µs")


def importing() -> None:
    """Import the module in processes of their own."""
    code = "import time; t = time.perf_counter(); import ponty.memo; print(time.perf_counter() - t)"
    with tempfile.TemporaryDirectory() as bytecode:
        # An installed package has its bytecode beside it; a checkout may not.
        environment = {**os.environ, "PYTHONPYCACHEPREFIX": bytecode, "PYTHONDONTWRITEBYTECODE": ""}
        first, *times = (
            float(subprocess.check_output([sys.executable, "-c", code], env=environment)) * 1e3 for _ in range(21)
        )
    print(f"import ponty.memo: {statistics.median(times):.1f} ms; {first:.1f} ms where it is compiled first")


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    print(f"Python {sys.version.split()[0]}")
    for part in (hits, sizes, crowd, hand_over):
        asyncio.run(part())
    importing()
