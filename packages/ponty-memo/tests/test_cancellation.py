"""Any caller may go; the last one out turns off the light."""

import asyncio

import pytest

from ponty.memo import Stampede, cache, localcache


async def test_one_caller_is_cancelled_alone():
    @localcache(maxwait_ms=60_000)
    async def slow():
        await asyncio.sleep(1)
        return 1

    tasks = [asyncio.create_task(slow()) for _ in range(5)]
    await asyncio.sleep(0.1)
    tasks[0].cancel()
    tasks[3].cancel()
    results = await asyncio.gather(*tasks, return_exceptions=True)
    assert [type(r) for r in results] == [asyncio.CancelledError, int, int, asyncio.CancelledError, int]
    assert slow.cache_info()[1:] == (5, 1, 0, 0, 0)


async def test_the_last_one_out_cancels_the_work(ticks):
    ended = []

    @localcache(maxwait_ms=60_000)
    async def slow():
        try:
            await asyncio.sleep(1)
        finally:
            ended.append(asyncio.get_running_loop().time())

    tasks = [asyncio.create_task(slow()) for _ in range(5)]
    await asyncio.sleep(0.1)
    for task in tasks[:4]:
        task.cancel()
    await ticks()
    assert ended == []
    tasks[4].cancel()
    await ticks()
    assert ended == [0.1]
    assert slow.cache_info()[2:] == (0, 0, 0, 0)


async def test_callers_who_time_out_count_as_gone(ticks):
    """A refused caller is no reason to go on computing."""
    ended = []

    @localcache(maxwait_ms=100)
    async def slow():
        try:
            await asyncio.sleep(10)
        finally:
            ended.append(asyncio.get_running_loop().time())

    leader, joiner = asyncio.create_task(slow()), asyncio.create_task(slow())
    await asyncio.sleep(0.05)
    with pytest.raises(Stampede):
        await joiner
    assert ended == []
    leader.cancel()
    await ticks()
    assert ended == [pytest.approx(0.1)]


async def test_work_cancelled_before_its_first_step_leaves_nothing(ticks):
    @localcache(maxwait_ms=60_000)
    async def compute():
        return 1

    task = asyncio.create_task(compute())
    await asyncio.sleep(0)
    task.cancel()
    await ticks()
    assert compute.cache_info().flights == 0
    assert await compute() == 1


@pytest.mark.parametrize("steps", range(3))
async def test_work_that_is_cancelled_from_outside_reaches_the_callers(steps, ticks):
    """Also before its first step, as when a program cancels all its tasks."""

    @localcache(maxwait_ms=60_000)
    async def compute():
        await asyncio.sleep(1)

    callers = [asyncio.create_task(compute()) for _ in range(2)]
    for _ in range(steps + 1):
        await asyncio.sleep(0)
    for task in asyncio.all_tasks():
        if task.get_name().startswith("ponty.memo"):
            task.cancel()
    await ticks()
    assert [caller.cancelled() for caller in callers] == [True, True]
    assert compute.cache_info().flights == 0


@pytest.mark.parametrize("steps", range(12))
async def test_cancelled_after_any_number_of_steps(steps, ticks):
    @localcache(maxwait_ms=50)
    async def compute():
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        return 1

    task = asyncio.create_task(compute())
    for _ in range(steps):
        await asyncio.sleep(0)
    task.cancel()
    await ticks()
    assert compute.cache_info().flights == 0
    assert await compute() == 1


async def test_who_comes_while_abandoned_work_ends_computes_anew_after_it():
    running, calls = [], []

    @localcache(maxwait_ms=60_000)
    async def stubborn():
        calls.append(len(calls))
        assert not running
        running.append(1)
        try:
            await asyncio.sleep(1)
            return calls[-1]
        finally:
            await asyncio.sleep(0.5)  # closes a connection, say
            running.pop()

    first = asyncio.create_task(stubborn())
    await asyncio.sleep(0.1)
    first.cancel()
    await asyncio.sleep(0.1)
    assert await asyncio.gather(stubborn(), stubborn()) == [1, 1]
    assert calls == [0, 1]


async def test_abandoned_work_that_returns_all_the_same_is_not_stored():
    calls = []

    @localcache(maxwait_ms=60_000)
    async def stubborn():
        calls.append(1)
        try:
            await asyncio.sleep(1)
        except asyncio.CancelledError:
            return "half done"
        return "done"

    task = asyncio.create_task(stubborn())
    await asyncio.sleep(0.1)
    task.cancel()
    await asyncio.sleep(0)
    assert await stubborn() == "done"
    assert len(calls) == 2


async def test_who_waits_for_the_end_of_abandoned_work_has_a_limit():
    @localcache(maxwait_ms=100)
    async def stubborn():
        try:
            await asyncio.sleep(1)
        finally:
            await asyncio.sleep(10)

    task = asyncio.create_task(stubborn())
    await asyncio.sleep(0.1)
    task.cancel()
    await asyncio.sleep(0)
    with pytest.raises(Stampede):
        await stubborn()


async def test_a_task_group_that_fails_takes_only_its_own_callers_along():
    @localcache(maxwait_ms=60_000)
    async def slow():
        await asyncio.sleep(1)
        return 1

    outside = asyncio.create_task(slow())

    async def fail():
        await asyncio.sleep(0.1)
        raise LookupError

    with pytest.raises(ExceptionGroup):
        async with asyncio.TaskGroup() as group:
            group.create_task(slow())
            group.create_task(fail())
    assert await outside == 1


async def test_a_timeout_around_a_call_works():
    @localcache(maxwait_ms=60_000)
    async def slow():
        await asyncio.sleep(1)

    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.1):
            await slow()


async def test_cancelling_while_the_lock_is_waited_for_gives_it_up(make_store, make_sentinels, ticks):
    from ponty.memo import Lock

    sentinels = make_sentinels(delay_ms=10)

    @cache(make_store(), Lock(sentinels, maxwait_ms=1000))
    async def compute(x):
        return x

    for steps in range(1, 60, 3):
        task = asyncio.create_task(compute(1))
        await asyncio.sleep(steps / 1000)
        task.cancel()
        await asyncio.wait([task])
        if not task.cancelled():
            break
    await asyncio.sleep(0.1)
    assert sentinels.keys == set()
    assert await compute(1) == 1
    await asyncio.sleep(0.1)
    assert sentinels.keys == set()


async def test_a_storm_of_cancellations_leaves_one_computation_and_nothing_behind(ticks):
    import random

    chance = random.Random(4)
    running = 0

    @localcache(maxsize=4)
    async def compute(x):
        nonlocal running
        running += 1
        assert running <= 20
        try:
            await asyncio.sleep(chance.random() / 10)
            if chance.random() < 0.2:
                raise LookupError
            return x
        finally:
            running -= 1

    tasks = []
    for _ in range(3000):
        tasks.append(asyncio.create_task(compute(chance.randrange(20))))
        if chance.random() < 0.5:
            chance.choice(tasks).cancel()
        if chance.random() < 0.2:
            await asyncio.sleep(chance.random() / 50)
    await asyncio.gather(*tasks, return_exceptions=True)
    await ticks()
    info = compute.cache_info()
    assert (info.flights, info.waiters, running) == (0, 0, 0)
    assert info.size <= 4
