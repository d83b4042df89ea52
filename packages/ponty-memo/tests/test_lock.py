"""One holder per key, first come first served, over any store."""

import asyncio

import pytest

from ponty.memo import LeaseLost, Lock, Locked, SentinelStore, locallock


@pytest.fixture(params=["local", "three methods", "slow"])
def make_lock(request, make_sentinels):
    """Make a lock over each kind of store."""

    def make(*args, **kwargs):
        if request.param == "local":
            return locallock(*args, **kwargs)
        return Lock(make_sentinels(delay_ms=10 if request.param == "slow" else 0), *args, **kwargs)

    return make


async def test_a_held_key_is_refused_at_once_by_default(make_lock):
    lock = make_lock()
    async with lock.lock("a"):
        with pytest.raises(Locked) as caught:
            async with lock.lock("a"):
                pytest.fail("two holders")
        async with lock.lock("b"):
            pass
    assert str(caught.value) == ""
    assert "'a'" in caught.value.__notes__[0]
    async with lock.lock("a"):
        pass


async def test_the_wait_ends_after_maxwait(make_lock, now):
    class Busy(Exception):
        def __init__(self):
            super().__init__("busy")

    lock = make_lock(maxwait_ms=200, timeout_error=Busy)
    async with lock.lock("a"):
        began = now()
        with pytest.raises(Busy):
            async with lock.lock("a"):
                pytest.fail("two holders")
        assert now() - began == pytest.approx(200, abs=15)


async def test_first_come_first_served(make_lock):
    lock, order = make_lock(maxwait_ms=60_000), []

    async def hold(n):
        await asyncio.sleep(n / 1000)
        async with lock.lock("a"):
            order.append(n)
            await asyncio.sleep(0.05)

    await asyncio.gather(*[hold(n) for n in (3, 1, 4, 15, 9, 2, 6)])
    assert order == [1, 2, 3, 4, 6, 9, 15]


@pytest.mark.parametrize("pulse_ms", [1, 100, 60_000])
async def test_the_hand_over_does_not_depend_on_the_pulse(make_lock, pulse_ms, now):
    lock = make_lock(maxwait_ms=60_000, pulse_ms=pulse_ms)

    async def hold():
        async with lock.lock("a"):
            await asyncio.sleep(0.001)

    await asyncio.gather(*[hold() for _ in range(10)])
    assert now() <= 10 * 31


async def test_a_sentinel_of_another_process_is_looked_at_every_pulse(make_sentinels, now):
    sentinels = make_sentinels()
    sentinels.keys.add("a")
    lock = Lock(sentinels, maxwait_ms=1000, pulse_ms=100)
    asyncio.get_running_loop().call_later(0.25, sentinels.keys.discard, "a")
    async with lock.lock("a"):
        assert now() == 300
    assert sentinels.calls == ["exists"] * 4 + ["add", "remove"]


async def test_and_given_up_at_the_end_of_the_wait(make_sentinels, now):
    sentinels = make_sentinels()
    sentinels.keys.add("a")
    with pytest.raises(Locked):
        async with Lock(sentinels, maxwait_ms=250, pulse_ms=100).lock("a"):
            pass
    assert now() == 250
    assert sentinels.keys == {"a"}


async def test_two_locks_over_one_store_keep_each_other_out(make_sentinels):
    sentinels = make_sentinels(delay_ms=5)
    holders = 0

    async def hold(lock):
        nonlocal holders
        async with lock.lock("a"):
            holders += 1
            assert holders == 1
            await asyncio.sleep(0.01)
            holders -= 1

    await asyncio.gather(*[hold(Lock(sentinels, maxwait_ms=60_000)) for _ in range(20)])
    assert sentinels.keys == set()


@pytest.mark.parametrize("when", ["fail_before", "fail_after"])
@pytest.mark.parametrize("method", ["exists", "add", "remove"])
async def test_a_store_that_fails_once_leaves_no_key_stuck(make_sentinels, when, method):
    sentinels = make_sentinels()
    lock = Lock(sentinels)
    getattr(sentinels, when).append(method)
    with pytest.raises(ConnectionError, match=method):
        async with lock.lock("a"):
            assert method == "remove"
    for _ in range(2):
        async with lock.lock("a"):
            pass
    assert sentinels.keys == set()


async def test_a_store_that_fails_to_look_does_not_take_the_key_from_another_process(make_sentinels):
    sentinels = make_sentinels()
    lock = Lock(sentinels)
    sentinels.keys.add("a")
    sentinels.fail_before.append("exists")
    with pytest.raises(ConnectionError):
        async with lock.lock("a"):
            pass
    with pytest.raises(Locked):
        async with lock.lock("a"):
            pass
    assert sentinels.keys == {"a"}


async def test_a_failing_store_does_not_mask_the_error_of_the_block(make_sentinels, caplog):
    sentinels = make_sentinels()
    sentinels.fail_before.append("remove")
    with pytest.raises(LookupError, match="mine") as caught:
        async with Lock(sentinels).lock("a"):
            raise LookupError("mine")
    assert "could not be released" in caught.value.__notes__[0]
    assert "could not be released" in caplog.text


