"""Redis away, slow, read-only, full, restarted, and half a connection."""

import asyncio

import pytest

from ponty.memo import LeaseLost, RedisLink, Unavailable, rediscache, redislock


@pytest.fixture
def use(namespace):
    """Make a cache and a lock over a link; `compute.runs` counts."""

    def make(link, **options):
        runs = []

        async def price(product: str) -> int:
            runs.append(product)
            await asyncio.sleep(0)
            return len(product)

        cached = rediscache(link, namespace=namespace, maxwait_ms=60_000, **options)(price)
        cached.runs = runs
        return cached, redislock(link, namespace=namespace, maxwait_ms=60_000)

    return make


async def fails_closed(cached, lock, entered=()):
    """Neither block runs, and the error is no `Locked`."""
    entered = list(entered)
    for block in (lambda: lock.lock("a"), lambda: cached.invalidate("tea")):
        with pytest.raises(Unavailable) as caught:
            async with block():
                entered.append(1)
        assert caught.value.__ponty_status__ == 503
        assert not isinstance(caught.value, LeaseLost)
    assert entered == []


async def works(cached, lock):
    """Everything is as it was."""
    try:
        async with lock.lock("a"):
            pass
        await cached.invalidate("tea")
        await cached("tea")
        return await cached.cache_contains("tea")
    except Unavailable:
        return False


async def test_redis_away_from_the_start_and_back(own_server, link_to, use, until, quiet):
    server = own_server()
    server.kill()
    link = link_to(server.url)
    events = []
    cached, lock = use(link, metrics=lambda _, event: events.append(event))
    async with link:
        assert await asyncio.gather(*[cached("tea") for _ in range(50)]) == [3] * 50
        assert len(cached.runs) == 1  # single flight holds
        assert "unavailable" in events
        assert "store" not in events
        await fails_closed(cached, lock)
        server.start()
        await until(lambda: works(cached, lock))


async def test_redis_killed_and_restarted_while_all_is_in_use(own_server, link_to, use, until, quiet):
    server = own_server()
    cached, lock = use(link_to(server.url, timeout_ms=5000))
    other = redislock(link_to(server.url), maxwait_ms=60_000)
    assert await works(cached, lock)
    for _ in range(2):
        server.kill()
        await fails_closed(cached, lock)
        assert await cached("cake") == 4
        server.start()
        await until(lambda: works(cached, lock))
    async with lock.lock("a"):
        pass
    async with other.lock("a"):
        pass


async def test_a_waiter_is_told_when_redis_goes_away(own_server, link_to, namespace, use, until, quiet):
    server = own_server()
    (_, here), (_, there) = use(link_to(server.url)), use(link_to(server.url))
    with pytest.raises(LeaseLost):
        async with here.lock("a"):
            waiter = asyncio.create_task(there.lock("a").__aenter__())
            await until(lambda: server.ask("HGET", f"{namespace}:lock:=a", "wanted"))
            server.kill()
            with pytest.raises(Unavailable):
                await waiter
            server.start()  # without its data
            await until(lambda: _answers(here))


async def _answers(lock):
    try:
        return not await lock.sentinels.exists("a")
    except Unavailable:
        return False


@pytest.mark.parametrize("after", [0, 1, 5])
async def test_a_script_whose_connection_breaks_is_run_again(server, link_to, proxy_to, use, after, keys_of):
    """Redis is there, so nobody is refused and nothing computed in vain; what was done the first time is not undone."""
    async with proxy_to(server.port) as proxy:
        link = link_to(proxy.url)
        cached, lock = use(link)
        assert await works(cached, lock)
        await cached("cake")
        for name, what in {
            "enter": lambda: lock.lock("a").__aenter__(),
            "look": lambda: cached("cake"),
            "drop": lambda: cached.invalidate("other"),
        }.items():
            proxy.cut_after = after
            outcome = await what()
            assert name != "enter" or outcome.fence > 0
            assert proxy.cut_after is None  # it was cut
        assert cached.runs == ["tea", "cake"]
        assert not link.breaker.open


