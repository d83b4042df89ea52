"""`redislock` among processes, for each of which one link stands here."""

import asyncio

import pytest

from ponty.memo import LeaseLost, Lock, Locked, RedisSentinels, SentinelStore, redislock


@pytest.fixture
def two(link_to, namespace):
    """Make one lock in two processes."""

    def make(**options):
        options = {"maxwait_ms": 60_000, "pulse_ms": 60_000, "lease_ms": 60_000} | options
        return [redislock(link_to(), namespace=namespace, **options) for _ in range(2)]

    return make


@pytest.fixture
def steal(server, namespace):
    """Take a lock away from its holder, as the end of its lease would, and maybe give it to somebody else."""

    def take(key, *, to=None):
        name = f"{namespace}:lock:={key}"
        assert server.ask("DEL", name) == 1
        if to is not None:
            server.ask("HSET", name, "owner", to, "fence", "1")
            server.ask("PEXPIRE", name, 60_000)
        return name

    return take


async def test_one_holder_at_a_time_and_fences_that_grow(two):
    locks, holders, fences = two(), 0, []

    async def hold(lock):
        nonlocal holders
        async with lock.lock("a") as lease:
            holders += 1
            assert holders == 1
            fences.append(lease.fence)
            await asyncio.sleep(0)
            holders -= 1

    await asyncio.gather(*[hold(lock) for lock in locks for _ in range(30)])
    assert fences == sorted(set(fences))
    assert len(fences) == 60


async def test_a_waiter_is_woken_by_a_message(two):
    """With neither a pulse nor the end of a lease in sight, nothing else can wake it."""
    here, there = two()
    entered = []

    async def wait():
        async with there.lock("a"):
            entered.append("there")

    for _ in range(5):
        async with here.lock("a"):
            waiter = asyncio.create_task(wait())
            while not there.shared.queue._held:
                await asyncio.sleep(0)
            await asyncio.sleep(0.01)  # more or less far on its way to waiting: neither may miss the message
            assert not entered
        async with asyncio.timeout(30):
            await waiter
        entered.clear()


async def test_a_release_before_the_waiter_listens_is_seen(two):
    """It was not wanted yet, so there is no message: the waiter has to look once it listens."""
    here, there = two(pulse_ms=600_000, maxwait_ms=600_000)
    holding, signals = here.lock("a"), there.sentinels._link.subscription
    await holding.__aenter__()
    ready = signals.ready

    async def release_first(limit):
        live = await ready(limit)
        await holding.__aexit__(None, None, None)
        signals.ready = ready
        return live

    signals.ready = release_first
    async with asyncio.timeout(60), there.lock("a"):
        pass


async def test_a_thousand_callers_in_one_process_are_one_waiter_in_redis(two, server, link_to, namespace):
    here, there = two()

    async def wait():
        async with there.lock("a"):
            pass

    async with here.lock("a"):
        waiters = [asyncio.create_task(wait()) for _ in range(1000)]
        while there.shared.queue.waiting("a") < 999:
            await asyncio.sleep(0.001)
        while server.ask("HGET", f"{namespace}:lock:=a", "wanted") is None:
            await asyncio.sleep(0.001)
        assert server.ask("PUBSUB", "NUMSUB", f"{namespace}:wake")[1] == 1
        server.ask("CONFIG", "RESETSTAT")
        await asyncio.sleep(0.05)
        assert "cmdstat_evalsha" not in server.ask("INFO", "commandstats")  # they wait in silence
        for waiter in waiters[1:]:
            waiter.cancel()
        await asyncio.wait(waiters[1:])
    await waiters[0]


async def test_a_wait_has_its_limit(two):
    here, there = two(maxwait_ms=30)
    async with here.lock("a"):
        with pytest.raises(Locked):
            async with there.lock("a"):
                pass
    async with there.lock("a"):
        pass


async def test_a_message_that_is_lost_costs_one_pulse(two, server, namespace, quiet):
    here, there = two(pulse_ms=30)
    waiter = None
    with pytest.raises(LeaseLost):
        async with here.lock("a"):
            waiter = asyncio.create_task(there.lock("a").__aenter__())
            while server.ask("HGET", f"{namespace}:lock:=a", "wanted") is None:
                await asyncio.sleep(0.001)
            server.ask("DEL", f"{namespace}:lock:=a")  # nobody is told
            async with asyncio.timeout(60):
                await waiter


@pytest.mark.parametrize("to", [None, "somebody else"])
async def test_a_holder_that_has_lost_its_lease_is_told_where_it_awaits(two, steal, server, to, quiet):
    (here, _) = two(lease_ms=1500)
    with pytest.raises(LeaseLost) as caught:
        async with here.lock("a") as lease:
            name = steal("a", to=to)
            await asyncio.sleep(60)
            raise AssertionError("nobody told it")
    assert lease.lost
    assert caught.value.__ponty_status__ == 503
    assert isinstance(caught.value.__cause__, asyncio.CancelledError)
    assert server.ask("HGET", name, "owner") == (to and to.encode())  # not freed, not extended
    assert asyncio.current_task().cancelling() == 0


