"""What a cache computes belongs to no caller, so it has the deadline of none; who waits for it keeps their own."""

import asyncio

import pytest

from ponty.core import remaining_seconds
from ponty.core.time_left import Deadline, holding
from ponty.memo import localcache
from ponty.memo.testing import run_virtually


def test_the_first_caller_s_deadline_ends_its_wait_and_not_the_computation():
    seen = []

    @localcache(name="slow answers", maxwait_ms=60_000)
    async def answer() -> int:
        seen.append(remaining_seconds())
        await asyncio.sleep(5)
        seen.append(remaining_seconds())
        return 42

    async def call(seconds):
        loop = asyncio.get_running_loop()
        with holding(Deadline(loop, loop.time() + seconds, lambda: False)):
            assert remaining_seconds() == seconds
            async with asyncio.timeout(remaining_seconds()):
                return await answer()

    async def test():
        first = asyncio.create_task(call(1))
        await asyncio.sleep(0)
        second = asyncio.create_task(call(10))
        with pytest.raises(TimeoutError):
            await first
        assert asyncio.get_running_loop().time() == 1
        assert await second == 42
        assert asyncio.get_running_loop().time() == 5

    run_virtually(test())
    assert seen == [None, None]