async def test_who_gives_back_a_lock_is_not_refused_where_the_answer_is_lost(server, link_to, proxy_to, use, keys_of):
    """The repetition finds nothing to give back, which does not mean that the lease was lost."""
    async with proxy_to(server.port) as proxy:
        _, lock = use(link_to(proxy.url))
        async with lock.lock("a"):
            proxy.cut_after = 0
        assert proxy.cut_after is None
        assert not [name for name in keys_of()[0] if "lock" in name]


async def test_a_waiter_is_woken_also_after_its_connection_was_cut(own_server, link_to, proxy_to, namespace, until):
    """It looks again when the subscription is back: the message came while it was away."""
    server = own_server()
    async with proxy_to(server.port) as proxy:
        options = {"namespace": namespace, "pulse_ms": 600_000, "maxwait_ms": 600_000, "lease_ms": 600_000}
        here, there = redislock(link_to(server.url), **options), redislock(link_to(proxy.url), **options)
        async with here.lock("a"):
            waiter = asyncio.create_task(there.lock("a").__aenter__())
            await until(lambda: server.ask("HGET", f"{namespace}:lock:=a", "wanted"))
            proxy.gate.clear()
            proxy.cut()
        proxy.gate.set()
        async with asyncio.timeout(120):
            await waiter


async def test_a_stopped_redis_is_waited_for_by_few(own_server, link_to, use, until, quiet):
    server = own_server()
    link = link_to(server.url, timeout_ms=300)
    cached, lock = use(link)
    await until(lambda: works(cached, lock))
    server.pause()
    n = 0
    while not link.breaker.open:
        n += 1
        assert await cached("x" * n) == n
    assert n <= 3  # those who paid
    for n in range(100):
        assert await cached("y" * n) == n  # a hundred times the time-out, if they paid too
    assert link.breaker.open
    await fails_closed(cached, lock)
    server.resume()
    await until(lambda: works(cached, lock))


async def test_an_answer_that_never_comes_fails_after_the_time_out_and_leaves_the_client_sound(
    server, link_to, proxy_to, use, until, quiet
):
    async with proxy_to(server.port) as proxy:
        link = link_to(proxy.url, timeout_ms=300)
        cached, lock = use(link)
        await until(lambda: works(cached, lock))
        proxy.silent = True
        assert await cached("soup") == 4
        await fails_closed(cached, lock)
        proxy.silent = False
        proxy.cut()
        await until(lambda: works(cached, lock))


@pytest.mark.parametrize("after", [0, 1, 5, 9])
async def test_a_connection_that_is_cut_in_the_middle_of_an_answer(
    server, link_to, proxy_to, use, until, after, keys_of, quiet
):
    async with proxy_to(server.port) as proxy:
        cached, lock = use(link_to(proxy.url))

        async def hold():
            async with lock.lock("a") as lease:
                return lease

        await until(lambda: works(cached, lock))
        for what in (lambda: cached("tea"), lambda: cached("cake"), hold):
            proxy.cut_after = after
            try:
                outcome = await what()
            except Unavailable:
                continue
            assert outcome in {3, 4} or outcome.fence  # a new connection may have taken the cut
        proxy.cut_after = None
        await until(lambda: works(cached, lock))
        assert await cached("tea") == 3
        _, eternal = keys_of()
        assert not [name for name in eternal if "lock" in name]


async def test_a_lock_whose_answer_was_lost_is_free_again_for_others(
    server, link_to, proxy_to, namespace, quiet, until
):
    """It is given back as soon as Redis answers, though nobody in this process asks for it again."""
    async with proxy_to(server.port) as proxy:
        lock = redislock(link_to(proxy.url), namespace=namespace, lease_ms=600_000)
        other = redislock(link_to(server.url), namespace=namespace, lease_ms=600_000)
        async with lock.lock("warm"):
            pass
        proxy.cut_after, proxy.away = 0, True
        with pytest.raises(Unavailable):
            async with lock.lock("a"):
                pass
        proxy.cut_after, proxy.away = None, False
        await until(lambda: server.ask("EXISTS", f"{namespace}:lock:=a") == 0)
        async with other.lock("a"):
            pass


