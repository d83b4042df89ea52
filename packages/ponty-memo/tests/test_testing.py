"""What the testing kit promises: time that passes at once, in order, and a test that hangs fails."""

import asyncio

import pytest

from ponty.memo import localcache, locallock
from ponty.memo.testing import run_virtually


def test_values_expire_at_once():
    @localcache(ttl_ms=60_000)
    async def price(product: str) -> int:
        return len(product)

    async def program():
        await price("tea")
        await asyncio.sleep(59)
        await price("tea")
        assert price.cache_info().hits == 1
        await asyncio.sleep(2)
        await price("tea")
        return price.cache_info().misses, asyncio.get_running_loop().time()

    assert run_virtually(program()) == (2, 61)


def test_what_waits_ends_in_the_order_of_its_times():
    async def program():
        ended = []

        accounts = locallock(maxwait_ms=60_000)

        async def hold(name: str, seconds: float) -> None:
            async with accounts.lock("ann"):
                await asyncio.sleep(seconds)
                ended.append(name)

        async def late(name: str, seconds: float) -> None:
            await asyncio.sleep(seconds)
            ended.append(name)

        await asyncio.gather(late("day", 86_400), hold("first", 10), hold("second", 10), late("between", 15))
        return ended

    assert run_virtually(program()) == ["first", "between", "second", "day"]


def test_waiting_for_what_never_happens_is_an_error():
    with pytest.raises(RuntimeError, match="^the test waits for something that never happens$"):
        run_virtually(asyncio.Event().wait())


def test_each_run_begins_at_zero():
    async def now():
        return asyncio.get_running_loop().time()

    assert [run_virtually(now()) for _ in range(2)] == [0, 0]
