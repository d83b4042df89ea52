"""Leases over any store that has them: extended, lost, told, and done without."""

import asyncio

import pytest

from ponty.memo import CacheStore, Deadlock, LeaseLost, Lock, SentinelStore, Stampede, Unavailable, cache, cachemiss


class Leases(SentinelStore):
    """As Redis would be: sentinels that expire. Each name in `fail` makes that method fail until it is taken out."""

    lease_ms = 300

    def __init__(self):
        self.held = {}
        self.fail = set()
        self.extended = []
        self.fence = 0

    def _check(self, method):
        if method in self.fail:
            raise Unavailable(method)
        now = asyncio.get_running_loop().time()
        self.held = {key: (owner, end) for key, (owner, end) in self.held.items() if end > now}

    async def exists(self, key):
        self._check("exists")
        return key in self.held

    async def add(self, key):
        raise NotImplementedError

    remove = add

    async def try_add(self, key, owner):
        self._check("try_add")
        if key in self.held:
            return 0
        self.held[key] = (owner, asyncio.get_running_loop().time() + self.lease_ms / 1000)
        self.fence += 1
        return self.fence

    async def release(self, key, owner):
        self._check("release")
        if self.held.get(key, ("",))[0] != owner:
            raise LeaseLost
        del self.held[key]

    async def extend(self, key, owner):
        self.extended.append(asyncio.get_running_loop().time())
        if "hang" in self.fail:
            await asyncio.sleep(1e6)
        self._check("extend")
        if self.held.get(key, ("",))[0] != owner:
            return False
        self.held[key] = (owner, asyncio.get_running_loop().time() + self.lease_ms / 1000)
        return True


@pytest.fixture
def store():
    return Leases()


async def test_a_lease_is_extended_at_a_third_of_its_length(store):
    async with Lock(store).lock("a"):
        await asyncio.sleep(0.95)
    assert [round(time, 3) for time in store.extended] == [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9]
    await asyncio.sleep(1)
    assert len(store.extended) == 9


async def test_the_number_that_a_store_gives_is_the_fence(store):
    lock = Lock(store)
    for n in (1, 2, 3):
        async with lock.lock("a") as lease:
            assert (lease.fence, lease.lost) == (n, False)


@pytest.mark.parametrize("given", [True, 1])
async def test_true_is_no_fence(store, given):
    async def try_add(key, owner):
        await Leases.try_add(store, key, owner)
        return given

    store.try_add = try_add
    async with Lock(store).lock("a") as lease:
        assert lease.fence == (given if given is not True else 0)


async def test_attempts_to_extend_may_fail_and_are_made_again(store, caplog):
    async with Lock(store).lock("a"):
        store.fail.add("extend")
        await asyncio.sleep(0.25)
        store.fail.clear()
        await asyncio.sleep(1)
    assert caplog.text.count("could not be extended") == 5


@pytest.mark.parametrize("how", ["extend", "hang"])
async def test_a_lease_that_cannot_be_extended_is_lost_when_it_ends(store, how, now, caplog):
    with pytest.raises(LeaseLost):
        async with Lock(store).lock("a") as lease:
            store.fail |= {how, "release"}
            await asyncio.sleep(1e6)
    assert now() == 300
    assert lease.lost
    assert "was lost" in caplog.text
    assert asyncio.current_task().cancelling() == 0


async def test_a_lease_counts_from_before_it_was_asked_for(store, now, caplog):
    async def extend(key, owner):
        await asyncio.sleep(0.15)  # the answer takes so long
        store.fail.add("extend")
        store.extend = Leases.extend.__get__(store)
        return True

    store.extend = extend
    with pytest.raises(LeaseLost):
        async with Lock(store).lock("a"):
            await asyncio.sleep(1e6)
    assert now() == 100 + 300