async def test_a_lock_whose_answer_was_lost_is_free_again_at_once(server, link_to, proxy_to, namespace, quiet):
    """The next caller in this process takes back what it may have left."""
    async with proxy_to(server.port) as proxy:
        lock = redislock(link_to(proxy.url), namespace=namespace, lease_ms=600_000)
        async with lock.lock("warm"):
            pass
        proxy.cut_after, proxy.away = 0, True
        with pytest.raises(Unavailable):
            async with lock.lock("a"):
                pass
        proxy.away = False
        async with lock.lock("a"):
            pass
        assert server.ask("EXISTS", f"{namespace}:lock:=a") == 0


async def test_scripts_that_redis_has_forgotten_are_sent_again(own_server, link_to, use):
    server = own_server()
    cached, lock = use(link_to(server.url))
    for _ in range(3):
        assert await works(cached, lock)
        server.ask("SCRIPT", "FLUSH")


async def test_a_full_redis_serves_what_it_has_and_takes_no_locks(own_server, link_to, use, keys_of, until, quiet):
    server = own_server("--maxmemory-policy", "noeviction")
    cached, lock = use(link_to(server.url))
    async with lock.lock("held"):
        assert await cached("tea") == 3
        server.ask("CONFIG", "SET", "maxmemory", "1")
        assert await cached("tea") == 3
        assert cached.runs == ["tea"]
        assert await cached("cake") == 4
        assert not await cached.cache_contains("cake")
        await fails_closed(cached, lock)
        assert {name for name in keys_of(server)[1] if "lock" in name} == set()
    assert not {name for name in set.union(*keys_of(server)) if "lock" in name}  # a full Redis lets one go
    server.ask("CONFIG", "SET", "maxmemory", "0")
    await until(lambda: works(cached, lock))


async def test_a_replica_is_left_for_the_primary_that_has_taken_its_address(
    own_server, link_to, proxy_to, use, until, quiet
):
    """As after a failover: connections that are open lead to the old primary still."""
    primary, replica = own_server(), own_server()
    async with proxy_to(replica.port) as proxy:
        cached, lock = use(link_to(proxy.url))
        assert await works(cached, lock)
        replica.ask("REPLICAOF", "127.0.0.1", str(primary.port))
        proxy.to = primary.port
        await until(lambda: works(cached, lock))


async def test_a_primary_that_becomes_a_replica_serves_what_it_has(own_server, link_to, use, until, quiet):
    primary, replica = own_server(), own_server()
    cached, lock = use(link_to(replica.url))
    assert await cached("tea") == 3
    primary.ask("FLUSHALL")
    replica.ask("REPLICAOF", "127.0.0.1", str(primary.port))
    await fails_closed(cached, lock)
    assert await cached("cake") == 4
    assert await cached("cake") == 4
    assert cached.runs.count("cake") == 2  # nothing could be stored
    replica.ask("REPLICAOF", "NO", "ONE")
    await until(lambda: works(cached, lock))


async def test_a_holder_is_told_when_redis_stays_away_for_longer_than_its_lease(own_server, link_to, namespace, quiet):
    server = own_server()
    lock = redislock(link_to(server.url), namespace=namespace, lease_ms=400)
    async with asyncio.timeout(60):
        with pytest.raises(LeaseLost):
            async with lock.lock("a"):
                server.pause()
                await asyncio.sleep(600)
    server.resume()


async def test_a_lock_that_cannot_be_released_is_left_to_its_lease(own_server, link_to, namespace, caplog):
    server = own_server()
    lock = redislock(link_to(server.url), namespace=namespace, lease_ms=600_000)
    async with lock.lock("a"):
        server.kill()
    assert "could not be released; it ends with its lease" in caplog.text


async def test_a_link_serves_one_event_loop_after_another(server, namespace):
    link = RedisLink(server.url, timeout_ms=20_000)

    @rediscache(link, namespace=namespace)
    async def price(product: str) -> int:
        return len(product)

    lock = redislock(link, namespace=namespace, maxwait_ms=60_000)

    async def once():
        async with link:
            assert await price("tea") == 3
            async with lock.lock("a"):
                waiter = asyncio.create_task(lock.lock("a").__aenter__())
                await asyncio.sleep(0)
                waiter.cancel()

    def run():
        for _ in range(3):
            asyncio.run(once())

    await asyncio.to_thread(run)
