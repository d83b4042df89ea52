"""Nobody caches what a block is about to change."""

import asyncio
import gc

import pytest

from ponty.memo import Deadlock, Stampede, cache, invalidate, localcache, locallock


@pytest.fixture
def prices():
    """A cache over a table, and the table."""
    table = {"tea": 1}

    @localcache(name="prices", maxwait_ms=1000)
    async def price(product, *, currency="EUR"):
        await asyncio.sleep(0.01)
        return table.get(product)

    return price, table


async def test_the_value_is_dropped_and_nobody_stores_the_old_one(prices):
    price, table = prices
    assert await price("tea") == 1
    async with invalidate("prices", "tea"):
        waiting = asyncio.create_task(price("tea"))
        await asyncio.sleep(0.1)
        table["tea"] = 2
    assert await waiting == 2
    assert await price("tea") == 2


@pytest.mark.parametrize("form", [((), {"product": "tea"}), (("tea",), {"currency": "EUR"})])
async def test_every_form_of_the_call_names_it(prices, form):
    price, table = prices
    await price("tea")
    table["tea"] = 2
    async with invalidate("prices", *form[0], **form[1]):
        pass
    assert await price("tea") == 2


async def test_arguments_that_make_no_call_are_refused(prices):
    price, _ = prices
    with pytest.raises(TypeError, match="product"):
        invalidate("prices")
    with pytest.raises(TypeError, match="product"):
        price.invalidate()


async def test_the_function_invalidates_its_own_calls(prices):
    price, table = prices
    await price("tea")
    table["tea"] = 2
    await price.invalidate("tea")
    assert await price("tea") == 2
    async with price.invalidate("tea"):
        table["tea"] = 3
    assert await price("tea") == 3


async def test_a_computation_under_way_ends_first_and_its_value_is_dropped(prices, now):
    price, table = prices
    old = asyncio.create_task(price("tea"))
    await asyncio.sleep(0.005)
    async with invalidate("prices", "tea"):
        assert now() == 10
        assert await old == 1
        table["tea"] = 2
    assert await price("tea") == 2


async def test_a_waiting_invalidation_is_served_before_those_who_come_later(prices, now):
    price, table = prices
    first = asyncio.create_task(price("tea"))
    order = []

    async def change():
        async with invalidate("prices", "tea"):
            order.append("block")
            await asyncio.sleep(0.01)
            table["tea"] = 2

    async def later():
        await asyncio.sleep(0.011)
        order.append(await price("tea"))

    await asyncio.sleep(0.005)
    await asyncio.gather(first, change(), later())
    assert order == ["block", 2]


async def test_other_keys_are_not_held_up(prices, now):
    price, _ = prices
    async with invalidate("prices", "tea"):
        await price("coffee")
    assert now() == 10


async def test_callers_wait_for_the_block_no_longer_than_maxwait(prices, now):
    price, _ = prices
    async with invalidate("prices", "tea"):
        with pytest.raises(Stampede):
            await asyncio.create_task(price("tea"))
    assert now() == 1000


async def test_with_maxwait_zero_they_do_not_wait_at_all(now):
    @localcache(maxwait_ms=0)
    async def compute():
        return 1

    blocked = asyncio.Event()

    async def block():
        async with compute.invalidate():
            blocked.set()
            await asyncio.sleep(1)

    task = asyncio.create_task(block())
    await blocked.wait()
    for _ in range(2):
        with pytest.raises(Stampede):
            await compute()
    assert now() == 0
    assert compute.cache_info().stampedes == 2
    await task
    assert await compute() == 1


async def test_the_invalidation_itself_waits_no_longer_than_maxwait(now):
    @localcache(maxwait_ms=100)
    async def slow():
        await asyncio.sleep(1)

    task = asyncio.create_task(slow())
    await asyncio.sleep(0.01)
    with pytest.raises(Stampede):
        await slow.invalidate()
    assert now() == 110
    await task


async def test_a_call_inside_its_own_block_is_refused_at_once(prices, now):
    price, _ = prices
    async with invalidate("prices", "tea"):
        with pytest.raises(Deadlock, match="prices"):
            await price("tea")
        with pytest.raises(Deadlock):
            await price.invalidate("tea")
    assert now() == 0
    assert await price("tea") == 1


async def test_a_call_of_what_needs_the_blocked_key_is_refused(prices):
    price, _ = prices

    @localcache()
    async def doubled(product):
        return 2 * await price(product)

    async with invalidate("prices", "tea"):
        with pytest.raises(Deadlock):
            await doubled("tea")
    assert await doubled("tea") == 2


async def test_a_block_inside_the_computation_is_refused():
    @localcache()
    async def compute():
        await compute.invalidate()

    with pytest.raises(Deadlock):
        await compute()


async def test_after_the_block_the_call_is_free_again(prices):
    price, _ = prices
    async with invalidate("prices", "tea"):
        pass
    assert await price("tea") == 1


async def test_blocks_of_one_key_run_one_after_another(prices):
    order = []

    async def block(n):
        async with invalidate("prices", "tea"):
            order.append(("in", n))
            await asyncio.sleep(0.01)
            order.append(("out", n))

    await asyncio.gather(*[block(n) for n in range(3)])
    assert order == [(what, n) for n in range(3) for what in ("in", "out")]


