"""Any asyncio program: loops one after another, loops of other kinds; and threads kept out."""

import asyncio
import gc
import os
import subprocess
import sys
import threading

import pytest

from ponty.memo import Lock, Locked, Stampede, cache, invalidate, localcache, locallock


@pytest.fixture(params=["asyncio", "uvloop", "virtual"])
def new_loop(request, virtual_loop):
    if request.param == "asyncio":
        return asyncio.new_event_loop
    if request.param == "virtual":
        return virtual_loop
    return pytest.importorskip("uvloop").new_event_loop


@pytest.fixture
def run(new_loop):
    def run(coroutine):
        with asyncio.Runner(loop_factory=new_loop) as runner:
            return runner.run(coroutine)

    return run


def test_values_outlive_their_loop(run):
    calls = []

    @localcache(ttl_ms=60_000)
    async def compute(x):
        calls.append(x)
        return x

    assert [run(compute(x)) for x in (1, 2, 1, 2)] == [1, 2, 1, 2]
    assert calls == [1, 2]
    assert compute.cache_info().size == 2


def test_a_clock_that_went_back_tells_no_ages(virtual_run):
    calls = []

    @localcache(ttl_ms=1000)
    async def compute(x):
        await asyncio.sleep(50)
        calls.append(x)

    virtual_run(compute(1))
    virtual_run(compute(2))
    virtual_run(compute(1))
    assert calls == [1, 2, 1]


@pytest.mark.parametrize("graceful", [True, False])
def test_a_loop_closed_in_mid_flight_holds_up_nobody(new_loop, graceful):
    calls = []

    @localcache(maxwait_ms=100)
    async def compute():
        calls.append(1)
        if len(calls) == 1:
            await asyncio.Event().wait()
        return len(calls)

    loop = new_loop()
    tasks = [loop.create_task(compute()) for _ in range(3)]
    loop.run_until_complete(_ticks())
    assert compute.cache_info().waiters == 3
    if graceful:
        for task in asyncio.all_tasks(loop):
            task.cancel()
        loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
    loop.close()
    for task in tasks:
        task._log_destroy_pending = False
    other = new_loop()
    assert other.run_until_complete(asyncio.wait_for(compute(), 60)) == 2
    other.close()
    _forget(tasks)
    del tasks, task
    assert compute.cache_info()[2:5] == (1, 0, 0)


async def _ticks():
    for _ in range(10):
        await asyncio.sleep(0)


def _forget(tasks):
    """Let go of tasks whose loop was closed under them, without their complaints."""
    for task in [*tasks, *(t for t in gc.get_objects() if isinstance(t, asyncio.Task) and not t.done())]:
        task._log_destroy_pending = False


@pytest.mark.parametrize("kind", ["local", "store"])
def test_a_lock_held_by_a_closed_loop_is_free_again(new_loop, make_sentinels, kind):
    sentinels = make_sentinels()
    lock = locallock() if kind == "local" else Lock(sentinels)

    async def hold():
        async with lock.lock("a"):
            await asyncio.Event().wait()

    loop = new_loop()
    task = loop.create_task(hold())
    loop.run_until_complete(_ticks())
    loop.close()

    async def take():
        async with lock.lock("a"):
            pass
        async with lock.lock("a"):
            task.get_coro().close()  # what is left of the first holder gives its turn late
            with pytest.raises(Locked):
                async with lock.lock("a"):
                    pass

    task._log_destroy_pending = False
    other = new_loop()
    other.run_until_complete(take())
    other.close()
    _forget([task])


def test_a_loop_that_stands_still_is_set_aside(new_loop):
    """And what it computes later is not stored."""
    calls, free = [], []

    @localcache(maxwait_ms=20)
    async def compute():
        calls.append(1)
        mine = len(calls)
        while not free:
            await asyncio.sleep(0.001)
        return mine

    first, second = new_loop(), new_loop()
    task = first.create_task(compute())
    first.run_until_complete(_ticks())
    with pytest.raises(Stampede):
        second.run_until_complete(compute())
    free.append(1)
    assert first.run_until_complete(task) == 1
    assert second.run_until_complete(compute()) == 2
    assert second.run_until_complete(compute()) == 2
    first.close()
    second.close()


