"""Near caches, and values past their lifetime."""

import asyncio

import pytest

from ponty.memo import rediscache
from ponty.memo.redis.near_cache import NearCache, NearCalls


@pytest.fixture
def make(namespace):
    def cached(link, compute, **options):
        async def value(key: str) -> int:
            return await compute()

        return rediscache(link, namespace=namespace, **options)(value)

    return cached


@pytest.fixture
def counting():
    """Return a function that returns how often it has run, and a list to make it fail."""
    runs, failures = [], []

    async def compute():
        runs.append(1)
        if failures:
            raise failures[0]
        return len(runs)

    return compute, runs, failures


def commands(server):
    return sum(stats["calls"] for name, stats in server.ask("INFO", "commandstats").items() if "evalsha" in name)


async def near_is_live(link):
    async with asyncio.timeout(60):
        while not link.subscription.live:
            await asyncio.sleep(0.001)


async def test_a_near_hit_asks_redis_nothing(make, counting, own_server, link_to):
    server = own_server()
    link = link_to(server.url)
    near = make(link, counting[0], near_ms=60_000)
    await near("tea")
    await near_is_live(link)
    assert await near("tea") == 1  # read into the near cache, if it was not live when the value was stored
    before = commands(server)
    for _ in range(20):
        assert await near("tea") == 1
    assert commands(server) == before
    assert near.cache_info().hits == 21


async def test_an_invalidation_reaches_all_near_caches(make, counting, link_to, until):
    here, there = link_to(), link_to()
    one, two = (make(link, counting[0], near_ms=600_000) for link in (here, there))
    for n in range(1, 6):
        assert [await one("tea"), await two("tea")] == [n] * 2
        for link in (here, there):
            await near_is_live(link)
        assert [await one("tea"), await two("tea"), await two("tea")] == [n] * 3
        await one.invalidate("tea")
        assert not await one.cache_contains("tea")  # in its own process at once
        await until(lambda: gone(two), "a message")


async def test_a_clearing_reaches_all_near_caches(make, counting, link_to, until):
    here, there = link_to(), link_to()
    one, two = (make(link, counting[0], near_ms=600_000) for link in (here, there))
    await one("tea")
    await two("tea")
    await near_is_live(there)
    assert await two("tea") == 1
    await one.cache_clear()
    assert await gone(one)
    await until(lambda: gone(two), "a message")


async def test_a_near_cache_believes_nothing_that_it_may_have_missed():
    near = NearCache("area:", "area:@", 10, 60, 60)
    near.put("area:tea", b"1", 60_000, near.generation())
    assert near.get("area:tea") is None  # nobody tells it anything yet
    near.on_connect()
    near.put("area:tea", b"1", 60_000, near.generation())
    assert near.get("area:tea") == b"1"
    near.on_disconnect()
    assert near.get("area:tea") is None
    assert near.stand_in("area:tea") == b"1"
    near.on_connect()
    assert near.get("area:tea") is near.stand_in("area:tea") is None
    before = near.generation()
    near.on_message("area:cake")
    near.put("area:tea", b"1", 60_000, before)
    assert near.get("area:tea") is None
    near.put("area:tea", b"1", 0, near.generation())
    assert near.get("area:tea") is None
    near.put("area:tea", b"1", 60_000, near.generation())
    near.on_message("other area:tea")
    assert near.get("area:tea") == b"1"
    near.on_message("area:@1")
    assert near.get("area:tea") is None
    for n in range(20):
        near.put(f"area:{n}", b"1", 60_000, near.generation())
    assert near.size() == 10


async def gone(cached):
    return not await cached.cache_contains("tea")


async def test_what_was_read_before_an_invalidation_is_not_kept_after_it(
    make, counting, link_to, proxy_to, server, until
):
    """The message of the invalidation overtakes the answer to a read."""
    async with proxy_to(server.port) as proxy:
        slow = link_to(proxy.url)
        here, there = (make(link, counting[0], near_ms=600_000) for link in (slow, link_to()))
        assert await there("tea") == 1
        await here("cake")
        await near_is_live(slow)
        (listeners,) = slow.subscription._listeners.values()
        (near,) = [listener for listener in listeners if isinstance(listener, NearCache)]
        proxy.gate.clear()
        reading = asyncio.create_task(here("tea"))
        await until(lambda: proxy.held)
        generation = near.generation()
        await there.invalidate("tea")
        await until(lambda: near.generation() != generation)
        proxy.gate.set()
        assert await reading == 1  # it began before
        assert await here("tea") == 3


async def test_without_messages_the_near_cache_serves_nothing(make, counting, link_to, proxy_to, server, until):
    async with proxy_to(server.port) as proxy:
        link = link_to(proxy.url, timeout_ms=2000)
        other = make(link_to(), counting[0])
        near = make(link, counting[0], near_ms=600_000)
        await near("tea")
        await near_is_live(link)
        await near("tea")
        proxy.cut()
        await until(lambda: not link.subscription.live)
        await other.invalidate("tea")  # whose message this process may have missed
        await until(lambda: _is(near, 2))


async def _is(cached, value):
    return await cached("tea") == value


async def test_what_was_kept_stands_in_while_redis_is_away(make, counting, own_server, link_to, until, quiet):
    server = own_server()
    link = link_to(server.url, timeout_ms=2000)
    compute, runs, _ = counting
    near = make(link, compute, near_ms=1, near_stale_ms=600_000)
    await near("tea")
    await near_is_live(link)
    await near("tea")
    server.kill()
    assert [await near("tea") for _ in range(5)] == [1] * 5
    assert len(runs) == 1
    assert await near("cake") == 2