async def test_an_error_of_the_block_is_worth_more(store, caplog):
    with pytest.raises(LookupError) as caught:
        async with Lock(store).lock("a"):
            store.held.clear()
            try:
                await asyncio.sleep(1e6)
            except asyncio.CancelledError:
                raise LookupError from None
    assert "had ended" in caught.value.__notes__[0]


async def test_a_block_that_takes_no_notice_is_told_at_its_end(store, caplog):
    with pytest.raises(LeaseLost):
        async with Lock(store).lock("a"):
            store.held.clear()
            try:
                await asyncio.sleep(1e6)
            except asyncio.CancelledError:
                await asyncio.sleep(5)
    assert asyncio.current_task().cancelling() == 0


async def test_a_cancellation_that_came_too_stays_one(store, ticks, caplog):
    async def hold():
        async with Lock(store).lock("a"):
            store.held.clear()
            try:
                await asyncio.sleep(1e6)
            finally:
                holder.cancel()

    holder = asyncio.create_task(hold())
    with pytest.raises(asyncio.CancelledError):
        await holder


async def test_a_time_out_around_the_block_stays_one(store):
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(1), Lock(store).lock("a"):
            await asyncio.sleep(1e6)
    assert store.held == {}


@pytest.mark.parametrize("held", [True, False])
async def test_a_sentinel_that_cannot_be_released_is_left_to_its_lease(store, held, caplog):
    """Nobody was let in before its end, so the block was alone; later, it may not have been."""
    lock = Lock(store)

    async def hold():
        async with lock.lock("a"):
            store.fail.add("release")
            if not held:
                store.fail.add("extend")
                await asyncio.sleep(0.299)
                time = asyncio.get_running_loop().time
                asyncio.get_running_loop().time = lambda: time() + 1  # it stands still, right at the end

    try:
        if held:
            await hold()
            assert "could not be released; it ends with its lease" in caplog.text
        else:
            with pytest.raises(Unavailable):
                await hold()
    finally:
        vars(asyncio.get_running_loop()).pop("time", None)
    store.fail.clear()
    async with lock.lock("a"):  # the next one takes back what was left
        pass
    assert store.held == {}


@pytest.mark.parametrize("method", ["try_add", "wait"])
async def test_a_lock_over_a_store_that_is_away_does_not_run_its_block(store, method):
    lock = Lock(store, maxwait_ms=100)
    if method == "wait":
        store.held["a"] = ("somebody else", 1e9)

        async def wait(key, timeout_ms):
            raise Unavailable

        store.wait = wait
    else:
        store.fail.add(method)
    with pytest.raises(Unavailable):
        async with lock.lock("a"):
            raise AssertionError("it ran")
    assert lock.shared.queue._held == {}


async def test_what_was_surely_not_done_is_not_in_doubt(store):
    lock = Lock(store)

    async def refused(key, owner):
        raise Unavailable("not sent", in_doubt=False)

    store.try_add = refused
    for n in range(100):
        with pytest.raises(Unavailable):
            async with lock.lock(str(n)):
                pass
    assert lock.shared.doubts == {}


class Values(CacheStore[int]):
    def __init__(self, leases):
        self.data = {}
        self.leases = leases
        self.fail = set()

    async def get(self, key):
        if "get" in self.fail:
            raise Unavailable
        return self.data.get(key, cachemiss)

    async def set(self, key, data):
        raise NotImplementedError

    async def set_as(self, key, data, owner):
        if "set" in self.fail:
            raise Unavailable
        if self.leases.held.get(key, ("",))[0] != owner:
            raise LeaseLost
        self.data[key] = data

    async def remove(self, key):
        if "remove" in self.fail:
            raise Unavailable
        return self.data.pop(key, None) is not None


@pytest.fixture
def make(store):
    values = Values(store)
    events = []

    def decorate(function):
        lock = Lock(store, maxwait_ms=1e9, timeout_error=Stampede)
        return cache(values, lock, metrics=lambda _, event: events.append(event))(function)

    return decorate, values, events