def test_another_thread_is_refused_while_the_first_loop_runs():
    @localcache(name="threads")
    async def compute(x):
        return x

    lock = locallock()
    refused = []

    async def use():
        for attempt in (compute(2), compute.invalidate(1), _hold(lock)):
            with pytest.raises(RuntimeError, match="another thread") as caught:
                await attempt
            refused.append(str(caught.value))
        with pytest.raises(RuntimeError, match="another thread"):
            async with invalidate("threads", 1):
                pass
        with pytest.raises(RuntimeError, match="another thread"):
            compute.cache_clear()

    async def main():
        await compute(1)
        async with lock.lock("a"):
            thread = threading.Thread(target=asyncio.run, args=[use()])
            thread.start()
            await asyncio.get_running_loop().run_in_executor(None, thread.join)

    asyncio.run(main())
    assert len(refused) == 3
    assert "the cache 'threads'" in refused[0]
    assert asyncio.run(compute(3)) == 3


async def _hold(lock):
    async with lock.lock("b"):
        pass


def test_what_is_synchronous_works_without_a_loop(make_store, virtual_run):
    @localcache(ttl_ms=1000)
    async def compute(x):
        return x

    assert compute.cache_info().size == 0
    assert not compute.cache_contains(1)
    virtual_run(compute(1))
    assert compute.cache_info().size == 1
    compute.cache_clear()
    assert compute.cache_info().size == 0


def test_over_a_store_too(run, make_store, make_sentinels):
    store, sentinels = make_store(), make_sentinels()

    @cache(store, Lock(sentinels, maxwait_ms=100))
    async def compute(x):
        await asyncio.sleep(0)
        return x

    for _ in range(3):
        assert run(compute(1)) == 1
        store.data.clear()
    assert sentinels.keys == set()


def test_a_program_that_ends_with_the_value_leaves_nothing_locked(run, make_store, make_sentinels):
    sentinels = make_sentinels(delay_ms=2)

    @cache(make_store(), Lock(sentinels, maxwait_ms=100))
    async def compute(x):
        if not x:
            raise LookupError
        return x

    assert run(compute(1)) == 1
    assert sentinels.keys == set()
    with pytest.raises(LookupError):
        run(compute(0))
    assert sentinels.keys == set()


FORK = """
import asyncio, os
from ponty.memo import locallock

lock = locallock()

async def hold():
    async with lock.lock("key"):
        return True

async def main():
    assert await hold()
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    asyncio.events._set_running_loop(None)
    status = 1
    try:
        status = 0 if asyncio.run(hold()) else 1
    finally:
        os._exit(status)

raise SystemExit(asyncio.run(main()))
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="Windows has no fork")
def test_a_fork_of_a_running_loop_begins_anew():
    run = subprocess.run([sys.executable, "-c", FORK], capture_output=True, text=True, check=False)
    assert (run.returncode, run.stderr) == (0, "")


@pytest.mark.parametrize(
    ("make_lock", "name"),
    [(locallock, "this local lock"), (lambda: Lock(locallock().sentinels), "this local lock")],
)
def test_the_error_of_a_second_loop_names_the_lock(make_lock, name):
    lock, refused = make_lock(), []

    async def elsewhere():
        with pytest.raises(RuntimeError, match="another thread") as caught:
            async with lock.lock("a"):
                pass
        refused.append(str(caught.value))

    async def main():
        async with lock.lock("b"):
            thread = threading.Thread(target=asyncio.run, args=[elsewhere()])
            thread.start()
            await asyncio.get_running_loop().run_in_executor(None, thread.join)

    asyncio.run(main())
    assert refused[0].startswith(name)