async def test_waiters_go_on_when_the_store_fails(make_sentinels):
    sentinels = make_sentinels()
    lock, done = Lock(sentinels, maxwait_ms=1000), []

    async def hold(n):
        async with lock.lock("a"):
            await asyncio.sleep(0.01)
            done.append(n)

    sentinels.fail_before += ["remove", "add"]
    results = await asyncio.gather(*[hold(n) for n in range(4)], return_exceptions=True)
    assert [type(result) for result in results].count(ConnectionError) == 2
    assert done == [0, 2, 3] or len(done) == 3
    assert sentinels.keys == set()


async def test_cancelled_in_the_block(make_lock):
    lock = make_lock(maxwait_ms=1000)

    async def hold():
        async with lock.lock("a"):
            await asyncio.sleep(10)

    task = asyncio.create_task(hold())
    await asyncio.sleep(0.1)
    waiter = asyncio.create_task(hold())
    await asyncio.sleep(0.1)
    task.cancel()
    await asyncio.wait([task])
    assert task.cancelled()
    waiter.cancel()
    await asyncio.wait([waiter])
    async with lock.lock("a"):
        pass


async def test_a_store_with_leases_is_given_owners_and_asked_to_extend(caplog):
    """As Redis would be."""

    class Leases(SentinelStore):
        lease_ms = 300

        def __init__(self):
            self.held = {}
            self.calls = []

        async def exists(self, key):
            raise NotImplementedError

        add = remove = exists

        def expire(self):
            now = asyncio.get_running_loop().time()
            self.held = {key: (owner, end) for key, (owner, end) in self.held.items() if end > now}

        async def try_add(self, key, owner):
            self.expire()
            end = asyncio.get_running_loop().time() + 0.3
            return self.held.setdefault(key, (owner, end))[0] == owner

        async def release(self, key, owner):
            if self.held.get(key, ("",))[0] == owner:
                del self.held[key]

        async def extend(self, key, owner):
            self.expire()
            self.calls.append("extend")
            if self.held.get(key, ("",))[0] != owner:
                return False
            self.held[key] = (owner, asyncio.get_running_loop().time() + 0.3)
            return True

        async def wait(self, _, timeout_ms):
            self.calls.append("wait")
            await asyncio.sleep(timeout_ms / 1000)

    store = Leases()
    lock = Lock(store, maxwait_ms=100, pulse_ms=50)
    async with lock.lock("a"):
        (owner,) = [owner for owner, _ in store.held.values()]
        await asyncio.sleep(2)
        assert store.held["a"][0] == owner
        assert store.calls == ["extend"] * 19 or len(store.calls) >= 18
    assert store.held == {}
    store.calls.clear()
    await asyncio.sleep(2)
    assert store.calls == []  # nobody extends what nobody holds

    store.held["a"] = ("somebody else", 1e9)
    with pytest.raises(Locked):
        async with lock.lock("a"):
            pass
    assert store.calls == ["wait", "wait"]
    del store.held["a"]

    with pytest.raises(LeaseLost):
        async with lock.lock("a"):
            store.held["a"] = ("somebody else", 1e9)
            await asyncio.sleep(0.2)
    assert store.held["a"][0] == "somebody else"
    assert "was lost" in caplog.text


def test_a_store_without_the_three_methods_is_refused():
    with pytest.raises(TypeError, match="no method exists, add, remove"):
        Lock(object())


@pytest.mark.parametrize("options", [{"maxwait_ms": -1}, {"pulse_ms": float("nan")}, {"maxwait_ms": None}])
def test_times_that_make_no_sense_are_refused(options):
    with pytest.raises(ValueError, match="milliseconds"):
        locallock(**options)


def test_a_sentinel_store_needs_three_methods():
    with pytest.raises(TypeError, match="abstract"):
        type("Half", (SentinelStore,), {"exists": None})()


async def test_a_free_key_takes_no_memory(make_lock):
    lock = make_lock(maxwait_ms=10)
    for n in range(100):
        async with lock.lock(str(n)):
            with pytest.raises(Locked):
                async with lock.lock(str(n)):
                    pass
    queue = lock.shared.queue
    assert (queue._held, queue._queues, lock.shared.doubts) == ({}, {}, {})


async def test_who_has_given_up_takes_no_place_in_the_queue():
    lock = locallock(maxwait_ms=10)

    async def wait():
        async with lock.lock("a"):
            pass

    async with lock.lock("a"):
        waiters = [asyncio.create_task(wait()) for _ in range(100)]
        await asyncio.sleep(0.005)
        assert lock.shared.queue.waiting("a") == 100
        for waiter in waiters[:50]:
            waiter.cancel()
        await asyncio.gather(*waiters, return_exceptions=True)
        assert lock.shared.queue.waiting("a") == 0
        assert lock.shared.queue._queues == {}
