"""What is kept, for how long, and what it costs."""

import asyncio
import random

import pytest

from ponty.memo import Stampede, localcache


@pytest.fixture
def counting():
    """Decorate a function that counts its calls."""

    def make(**options):
        calls = []

        @localcache(**options)
        async def compute(x=0):
            calls.append(x)
            return len(calls)

        return compute, calls

    return make


async def test_the_least_recently_used_value_goes_first(counting):
    compute, calls = counting(maxsize=2)
    for x in (1, 2, 1, 3, 1, 2):
        await compute(x)
    assert calls == [1, 2, 3, 2]
    assert compute.cache_info().size == 2


async def test_maxsize_zero_keeps_all_with_a_warning(counting):
    with pytest.warns(RuntimeWarning, match="without bound"):
        compute, _ = counting(maxsize=0)
    for x in range(1000):
        await compute(x)
    assert compute.cache_info().size == 1000


async def test_a_value_lives_as_long_as_its_ttl(counting):
    compute, calls = counting(ttl_ms=1000)
    await compute()
    await asyncio.sleep(0.999)
    await compute()
    assert len(calls) == 1
    assert compute.cache_contains()
    await asyncio.sleep(0.001)
    assert not compute.cache_contains()
    await compute()
    assert len(calls) == 2


async def test_a_hit_does_not_prolong_a_life(counting):
    compute, calls = counting(ttl_ms=1000)
    for _ in range(4):
        await compute()
        await asyncio.sleep(0.4)
    assert len(calls) == 2


async def test_expired_values_do_not_pile_up():
    with pytest.warns(RuntimeWarning):

        @localcache(ttl_ms=1000, maxsize=0)
        async def compute(x):
            return x

    for x in range(5000):
        await compute(x)
        if x % 10 == 0:
            await asyncio.sleep(0.01)
        assert compute.cache_info().size <= 1020


async def test_values_with_lives_of_their_own_expire_on_time():
    chance = random.Random(1)
    lives = [life and life * chance.random() for life in chance.choices([5, 50, 500, 5000, None], k=500)]

    with pytest.warns(RuntimeWarning):

        @localcache(ttl_ms=lambda x: lives[x], maxsize=0)
        async def compute(x):
            return x

    for x in range(500):
        await compute(x)
    for time in (1, 10, 100, 1000, 6000):
        await asyncio.sleep(time / 1000 - asyncio.get_running_loop().time())
        alive = [x for x in range(500) if compute.cache_contains(x)]
        assert alive == [x for x in range(500) if lives[x] is None or lives[x] > time]
        assert len(alive) <= compute.cache_info().size <= len(alive) + 5


async def test_one_key_stored_again_and_again_leaves_nothing_behind():
    @localcache(ttl_ms=lambda _: 60_000)
    async def compute():
        return 1

    memo_entries = compute.cache_info
    for _ in range(2000):
        await compute()
        await compute.invalidate()
        await asyncio.sleep(0.001)
    entries = _entries_of(compute)
    assert memo_entries().size == 0
    assert sum(len(bucket) for bucket in entries._buckets.values()) == 0
    assert len(entries._heap) == len(entries._buckets) < 500


def _entries_of(function):
    """Find what a decorated function has stored, behind the curtain."""
    cells = dict(zip(function.cache_clear.__code__.co_freevars, function.cache_clear.__closure__, strict=True))
    return cells["entries"].cell_contents


async def test_a_value_stored_twice_counts_once(counting):
    """It once broke the order of a linked list."""
    compute, _ = counting(maxsize=2, ttl_ms=10)
    for x in (1, 2, 1, 2, 3, 1):
        await compute(x)
        await asyncio.sleep(0.02)
    assert compute.cache_info().size == 0
    await compute(1)
    assert compute.cache_info().size == 1


async def test_jitter_shortens_lives_by_up_to_its_share():
    with pytest.warns(RuntimeWarning):

        @localcache(ttl_ms=1000, jitter=0.5, maxsize=0)
        async def compute(x):
            return x

    for x in range(400):
        await compute(x)
    await asyncio.sleep(0.499)
    assert all(compute.cache_contains(x) for x in range(400))
    await asyncio.sleep(0.25)
    assert 100 < sum(compute.cache_contains(x) for x in range(400)) < 300
    await asyncio.sleep(0.252)
    assert not any(compute.cache_contains(x) for x in range(400))