async def test_a_holder_that_has_lost_its_lease_is_told_at_the_end_at_the_latest(two, steal, quiet):
    here, _ = two()
    with pytest.raises(LeaseLost):
        async with here.lock("a"):
            steal("a")
    with pytest.raises(LookupError) as caught:  # worth more
        async with here.lock("a"):
            steal("a")
            raise LookupError
    assert "could not be released" in caught.value.__notes__[0]


async def test_a_cancellation_from_elsewhere_stays_one(two, steal, quiet):
    here, _ = two(lease_ms=1500)
    entered = asyncio.Event()

    async def hold():
        async with here.lock("a"):
            steal("a")
            entered.set()
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                holder.cancel()
                raise

    holder = asyncio.create_task(hold())
    with pytest.raises(asyncio.CancelledError):
        await holder


async def test_a_lease_is_extended_while_the_block_runs(two, server, namespace):
    here, there = two(lease_ms=2400, maxwait_ms=0)
    name = f"{namespace}:lock:=a"
    extended = 0
    async with here.lock("a"):
        left = server.ask("PTTL", name)
        while extended < 2:
            await asyncio.sleep(0.01)
            before, left = left, server.ask("PTTL", name)
            assert 0 < left <= 2400
            extended += left > before
        with pytest.raises(Locked):
            async with there.lock("a"):
                pass
    assert server.ask("EXISTS", name) == 0


async def test_nobody_frees_or_extends_what_another_one_holds(two, server, namespace):
    here, there = two()
    async with here.lock("a"):
        with pytest.raises(LeaseLost):
            await there.sentinels.release("a", "not its owner")
        assert not await there.sentinels.extend("a", "not its owner")
        assert not await there.sentinels.try_add("a", "not its owner")
        assert server.ask("EXISTS", f"{namespace}:lock:=a") == 1


async def test_taking_is_the_same_when_it_is_done_twice(two):
    """A client may repeat a command that it got no answer to."""
    here, _ = two()
    first = await here.sentinels.try_add("a", "me")
    assert first == await here.sentinels.try_add("a", "me") > 0
    await here.sentinels.release("a", "me")


async def test_fences_grow_also_when_redis_has_lost_its_data(two, server, namespace, link_to):
    here, there = two()
    fences = []
    for lock in (here, there, here):
        async with lock.lock("a") as lease:
            fences.append(lease.fence)
        server.ask("DEL", f"{namespace}:meta")
    server.ask("SET", f"{namespace}:meta", "rubbish")
    async with here.lock("a") as lease:
        fences.append(lease.fence)
    server.ask("HSET", f"{namespace}:meta", "fence", str(fences[-1] + 10**9))  # a clock that was set back
    for _ in range(2):
        async with here.lock("b") as lease:
            fences.append(lease.fence)
    assert fences == sorted(set(fences))
    assert fences[-1] == fences[-2] + 1


@pytest.mark.parametrize("kind", ["text", "list", "a lock for ever"])
async def test_what_lies_in_place_of_a_lock_goes_after_a_lease(two, server, namespace, kind):
    here, _ = two(lease_ms=1200, pulse_ms=20)
    name = f"{namespace}:lock:=a"
    if kind == "text":
        server.ask("SET", name, "rubbish")
    elif kind == "list":
        server.ask("LPUSH", name, "rubbish")
    else:
        server.ask("HSET", name, "owner", "somebody", "fence", "7")
    assert not await here.sentinels.try_add("a", "me")
    assert server.ask("PTTL", name) != -1
    async with asyncio.timeout(60), here.lock("a") as lease:
        assert lease.fence > 7


@pytest.mark.parametrize("key", ["", "a:b", "é\ud800\n", "x" * 100_000, "{tag}", "*"])
async def test_any_text_is_a_key(two, key):
    here, there = two(maxwait_ms=0)
    async with here.lock(key), there.lock(key + "'"):
        with pytest.raises(Locked):
            async with there.lock(key):
                pass


async def test_nothing_stays_but_one_key_of_the_namespace(two, keys_of):
    here, _ = two()
    async with here.lock("a"):
        assert keys_of() == ({"lock:=a"}, {"meta"})
    assert keys_of() == (set(), {"meta"})


async def test_a_sentinel_without_an_owner_is_refused(two):
    here, _ = two()
    for method in ("add", "remove"):
        with pytest.raises(NotImplementedError, match="owner"):
            await getattr(here.sentinels, method)("a")
    assert isinstance(here.sentinels, SentinelStore)
    assert not await here.sentinels.exists("a")


async def test_the_same_from_parts(server, namespace, link_to):
    lock = Lock(RedisSentinels(link_to(), namespace=namespace, lease_ms=5_000))
    async with lock.lock("a") as lease:
        assert lease.fence > 0
        assert not lease.lost
        assert await lock.sentinels.exists("a")
