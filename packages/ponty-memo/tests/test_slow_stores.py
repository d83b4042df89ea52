"""A store of sentinels that takes its time: asking it is not waiting for somebody else."""

import asyncio

import pytest

from ponty.memo import CacheStore, Lock, SentinelStore, Stampede, Unavailable, cache, cachemiss
from ponty.memo.event_loop import LoopOwner
from ponty.memo.events import Emitter
from ponty.memo.flights.memoizer import Memoizer
from ponty.memo.stores.local_backend import LocalBackend
from ponty.memo.stores.lru import Entries


class Slow(SentinelStore):
    """Each answer takes a second; `answers` are given one after the other, the last one again and again."""

    def __init__(self, *answers):
        self.answers = list(answers)

    async def exists(self, key):
        raise NotImplementedError

    add = remove = exists

    async def try_add(self, key, owner):
        await asyncio.sleep(1)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def release(self, key, owner):
        pass

    async def wait(self, key, timeout_ms):
        await asyncio.sleep(timeout_ms / 1000)


class Values(CacheStore[int]):
    def __init__(self):
        self.data = {}
        self.reads = 0

    async def get(self, key):
        self.reads += 1
        return self.data.get(key, cachemiss)

    async def set(self, key, data):
        self.data[key] = data

    async def remove(self, key):
        return self.data.pop(key, None) is not None


def cached(store, *answers, **options):
    async def price(product: str) -> int:
        await asyncio.sleep(5)
        return len(product)

    return cache(store, Lock(Slow(*answers), timeout_error=Stampede, **options))(price)


async def test_a_call_alone_is_not_bound_by_the_wait_while_the_store_is_asked():
    store = Values()
    price = cached(store, 1, maxwait_ms=100)
    assert await price("tea") == 3
    assert asyncio.get_running_loop().time() == pytest.approx(6)
    assert store.data


async def test_the_wait_begins_when_somebody_else_is_known_to_hold_the_key():
    loop = asyncio.get_running_loop()
    price = cached(Values(), 0, maxwait_ms=300, pulse_ms=60_000)
    with pytest.raises(Stampede):
        await price("tea")
    assert loop.time() == pytest.approx(1.3)
    assert price.cache_info().stampedes == 1


async def test_the_time_of_each_question_is_left_out():
    loop = asyncio.get_running_loop()
    price = cached(Values(), 0, 0, 1, maxwait_ms=300, pulse_ms=100)
    assert await price("tea") == 3
    assert loop.time() == pytest.approx(3 + 0.2 + 5)


async def test_others_who_wait_for_the_flight_have_their_limit_meanwhile():
    loop = asyncio.get_running_loop()
    price = cached(Values(), 1, maxwait_ms=300)
    first = asyncio.create_task(price("tea"))
    await asyncio.sleep(0.1)
    with pytest.raises(Stampede):
        await price("tea")
    assert loop.time() == pytest.approx(0.4)
    assert await first == 3


async def test_a_computation_without_the_store_does_not_ask_it_again():
    store = Values()
    price = cached(store, Unavailable("away"), maxwait_ms=100)
    assert await price("tea") == 3
    assert store.reads == 1
    assert store.data == {}


async def test_a_lone_caller_is_not_refused_because_the_store_of_values_is_slow(make_store, make_sentinels, now):
    """Nobody else computes: it waits for as long as the store takes, before and after the lock is taken."""
    store = make_store(delay_ms=5000)

    @cache(store, Lock(make_sentinels(), maxwait_ms=100, timeout_error=Stampede))
    async def compute():
        return 1

    assert await compute() == 1
    assert now() >= 15_000  # twice read, once written


async def test_who_joins_it_has_the_limit(make_store, make_sentinels):
    store = make_store(delay_ms=5000)

    @cache(store, Lock(make_sentinels(), maxwait_ms=100, timeout_error=Stampede))
    async def compute():
        return 1

    first = asyncio.create_task(compute())
    await asyncio.sleep(1)
    with pytest.raises(Stampede):
        await compute()
    assert await first == 1


async def test_who_joins_a_renewal_that_waits_for_the_lock_keeps_a_limit_of_its_own(make_sentinels):
    """The renewal began to wait before, and gives up before."""
    sentinels = make_sentinels()
    loop_owner, emitter = LoopOwner("the cache"), Emitter("prices", None)
    entries = Entries(0, lambda: loop_owner.now())
    values = iter([1, 2])

    async def compute(_):
        return next(values)

    lock = Lock(sentinels, maxwait_ms=1000, pulse_ms=10, timeout_error=Stampede)
    backend = LocalBackend(entries, loop_owner, lambda _: 1, 0.5, 0)
    memoizer = Memoizer(compute, emitter, loop_owner, lock, backend, accepts=None, copy=None)
    assert await memoizer.miss("tea", ("tea",), {}) == 1
    await asyncio.sleep(1.2)
    sentinels.keys.add("tea")  # another process computes
    assert await memoizer.miss("tea", ("tea",), {}) == 1  # stale, and the renewal begins to wait
    await asyncio.sleep(0.6)
    joining = asyncio.create_task(memoizer.miss("tea", ("tea",), {}))
    await asyncio.sleep(0.9)  # the renewal has given up, the one who has joined it has not
    assert not joining.done()
    sentinels.keys.discard("tea")
    assert await joining == 2
    assert memoizer.stampedes == 0