async def test_a_computation_whose_lease_was_lost_is_not_stored_and_its_callers_get_the_value(store, make, caplog):
    decorate, values, events = make

    @decorate
    async def slow():
        await asyncio.sleep(0.25)
        store.held.clear()
        await asyncio.sleep(1)
        return 1

    assert await asyncio.gather(slow(), slow()) == [1, 1]
    assert values.data == {}
    assert events == ["join", "miss", "refused"]


async def test_what_has_lost_its_lease_only_as_it_stores_is_refused_by_the_store(store, make, caplog):
    decorate, values, events = make

    @decorate
    async def compute():
        store.held.clear()
        return 1

    assert await compute() == 1
    assert values.data == {}
    assert events == ["miss", "refused"]
    assert "not stored" in caplog.text


async def test_who_calls_after_the_lease_was_lost_does_not_join_the_computation(store, make, caplog):
    """It may know of a change that the computation has not seen. Still only one computes at a time."""
    decorate, values, _ = make
    table, running = [1], 0

    @decorate
    async def compute():
        nonlocal running
        running += 1
        assert running == 1
        seen = table[0]
        await asyncio.sleep(1 if seen == 1 else 0)
        running -= 1
        return seen

    first = asyncio.create_task(compute())
    await asyncio.sleep(0.05)
    store.held.clear()
    await asyncio.sleep(0.25)  # and is noticed
    table[0] = 2
    second = asyncio.create_task(compute())
    assert [await first, await second] == [1, 2]
    assert [*values.data.values()] == [2]


@pytest.mark.parametrize("away", [{"get"}, {"try_add"}, {"set"}, {"get", "set"}, {"try_add", "exists", "wait"}])
async def test_a_computation_goes_on_without_a_store_that_is_away(store, make, away):
    decorate, values, events = make
    ran = 0

    @decorate
    async def compute():
        nonlocal ran
        ran += 1
        await asyncio.sleep(0.01)
        return ran

    store.fail, values.fail = set(away), set(away)
    assert await asyncio.gather(*[compute() for _ in range(5)]) == [1] * 5  # one at a time in this process
    assert (values.data == {}) == (away != {"get"})
    assert "refused" not in events  # nobody has asked
    store.fail, values.fail = set(), set()
    expected = 1 if away == {"get"} else 2
    assert [await compute(), await compute()] == [expected] * 2
    assert len(values.data) == 1


@pytest.mark.parametrize("method", ["try_add", "remove"])
async def test_an_invalidation_does_not_run_its_block_where_the_store_is_away(store, make, method):
    decorate, values, _ = make

    @decorate
    async def compute():
        return 1

    await compute()
    (store if method == "try_add" else values).fail.add(method)
    with pytest.raises(Unavailable):
        async with compute.invalidate():
            raise AssertionError("it ran")
    assert store.held == {}


async def test_a_waiting_computation_goes_on_alone_when_the_store_goes_away(store, make):
    decorate, values, _ = make

    @decorate
    async def compute():
        return 1

    (key,) = [compute.__module__ + "." + compute.__qualname__ + "()"]
    store.held[key] = ("somebody else", 1e9)
    call = asyncio.create_task(compute())
    await asyncio.sleep(0.25)
    assert not call.done()
    store.fail.add("try_add")
    assert await call == 1
    assert values.data == {}


@pytest.fixture
def slow(make):
    """Return a memoized function that waits for `go` the first time it runs, and what it reads and has read."""
    decorate, _, events = make
    table, ran, go = [1], [], asyncio.Event()

    @decorate
    async def compute():
        ran.append(table[0])
        if len(ran) == 1:
            await go.wait()
            return ran[0]
        return ran[-1]

    return compute, table, ran, go, events


