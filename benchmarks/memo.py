"""What a memoized call costs, side by side with other memoizers in one run.

`hatch run bench:memo`, or `python benchmarks/memo.py` where ponty-memo, async-lru, aiocache and cashews are installed.

Rounds are interleaved, so that noise of the machine meets all of them; figures are medians over the rounds. What counts
are the ratios.
"""

import asyncio
import functools
import gc
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


async def misses() -> None:
    """Compare misses, of one key after the other, and of many different keys at once."""
    print("A miss (ratios of the two in one round, medians of the rounds):")

    async def in_turn(function: Callable[[object], Awaitable[object]], keys: list[object]) -> None:
        for key in keys:
            await function(key)

    async def at_once(function: Callable[[object], Awaitable[object]], keys: list[object]) -> None:
        await asyncio.gather(*[function(key) for key in keys])

    for what, run, count in (("one at a time", in_turn, 3_000), ("10,000 different keys at once", at_once, 10_000)):
        keys: list[object] = [f"key {number}" for number in range(count)]
        samples: dict[str, list[float]] = {"ponty.memo": [], "ponty.memo ttl": [], "async-lru": [], "async-lru ttl": []}
        for turn in range(ROUNDS):
            functions = {name: function for name, function in decorated().items() if name in samples}
            for name, function in [*functions.items()][:: 1 if turn % 2 else -1]:
                gc.collect()
                began = time.process_time()
                await run(function, keys)
                samples[name].append((time.process_time() - began) / count)
        for name, times in samples.items():
            theirs = samples["async-lru ttl" if name.endswith("ttl") else "async-lru"]
            ratio = statistics.median([one / other for one, other in zip(times, theirs, strict=True)])
            print(f"  {what:30} {name:16} {statistics.median(times) * 1e6:7.2f} us   {ratio:5.2f} of async-lru's")


MILLION = 1_000_000
FILL = """
import asyncio, gc, resource, sys, time, warnings
warnings.simplefilter("ignore")
from async_lru import alru_cache
from ponty.memo import localcache

async def bare(x):
    return x

def resident():
    gc.collect()
    return int(open("/proc/self/statm").read().split()[1]) * resource.getpagesize()

async def main(kind, count):
    keys = [f"key {number}" for number in range(count)]
    kept = {}
    if kind == "dict":
        async def call(key):
            kept[key] = key
    else:
        call = {
            "ponty.memo": lambda: localcache(maxsize=count)(bare),
            "ponty.memo, maxsize=0": lambda: localcache(maxsize=0)(bare),
            "ponty.memo ttl": lambda: localcache(maxsize=count, ttl_ms=3_600_000)(bare),
            "async-lru": lambda: alru_cache(maxsize=count)(bare),
        }[kind]()
    before = resident()
    for key in keys:
        await call(key)
    print((resident() - before) / count)

asyncio.run(main(sys.argv[1], int(sys.argv[2])))
"""


def memory() -> None:
    """Compare what an entry takes with what it takes in a dict, each in a process of its own."""
    print(f"Memory of an entry at {MILLION:,} (resident, without key and value):")
    sizes: dict[str, float] = {}
    for kind in ("dict", "ponty.memo, maxsize=0", "ponty.memo", "ponty.memo ttl", "async-lru"):
        sizes[kind] = float(subprocess.check_output([sys.executable, "-c", FILL, kind, str(MILLION)]))
        print(f"  {kind:22} {sizes[kind]:6.0f} bytes   {sizes[kind] / sizes['dict']:5.2f} of a dict's")


async def million() -> None:
    """Compare calls at a million entries with calls at 1,000, and with what a dict suffers."""
    print(f"Calls at {MILLION:,} entries, by those at 1,000:")
    small, large = localcache(maxsize=1_000)(bare), localcache(maxsize=MILLION)(bare)
    table = {size: {number: number for number in range(size)} for size in (1_000, MILLION)}
    for size, function in ((1_000, small), (MILLION, large)):
        await time_calls(function, list(range(size)))
    gc.collect()

    async def in_a_dict(size: int, keys: list[object]) -> float:
        get = table[size].get

        async def look(key: object) -> object:
            return get(key)

        return await time_calls(look, keys)

    times: dict[str, list[tuple[float, float]]] = {}
    fresh = MILLION
    for _ in range(ROUNDS):
        same: list[object] = [*range(900, 1_000)] * (CALLS // 100)
        last: list[object] = [*range(MILLION - 100, MILLION)] * (CALLS // 100)
        near: list[object] = [number * 7919 % 1_000 for number in range(CALLS)]
        far: list[object] = [number * 7919 % MILLION for number in range(CALLS)]
        new: list[object] = [*range(fresh, fresh + 2_000)]
        fresh += 2_000
        pairs = {
            "a hit, 100 keys in turn": (await time_calls(small, same), await time_calls(large, last)),
            "a dict, 100 keys in turn": (await in_a_dict(1_000, same), await in_a_dict(MILLION, last)),
            "a hit, at random": (await time_calls(small, near), await time_calls(large, far)),
            "a dict, at random": (await in_a_dict(1_000, near), await in_a_dict(MILLION, far)),
            "a miss, and an eviction": (await time_calls(small, new), await time_calls(large, new)),
        }
        await time_calls(small, list(range(1_000)))  # as it was
        for what, pair in pairs.items():
            times.setdefault(what, []).append(pair)
    for what, rounds in times.items():
        one, other = (statistics.median(column) for column in zip(*rounds, strict=True))
        ratio = statistics.median([large_one / small_one for small_one, large_one in rounds])
        print(f"  {what:26} {one * 1e9:7.0f} ns and {other * 1e9:7.0f} ns   {ratio:5.2f} of one at 1,000")


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
    for part in (hits, misses, sizes, crowd, hand_over, million):
        asyncio.run(part())
    memory()
    importing()