async def test_cache_if_says_what_is_stored():
    calls = []

    @localcache(cache_if=lambda value: value is not None)
    async def find(x):
        calls.append(x)
        return x or None

    for x in (0, 0, 1, 1):
        await find(x)
    assert calls == [0, 0, 1]


async def test_stale_values_are_served_while_one_call_renews_them(now):
    calls = []

    @localcache(ttl_ms=1000, stale_ms=500)
    async def compute():
        calls.append(now())
        await asyncio.sleep(0.1)
        return len(calls)

    assert await compute() == 1
    await asyncio.sleep(1.2)
    assert await asyncio.gather(*[compute() for _ in range(5)]) == [1] * 5
    assert now() == 1300
    await asyncio.sleep(0.05)
    assert await compute() == 1
    await asyncio.sleep(0.06)
    assert await compute() == 2
    assert calls == [0, 1300]
    assert compute.cache_info()[:2] == (7, 1)
    await asyncio.sleep(1.6)
    assert await compute() == 3  # too old to be served


async def test_a_renewal_goes_on_when_those_who_joined_it_leave(now):
    calls = []

    @localcache(ttl_ms=100, stale_ms=100)
    async def compute():
        calls.append(1)
        await asyncio.sleep(0.2)
        return len(calls)

    await compute()
    await asyncio.sleep(0.15)
    await compute()
    await asyncio.sleep(0.1)  # now it is too old, and the renewal is waited for
    joined = asyncio.create_task(compute())
    await asyncio.sleep(0.01)
    joined.cancel()
    await asyncio.sleep(0.1)
    assert await compute() == 2
    assert len(calls) == 2


async def test_who_joins_a_renewal_has_a_limit():
    calls = []

    @localcache(ttl_ms=100, stale_ms=100, maxwait_ms=50)
    async def compute():
        calls.append(1)
        await asyncio.sleep(1)

    await compute()
    await asyncio.sleep(0.15)
    await compute()
    await asyncio.sleep(0.1)
    with pytest.raises(Stampede):
        await compute()


async def test_a_failed_renewal_is_logged_and_tried_again(caplog):
    calls = []

    @localcache(ttl_ms=100, stale_ms=1000)
    async def compute():
        calls.append(1)
        if len(calls) == 2:
            raise LookupError("renewal")
        return len(calls)

    await compute()
    await asyncio.sleep(0.2)
    for _ in range(3):
        assert await compute() in {1, 3}
        await asyncio.sleep(0.01)
    assert len(calls) == 3
    assert "could not be refreshed" in caplog.text


async def test_a_stale_value_may_stand_in_for_a_failure():
    calls = []

    @localcache(ttl_ms=100, stale_on_error_ms=1000)
    async def compute(x):
        calls.append(x)
        await asyncio.sleep(0.01)
        if len(calls) > 1:
            raise LookupError
        return "old"

    await compute(1)
    await asyncio.sleep(0.2)
    assert await asyncio.gather(compute(1), compute(1)) == ["old", "old"]
    with pytest.raises(LookupError):
        await compute(2)
    await asyncio.sleep(1)
    with pytest.raises(LookupError):
        await compute(1)


async def test_an_invalidated_value_stands_in_for_nothing():
    fail = []

    @localcache(ttl_ms=100, stale_ms=1000, stale_on_error_ms=1000)
    async def compute():
        if fail:
            raise LookupError
        return "old"

    for forget in (compute.invalidate, compute.cache_clear):
        fail.clear()
        await compute()
        await asyncio.sleep(0.2)
        fail.append(1)
        forgotten = forget()
        if forgotten is not None:
            await forgotten
        with pytest.raises(LookupError):
            await compute()


async def test_a_clock_of_ones_own():
    time = [1000.0]

    @localcache(ttl_ms=1000, clock=lambda: time[0])
    async def compute():
        return time[0]

    assert await compute() == 1000
    await asyncio.sleep(5)
    assert await compute() == 1000
    time[0] = 1001
    assert await compute() == 1001