async def test_an_error_of_the_block_frees_the_key(prices):
    price, _ = prices
    with pytest.raises(LookupError):
        async with invalidate("prices", "tea"):
            raise LookupError
    assert await price("tea") == 1


async def test_a_cancelled_block_frees_the_key(prices):
    price, _ = prices

    async def block():
        async with invalidate("prices", "tea"):
            await asyncio.sleep(1)

    task = asyncio.create_task(block())
    await asyncio.sleep(0.1)
    task.cancel()
    await asyncio.wait([task])
    assert await price("tea") == 1


async def test_an_unknown_name_warns_and_the_block_runs():
    ran = False
    with pytest.warns(RuntimeWarning, match="no cache named 'nothing'"):
        async with invalidate("nothing", 1):
            ran = True
    assert ran


async def test_a_name_goes_with_its_function():
    @localcache(name="passing")
    async def compute():
        return 1

    await compute()
    del compute
    gc.collect()
    with pytest.warns(RuntimeWarning):
        async with invalidate("passing"):
            pass


async def test_without_a_name_the_function_has_its_own():
    @localcache()
    async def compute():
        return 1

    await compute()
    async with invalidate(f"{__name__}.{compute.__qualname__}"):
        assert not compute.cache_contains()


async def test_a_store_that_cannot_remove_fails_the_block_before_it_runs(make_store):
    store = make_store()

    @cache(store, locallock(100))
    async def compute():
        return 1

    await compute()
    store.fail = ["remove"]
    with pytest.raises(ConnectionError):
        async with compute.invalidate():
            pytest.fail("the block must not run")
    await compute.invalidate()
    assert not store.data


async def test_clearing_keeps_what_is_being_computed_from_being_stored(prices):
    price, table = prices
    old = asyncio.create_task(price("tea"))
    await asyncio.sleep(0.005)
    price.cache_clear()
    table["tea"] = 2
    assert await asyncio.gather(price("tea"), old) == [2, 2] or await old == 1
    assert await price("tea") == 2


async def test_clearing_never_lets_two_computations_of_a_key_run():
    running, calls = 0, 0

    @localcache()
    async def compute():
        nonlocal running, calls
        running, calls = running + 1, calls + 1
        assert running == 1
        try:
            await asyncio.sleep(0.01)
            return calls
        finally:
            running -= 1

    tasks = []
    for _ in range(3):
        tasks.append(asyncio.create_task(compute()))
        await asyncio.sleep(0.005)
        compute.cache_clear()
    assert await asyncio.gather(*tasks, compute()) == [1, 2, 3, 4]
    assert await compute() == 4


async def test_a_cleared_flight_that_fails_harms_no_other():
    calls = 0

    @localcache()
    async def compute():
        nonlocal calls
        calls += 1
        mine = calls
        await asyncio.sleep(0.01 * mine)
        if mine == 1:
            raise LookupError
        return mine

    first = asyncio.create_task(compute())
    await asyncio.sleep(0.005)
    compute.cache_clear()
    second = asyncio.create_task(compute())
    await asyncio.sleep(0.006)
    third = asyncio.create_task(compute())
    results = await asyncio.gather(first, second, third, return_exceptions=True)
    assert [type(results[0]), *results[1:]] == [LookupError, 2, 2]
    assert compute.cache_info().size == 1


async def test_clearing_a_store_while_it_is_written_to_leaves_nothing(make_store):
    class Clearable(make_store):
        async def clear(self):
            self.data.clear()

    store = Clearable(delay_ms=10)

    @cache(store, locallock(1000))
    async def compute(x):
        return x

    task = asyncio.create_task(compute(1))
    await asyncio.sleep(0.025)  # after both looks, while the value is written
    assert store.calls[-1][0] == "set"
    await compute.cache_clear()
    assert await task == 1
    assert store.data == {}


async def test_a_store_that_cannot_clear_says_so(make_store):
    @cache(make_store(), locallock())
    async def compute():
        return 1

    with pytest.raises(NotImplementedError, match="Store"):
        await compute.cache_clear()


@pytest.mark.parametrize("late", [False, True])
async def test_nothing_from_before_a_clearing_is_served_after_it(make_store, late):
    """A store that takes its time may be writing when it is cleared: that is waited for."""
    store = make_store(delay_ms=100)
    table = {"tea": 1}

    async def clear():
        store.data.clear()

    store.clear = clear

    @cache(store, locallock(maxwait_ms=60_000))
    async def price(product):
        return table[product]

    caller = asyncio.create_task(price("tea"))
    await asyncio.sleep(0.35 if late else 0.25)  # read, read once more; and is written
    assert [method for method, _ in store.calls] == ["get", "get", "set"]
    table["tea"] = 2
    await price.cache_clear()
    for _ in range(3):
        assert await price("tea") == 2
    assert await caller == 1


async def test_a_store_may_clear_its_own_cache_as_it_writes(make_store):
    store = make_store()

    async def clear():
        store.data.clear()

    async def set_and_clear(key, data):
        await price.cache_clear()

    store.clear, store.set = clear, set_and_clear

    @cache(store, locallock())
    async def price(product):
        return 1

    async with asyncio.timeout(60):
        assert await price("tea") == 1
