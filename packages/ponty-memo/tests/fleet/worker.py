"""A process of its own, for tests: it does what it is told on its standard input, and tells what has happened.

`python worker.py URL NAMESPACE OPTIONS`, with the options of `rediscache` and `redislock` as JSON. Each line of input
is an order, each line of output an event as JSON.
"""

import asyncio
import json
import os
import sys
import threading

if shift := float(os.environ.get("PONTY_CLOCK_SHIFT", "0")):  # what this process believes the time to be
    import time

    _now = time.time
    time.time = lambda: _now() + shift

from ponty.memo import LeaseLost, Locked, RedisLink, Unavailable, rediscache, redislock

url, namespace, options = sys.argv[1], sys.argv[2], json.loads(sys.argv[3])
orders: "asyncio.Queue[str]" = asyncio.Queue()
link = RedisLink(url, timeout_ms=20_000)


def say(**event):
    print(json.dumps(event), flush=True)


def read(loop):
    for line in sys.stdin:
        loop.call_soon_threadsafe(orders.put_nowait, line.strip())
    loop.call_soon_threadsafe(orders.put_nowait, "end")


async def order(expected):
    got = await orders.get()
    assert got == expected, got


@rediscache(link, namespace=namespace, name="worker", **options)
async def value(key: str) -> str:
    try:
        run = await link.command("INCR", f"{namespace}-runs:{key}")
    except Unavailable:
        return f"{key}, computed by {os.getpid()} alone"
    if key.startswith("slow"):
        say(computing=key)
        await order("go on")
    return f"{key}, run {run}"


lock = redislock(link, namespace=namespace, **{name: options[name] for name in ("maxwait_ms", "lease_ms")})


async def main():
    loop = asyncio.get_running_loop()
    threading.Thread(target=read, args=(loop,), daemon=True).start()
    async with link:
        say(ready=os.getpid())
        while (got := await orders.get()) != "end":
            match got.split():
                case ["call", key, times]:
                    say(values=sorted(set(await asyncio.gather(*[value(key) for _ in range(int(times))]))))
                case ["invalidate", key]:
                    await value.invalidate(key)
                    say(invalidated=key)
                case ["contains", key]:
                    say(contains=await value.cache_contains(key))
                case ["hold", key]:
                    try:
                        async with lock.lock(key) as lease:
                            say(entered=lease.fence)
                            await order("go on")
                        say(left=key)
                    except (LeaseLost, Locked, Unavailable) as error:
                        say(told=type(error).__name__)


asyncio.run(main())