async def test_a_stale_value_is_served_while_one_process_renews_it(make, counting, link_to, until):
    compute, runs, _ = counting
    one, two = (make(link_to(), compute, ttl_ms=50, stale_ms=600_000) for _ in range(2))
    assert await one("tea") == 1
    seen = await until(lambda: _changed(two, 1))
    assert seen >= 2
    assert len(runs) >= 2
    assert two.cache_info().misses == 0  # nobody has waited


async def _changed(cached, value):
    seen = await cached("tea")
    return seen if seen != value else None


async def test_a_stale_value_stands_in_for_a_failure(make, counting, link_to, until, quiet):
    compute, runs, failures = counting
    one, two = (make(link_to(), compute, ttl_ms=50, stale_on_error_ms=600_000) for _ in range(2))
    assert await one("tea") == 1
    failures.append(LookupError("no"))
    await until(lambda: _not_contained(two))
    assert await two("tea") == 1
    assert len(runs) == 2
    with pytest.raises(LookupError):
        await two("cake")


async def test_what_a_computation_found_stands_in_for_no_failure_of_a_later_one(
    namespace, link_to, proxy_to, server, until, quiet
):
    """A task that it has started inherits its context variables, and calls again without Redis."""
    async with proxy_to(server.port) as proxy:
        runs, tasks, away = [], [], [asyncio.Event(), asyncio.Event()]

        async def later(n):
            await away[n].wait()
            return await price("tea")

        @rediscache(link_to(proxy.url), namespace=namespace, ttl_ms=50, stale_on_error_ms=600_000)
        async def price(product: str) -> int:
            if proxy.away:
                raise LookupError
            runs.append(1)
            tasks.append(asyncio.create_task(later(len(tasks))))
            return len(runs)

        await until(lambda: _is(price, 2))
        proxy.away = True
        proxy.cut()
        for n in (1, 0):
            away[n].set()
            with pytest.raises(LookupError):
                await tasks[n]


async def _not_contained(cached):
    return not await cached.cache_contains("tea")


async def test_values_end_by_the_clock_of_redis(make, counting, link_to, server, namespace, keys_of, until):
    compute, _, _ = counting
    cached = make(link_to(), compute, ttl_ms=lambda value: None if value == 2 else 60_000, jitter=0.5)
    await cached("tea")
    await cached("cake")
    (mortal, eternal) = keys_of()
    assert {name[-7:] for name in mortal} == {"('tea')"}
    assert any(name.endswith("('cake')") for name in eternal)
    (name,) = [name for name in server.ask("KEYS", f"{namespace}:value:*") if name.endswith(b"('tea')")]
    assert 29_000 <= server.ask("PTTL", name) <= 60_000
    server.ask("PEXPIRE", name, 1)
    await until(lambda: _changed(cached, 1))


async def test_the_hook_is_told_and_cache_if_asked(make, counting, link_to, namespace):
    events = []
    compute, _, _ = counting
    cached = make(link_to(), compute, metrics=lambda _, event: events.append(event), cache_if=lambda value: value > 1)
    assert [await cached("tea"), await cached("tea"), await cached("tea")] == [1, 2, 2]
    assert events == ["miss", "miss", "store", "hit"]


async def test_what_is_at_hand_for_a_call_is_that_of_no_other_call(namespace, link_to):
    """True equals 1, and a list may be changed by whoever gets it."""
    link = link_to()

    @rediscache(link, namespace=namespace, near_ms=60_000)
    async def kinds(value: object, *, many: int = 1) -> list[str]:
        return [type(value).__name__] * many

    for _ in range(2):
        await kinds(1)
        await near_is_live(link)
    for _ in range(3):
        assert await kinds(1) == ["int"]
        assert await kinds(True) == ["bool"]
        assert await kinds("1") == ["str"]
        assert await kinds(None) == ["NoneType"]
        assert await kinds(value=1, many=2) == ["int", "int"]
        (await kinds(1)).append("changed")


async def test_what_is_at_hand_goes_with_its_entry(namespace, link_to):
    link = link_to()
    near = NearCache("area:", "area:@", 3, 60, 60)
    at_hand = NearCalls(near, bytes.decode, lambda: link.client())
    near.put("area:tea", b"1", 60_000, near.generation())
    at_hand.keep("tea", "area:tea")
    assert not at_hand.records  # nobody tells it anything yet

    def keep(*names):
        near.on_connect()
        for name in names:
            near.put(f"area:{name}", b"1", 60_000, near.generation())
            at_hand.keep(name, f"area:{name}")
        return set(at_hand.records)

    assert keep("tea", "cake", "milk", "rice") == {"cake", "milk", "rice"}  # as many as the near cache keeps
    near.on_message("area:milk")
    assert set(at_hand.records) == {"cake", "rice"}
    near.put("area:rice", b"2", 60_000, near.generation())
    assert set(at_hand.records) == {"cake"}  # the value is another one
    near.on_message("area:@1")
    assert not at_hand.records
    assert keep("tea") == {"tea"}
    near.on_disconnect()
    assert not at_hand.records
    assert near.stand_in("area:tea") == b"1"


async def test_a_metrics_hook_hears_of_hits_that_ask_nobody(namespace, link_to):
    link, events = link_to(), []

    @rediscache(link, namespace=namespace, near_ms=60_000, metrics=lambda _, event: events.append(event))
    async def price(product: str) -> int:
        return len(product)

    await price("tea")
    await near_is_live(link)
    for _ in range(4):
        assert await price("tea") == 3
    assert events == ["miss", "store"] + ["hit"] * 4
    assert price.cache_info().hits == 4
    await price.cache_clear()
    assert price.cache_info().hits == 0
