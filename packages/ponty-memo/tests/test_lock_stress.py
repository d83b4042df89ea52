"""The lock under random schedules: callers cancelled at every await, stores that take their time and fail.

`PONTY_SCHEDULES=200000 pytest packages/ponty-memo/tests/test_lock_stress.py` runs more of them than the default.
"""

import asyncio
import os
import random

import pytest

from ponty.memo import Lock, Locked, locallock

SCHEDULES = int(os.environ.get("PONTY_SCHEDULES", "900"))
KEYS = ("a", "b")


class Sentinels:
    """Awaits a random number of times in each method, and fails at random before or after its effect."""

    def __init__(self, chance, failures):
        self.keys = set()
        self.chance = chance
        self.failures = failures

    async def _pause(self):
        for _ in range(self.chance.randrange(3)):
            await asyncio.sleep(0)
        if self.chance.random() < self.failures:
            raise ConnectionError

    async def exists(self, key):
        await self._pause()
        return key in self.keys

    async def add(self, key):
        await self._pause()
        assert key not in self.keys
        self.keys.add(key)
        await self._pause()

    async def remove(self, key):
        await self._pause()
        self.keys.discard(key)
        await self._pause()


async def _schedule(seed, kind):  # noqa: C901 - one story, told in one place
    chance = random.Random(seed)
    sentinels = Sentinels(chance, 0.05 if kind == "failing" else 0)
    maxwait_ms = chance.choice([0, 5, 10_000])
    lock = locallock(maxwait_ms) if kind == "local" else Lock(sentinels, maxwait_ms, pulse_ms=1)
    holders = dict.fromkeys(KEYS, 0)
    arrived = {key: [] for key in KEYS}

    async def caller(number, key):
        for _ in range(chance.randrange(4)):
            await asyncio.sleep(0)
        arrived[key].append(number)
        try:
            async with lock.lock(key):
                holders[key] += 1
                assert holders[key] == 1, "two holders"
                try:
                    # Those who came before and are still here have been served, or have given up.
                    assert arrived[key].index(number) == 0 or all(
                        tasks[other].cancelling() or other in leaving
                        for other in arrived[key][: arrived[key].index(number)]
                    ), "out of turn"
                    arrived[key].remove(number)
                    for _ in range(chance.randrange(4)):
                        await asyncio.sleep(chance.choice([0, 0, 0.003]))
                    if chance.random() < 0.1:
                        raise LookupError
                finally:
                    holders[key] -= 1
        finally:
            leaving.add(number)
            if number in arrived[key]:
                arrived[key].remove(number)

    leaving = set()
    tasks = [asyncio.create_task(caller(number, chance.choice(KEYS))) for number in range(6)]
    while not all(task.done() for task in tasks):
        await asyncio.sleep(chance.choice([0, 0, 0, 0.001]))
        if chance.random() < 0.15:
            chance.choice(tasks).cancel()
    results = await asyncio.gather(*tasks, return_exceptions=True)
    for _ in range(50):
        await asyncio.sleep(0)
    allowed = (LookupError, Locked, asyncio.CancelledError, *([ConnectionError] if kind == "failing" else []))
    assert [result for result in results if result is not None and not isinstance(result, allowed)] == []
    queue = lock.shared.queue
    assert (queue._held, queue._queues) == ({}, {}), "a turn was lost"
    if kind != "failing":
        assert sentinels.keys == set(), "a sentinel was left"
        assert lock.shared.doubts == {}
    sentinels.failures = 0
    for key in KEYS:
        async with lock.lock(key):
            pass
    assert sentinels.keys == set()


@pytest.mark.parametrize("kind", ["local", "slow", "failing"])
def test_never_two_holders_never_a_leak_never_out_of_turn(kind, virtual_run, caplog):
    import logging

    logging.getLogger("ponty.memo").setLevel(logging.CRITICAL)

    async def run():
        for seed in range(SCHEDULES // 3):
            try:
                await _schedule(seed, kind)
            except BaseException as error:
                error.add_note(f"schedule {seed}, {kind}")
                raise

    try:
        virtual_run(run())
    finally:
        logging.getLogger("ponty.memo").setLevel(logging.NOTSET)
