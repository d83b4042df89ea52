"""Cancellation at every await, with answers that take their time: no crossed answer, no lock left, no second holder.

`PONTY_ROUNDS=2000 pytest packages/ponty-memo/tests/fleet/test_fleet_cancellation.py` runs more of it.
"""

import asyncio
import os
import random

import pytest

from ponty.memo import LeaseLost, Locked, Unavailable, rediscache, redislock

ROUNDS = int(os.environ.get("PONTY_ROUNDS", "40"))
KEYS = ("tea", "cake", "soup")


@pytest.mark.parametrize("seed", range(4))
async def test_no_answer_reaches_another_caller_and_nothing_is_left(  # noqa: C901 - one story, told in one place
    seed, server, link_to, proxy_to, namespace, keys_of, until, quiet
):
    chance = random.Random(seed)
    async with proxy_to(server.port) as proxy:
        proxy.delay = lambda: chance.choice([0, 0, 0.001, 0.003])
        link = link_to(proxy.url, max_connections=3)
        near = 60_000 if seed % 2 else 0
        busy = dict.fromkeys(KEYS, 0)

        @rediscache(link, namespace=namespace, maxwait_ms=600_000, near_ms=near, lease_ms=600_000)
        async def size(key: str, n: int) -> list[object]:
            await asyncio.sleep(chance.choice([0, 0.002]))
            return [key, n]

        lock = redislock(link, namespace=namespace, maxwait_ms=600_000, lease_ms=600_000)

        async def call():
            key, n = chance.choice(KEYS), chance.randrange(5)
            assert await size(key, n) == [key, n]

        async def hold():
            key = chance.choice(KEYS)
            async with lock.lock(key):
                busy[key] += 1
                try:
                    assert busy[key] == 1, "two holders"
                    await asyncio.sleep(chance.choice([0, 0.002]))
                finally:
                    busy[key] -= 1

        async def invalidate():
            await size.invalidate(chance.choice(KEYS), chance.randrange(5))

        for _ in range(ROUNDS):
            tasks = [asyncio.create_task(chance.choice([call, call, hold, invalidate])()) for _ in range(12)]
            for task in tasks:
                if chance.random() < 0.5:
                    asyncio.get_running_loop().call_later(chance.random() * 0.01, task.cancel)
            for outcome in await asyncio.gather(*tasks, return_exceptions=True):
                if outcome is not None and not isinstance(outcome, asyncio.CancelledError):
                    raise outcome
        await until(lambda: not link._running)
        await until(lambda: not {name for name in set.union(*keys_of()) if "lock" in name})
        assert busy == dict.fromkeys(KEYS, 0)
        for key in KEYS:
            async with lock.lock(key):
                assert await size(key, 0) == [key, 0]
        assert lock.shared.queue._held == {}
        assert link.subscription._waiters == {}
        client = link.client()
        assert len(client.connection_pool._in_use_connections) <= 1  # the subscription's


@pytest.mark.parametrize("seed", range(2))
async def test_the_same_while_connections_break(  # noqa: C901 - one story, told in one place
    seed, server, link_to, proxy_to, namespace, keys_of, until, quiet
):
    chance = random.Random(seed)
    async with proxy_to(server.port) as proxy:
        link = link_to(proxy.url, max_connections=3)

        @rediscache(link, namespace=namespace, maxwait_ms=600_000, lease_ms=3000)
        async def size(key: str, n: int) -> list[object]:
            await asyncio.sleep(chance.choice([0, 0.002]))
            return [key, n]

        lock = redislock(link, namespace=namespace, maxwait_ms=600_000, lease_ms=3000, pulse_ms=50)

        async def call():
            key, n = chance.choice(KEYS), chance.randrange(5)
            assert await size(key, n) == [key, n]

        async def hold():
            async with lock.lock(chance.choice(KEYS)):
                await asyncio.sleep(chance.choice([0, 0.002]))

        for _ in range(ROUNDS):
            tasks = [asyncio.create_task(chance.choice([call, call, hold])()) for _ in range(10)]
            for task in tasks:
                if chance.random() < 0.3:
                    asyncio.get_running_loop().call_later(chance.random() * 0.01, task.cancel)
            if chance.random() < 0.5:
                proxy.cut_after = chance.randrange(200)
            for outcome in await asyncio.gather(*tasks, return_exceptions=True):
                if outcome is not None and not isinstance(
                    outcome, (asyncio.CancelledError, Unavailable, LeaseLost, Locked)
                ):
                    raise outcome
        proxy.cut_after = None

        async def free():
            try:
                for key in KEYS:
                    async with lock.lock(key):
                        assert await size(key, 0) == [key, 0]
            except Unavailable:
                return False
            return True

        await until(free)
        _, eternal = keys_of()
        assert not {name for name in eternal if "lock" in name}
