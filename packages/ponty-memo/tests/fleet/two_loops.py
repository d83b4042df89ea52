"""A program with two event loops: while one stands still with a key of the cache in hand, the other clears the cache.

It is a program of its own, because a loop that stands still leaves tasks behind that are never done.
"""

import asyncio
import sys

from ponty.memo import RedisLink, rediscache


def main(url, namespace):
    """Print what each loop got."""
    one, two = asyncio.new_event_loop(), asyncio.new_event_loop()
    link, ran, go = RedisLink(url, timeout_ms=20_000), [], asyncio.Event()

    @rediscache(link, namespace=namespace, name="prices", maxwait_ms=60_000, lease_ms=600_000)
    async def price(product: str) -> int:
        ran.append(product)
        if product == "tea":
            await go.wait()
        return len(product)

    async def begin():
        caller = asyncio.create_task(price("tea"))
        while not ran:
            await asyncio.sleep(0.001)
        return caller

    async def clear():
        print("here", await price("cake"))
        async with asyncio.timeout(60):
            await price.cache_clear()
        print("cleared", await price.cache_contains("cake"))
        await link.aclose()

    async def end(caller):
        go.set()
        print("there", await caller)
        await link.aclose()

    caller = one.run_until_complete(begin())
    two.run_until_complete(clear())
    one.run_until_complete(end(caller))
    print("end")


if __name__ == "__main__":
    main(*sys.argv[1:])