async def test_metrics_are_told_what_happens():
    seen = []

    @localcache(name="m", ttl_ms=100, stale_ms=50, maxsize=1, maxwait_ms=20, metrics=lambda *event: seen.append(event))
    async def compute(x, fail=False):
        await asyncio.sleep(0.01)
        if fail:
            raise LookupError
        return x

    async def heard(*calls):
        seen.clear()
        await asyncio.gather(*calls, return_exceptions=True)
        await asyncio.sleep(0.02)
        assert {name for name, _ in seen} == {"m"}
        return [event for _, event in seen]

    assert await heard(compute(1), compute(1)) == ["join", "miss", "store"]
    assert await heard(compute(1)) == ["hit"]
    assert await heard(compute(2)) == ["miss", "evicted", "store"]
    assert await heard(compute(2, fail=True)) == ["miss", "failure"]
    await asyncio.sleep(0.09)
    assert await heard(compute(2)) == ["stale", "miss", "store"]
    await asyncio.sleep(1)
    assert await heard(compute(3)) == ["miss", "expired", "store"]


async def test_metrics_that_fail_are_logged_and_harm_nothing(caplog):
    def fail(*_):
        raise LookupError("metrics")

    @localcache(metrics=fail)
    async def compute():
        return 1

    assert await compute() == 1
    assert await compute() == 1
    assert "metrics hook" in caplog.text


@pytest.mark.parametrize(
    "options",
    [
        {"ttl_ms": -1},
        {"ttl_ms": float("nan")},
        {"ttl_ms": float("inf")},
        {"ttl_ms": "1"},
        {"maxwait_ms": -1},
        {"pulse_ms": -1},
        {"maxsize": -1},
        {"maxsize": None},
        {"jitter": 2, "ttl_ms": 1},
        {"jitter": 0.1},
        {"stale_ms": 1},
        {"stale_on_error_ms": 1},
        {"stale_ms": -1, "ttl_ms": 1},
    ],
)
def test_options_that_make_no_sense_are_refused(options):
    with pytest.raises(ValueError, match="localcache: "):
        localcache(**options)


@pytest.mark.parametrize("ttl", [0, -0.0, -1, -900_000, float("-inf"), float("nan"), False])
@pytest.mark.parametrize("options", [{}, {"jitter": 0.5}, {"stale_ms": 1000, "stale_on_error_ms": 1000}])
async def test_a_value_whose_lifetime_is_not_above_zero_is_not_kept(ttl, options):
    """A token that is dead on arrival reaches its caller, and nobody else."""
    runs = []

    @localcache(ttl_ms=lambda _: ttl, **options)
    async def token():
        runs.append(1)
        return "dead"

    assert [await token(), await token()] == ["dead", "dead"]
    assert len(runs) == 2
    assert token.cache_info().size == 0


async def test_a_value_that_is_not_kept_takes_the_place_of_the_one_before_it():
    """Or else a failure would bring the older one back."""
    lives = iter([10, 0])

    @localcache(ttl_ms=lambda _: next(lives), stale_on_error_ms=60_000)
    async def token(fail):
        if fail:
            raise LookupError
        return 1

    with pytest.raises(LookupError):
        await token(True)
    tell = localcache(ttl_ms=lambda _: next(lives), stale_on_error_ms=60_000, key=lambda fail: 0)(token.__wrapped__)
    assert await tell(False) == 1
    await asyncio.sleep(0.02)
    assert await tell(False) == 1
    with pytest.raises(LookupError):
        await tell(True)


@pytest.mark.parametrize("ttl", [None, float("inf"), 1e300])
async def test_a_value_may_have_no_end(ttl):
    """None and infinity are for ever, as the default is."""

    @localcache(ttl_ms=lambda _: ttl, jitter=0.5)
    async def compute():
        return 1

    await compute()
    await asyncio.sleep(10**6)
    assert await compute() == 1
    assert compute.cache_info().hits == 1


async def test_a_ttl_function_that_returns_no_number_fails_the_call():
    @localcache(ttl_ms=lambda _: "60")
    async def compute():
        return 1

    with pytest.raises(TypeError, match="ttl_ms must return a number of milliseconds or None, not '60'"):
        await compute()


async def test_a_full_cache_touches_no_more_values_than_a_small_one():
    """Each operation costs the same number of steps at 100 values and at 100,000."""
    import sys

    def steps(function):
        count = 0

        def trace(frame, event, arg):
            nonlocal count
            count += 1
            return trace

        sys.settrace(trace)
        try:
            function()
        finally:
            sys.settrace(None)
        return count

    from ponty.memo.stores.lru import Entries

    def cost(size):
        time = [0.0]
        entries = Entries(size, lambda: time[0])
        for x in range(size):
            entries.put(x, x, 1000, 0)
        return steps(lambda: (entries.put(-1, 0, 1000, 0), entries.put(5, 0, 1000, 0), entries.drop(7)))

    assert cost(100_000) == cost(100)