async def test_who_calls_once_the_store_is_back_does_not_join_what_began_without_it(store, slow, ticks):
    """Another process may have invalidated it since, which nobody has told this one."""
    compute, table, ran, go, events = slow
    store.fail.add("try_add")
    first = asyncio.create_task(compute())
    await ticks()
    store.fail.clear()
    table[0] = 2  # as another process does it, inside of its block
    second, third = asyncio.create_task(compute()), asyncio.create_task(compute())
    await ticks()
    assert ran == [1]  # one at a time
    go.set()
    assert [await first, await second, await third] == [1, 2, 2]
    assert ran == [1, 2]
    assert await compute() == 2
    assert ran == [1, 2]
    assert "refused" not in events


async def test_who_calls_while_the_store_is_away_joins(store, slow, ticks):
    compute, table, ran, go, events = slow
    store.fail |= {"try_add", "exists"}
    calls = [asyncio.create_task(compute())]
    await ticks()
    table[0] = 2
    calls += [asyncio.create_task(compute()) for _ in range(3)]
    await ticks()
    go.set()
    assert await asyncio.gather(*calls) == [1] * 4
    assert events.count("unavailable") == 3


async def test_a_store_may_say_by_other_means_that_no_key_can_be_taken(store, slow, ticks):
    """Such as one that is full: it answers, but nobody can invalidate anything."""
    compute, table, ran, go, _ = slow

    asked = []

    async def probe(key):
        asked.append(key)
        raise Unavailable("full")

    store.probe = probe
    store.fail.add("try_add")
    calls = [asyncio.create_task(compute())]
    await ticks()
    calls.append(asyncio.create_task(compute()))
    await ticks()
    go.set()
    assert await asyncio.gather(*calls) == [1, 1]
    assert ran == [1]
    assert len(asked) == 1


@pytest.mark.parametrize("steps", range(8))
async def test_who_is_cancelled_while_it_asks_whether_to_join_leaves_nothing(store, slow, ticks, steps):
    compute, table, ran, go, _ = slow

    asked = []

    async def probe(key):
        asked.append(key)
        await asyncio.sleep(0)
        await asyncio.sleep(0)

    store.probe = probe
    store.fail.add("try_add")
    first = asyncio.create_task(compute())
    await ticks()
    store.fail.clear()
    caller = asyncio.create_task(compute())
    for _ in range(steps):
        await asyncio.sleep(0)
    caller.cancel()
    await ticks()
    assert caller.cancelled()
    assert len(asked) == (steps > 0)
    go.set()
    assert await first == 1
    await ticks()
    assert compute.cache_info()[3:5] == (0, 0)
    assert store.held == {}
    table[0] = 2
    assert await compute() == 2


async def test_a_computation_that_ends_while_somebody_asks_whether_to_join_it_is_not_joined(store, slow, ticks):
    compute, table, ran, go, _ = slow

    async def probe(key):
        go.set()
        await asyncio.sleep(1)

    store.probe = probe
    store.fail.add("try_add")
    first = asyncio.create_task(compute())
    await ticks()
    store.fail.clear()
    table[0] = 2
    assert await compute() == 2
    assert await first == 1


async def test_a_call_from_inside_a_computation_without_the_store_is_refused_at_once(store, make, now):
    decorate, _, _ = make

    @decorate
    async def compute():
        store.fail.clear()
        return await compute()

    store.fail.add("try_add")
    with pytest.raises(Deadlock):
        await compute()
    assert now() == 0


async def test_a_lease_that_has_ended_unnoticed_keeps_callers_from_joining(store, slow, ticks, caplog):
    """The process stands still, and the caller comes first when it goes on."""
    compute, table, ran, go, events = slow
    first = asyncio.create_task(compute())
    await ticks()
    store.held.clear()
    table[0] = 2
    time = asyncio.get_running_loop().time
    asyncio.get_running_loop().time = lambda: time() + 1
    try:
        second = asyncio.create_task(compute())
        await ticks()
        go.set()
        assert [await first, await second] == [1, 2]
    finally:
        vars(asyncio.get_running_loop()).pop("time", None)
    assert events.count("refused") == 1
