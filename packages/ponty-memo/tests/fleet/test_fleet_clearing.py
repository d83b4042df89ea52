"""Nobody gets a value from before an invalidation, or a clearing, that has ended in another process.

`PONTY_ROUNDS=500 pytest packages/ponty-memo/tests/fleet/test_fleet_clearing.py` does more at random.
"""

import asyncio
import os
import random
from collections import Counter

import pytest

from ponty.memo import Lock, RedisStore, Stampede, Unavailable, cache, rediscache

ROUNDS = int(os.environ.get("PONTY_ROUNDS", "15"))


class Price:
    """What is cached: it reads the table, and waits for `go` where it reads a 1."""

    def __init__(self):
        self.table = Counter({"tea": 1, "cake": 1})
        self.ran = []
        self.go = asyncio.Event()

    async def read(self, product: str) -> int:
        seen = self.table[product]
        self.ran.append(seen)
        if seen == 1:
            await self.go.wait()
        return seen


@pytest.fixture
def price():
    return Price()


@pytest.fixture
def memoize(namespace, price):
    """Memoize the price over a link."""

    def make(link, **options):
        options = {"maxwait_ms": 600_000, "lease_ms": 600_000} | options
        return rediscache(link, namespace=namespace, **options)(price.read)

    return make


@pytest.fixture
def memoize_by_parts(namespace, price):
    def make(link):
        store = RedisStore[int](link, namespace=namespace, area="prices", lease_ms=600_000, returns=int)
        return cache(store, Lock(store.sentinels, 600_000, timeout_error=Stampede))(price.read)

    return make


async def begun(cached, price, until):
    """Begin a computation, and give the caller's task."""
    ran = len(price.ran)
    caller = asyncio.create_task(cached("tea"))
    await until(lambda: len(price.ran) > ran)
    return caller


@pytest.mark.parametrize("how", ["memoize", "memoize_by_parts"])
async def test_who_calls_after_a_clearing_in_another_process_does_not_join(how, request, price, link_to, until, caplog):
    here, there = (request.getfixturevalue(how)(link_to()) for _ in range(2))
    first = await begun(here, price, until)
    price.table["tea"] = 2
    async with asyncio.timeout(60):  # a tenth of the lease: nobody waits for an extension
        await there.cache_clear()
    later = [asyncio.create_task(cached("tea")) for cached in (here, here, there)]
    await until(lambda: here.cache_info().waiters == 3)
    price.go.set()
    assert [await first, await asyncio.gather(*later)] == [1, [2] * 3]
    assert await there("tea") == 2
    assert price.ran == [1, 2]
    assert caplog.records == []  # it was asked for


async def test_who_calls_after_a_clearing_does_not_join_what_renews_a_stale_value(price, memoize, link_to, until):
    here, there = (memoize(link_to(), ttl_ms=50, stale_ms=600_000) for _ in range(2))
    price.table["tea"] = 0
    assert await here("tea") == 0
    price.table["tea"] = 1
    await until(lambda: renewing(here, price))
    price.table["tea"] = 2
    await there.cache_clear()
    later = asyncio.create_task(here("tea"))
    await until(lambda: here.cache_info().waiters)
    price.go.set()
    assert await later == 2


async def renewing(cached, price):
    assert await cached("tea") == 0
    return 1 in price.ran


async def test_a_process_that_gets_no_messages_is_told_as_it_extends_its_lease(price, memoize, link_to, until):
    deaf = link_to()
    deaf.subscription.listen = lambda channel: None
    here, there = memoize(deaf, lease_ms=3000), memoize(link_to(), lease_ms=3000)
    first = await begun(here, price, until)
    price.table["tea"] = 2
    async with asyncio.timeout(60):
        await there.cache_clear()
    later = asyncio.create_task(here("tea"))
    await until(lambda: here.cache_info().waiters == 2)
    price.go.set()
    assert [await first, await later] == [1, 2]


async def test_a_value_that_is_stored_while_a_clearing_waits_is_refused_in_silence(
    price, namespace, link_to, until, caplog
):
    deaf, events = link_to(), []
    deaf.subscription.listen = lambda channel: None
    here, there = (
        rediscache(link, namespace=namespace, lease_ms=600_000, metrics=lambda _, event: events.append(event))(
            price.read
        )
        for link in (deaf, link_to())
    )
    first = await begun(here, price, until)
    clearing = asyncio.create_task(there.cache_clear())
    await until(lambda: here.cache_info().flights and epoch_of(deaf, namespace))
    assert not clearing.done()
    price.go.set()
    assert await first == 1
    await clearing  # what it waited for has ended
    assert not await here.cache_contains("tea")
    assert events == ["miss"]
    assert caplog.records == []


async def epoch_of(link, namespace):
    names = await link.command("HKEYS", f"{namespace}:meta")
    return any(name.startswith(b"epoch:") for name in names)


@pytest.mark.parametrize("expiry", [100, None])
async def test_a_clearing_waits_for_a_process_that_has_died_until_its_lease_ends(
    memoize, link_to, server, namespace, expiry, until
):
    link = link_to()
    (area,) = {name.rpartition(":")[0] for name in await names_of(memoize(link), server, namespace)}
    left = f"{area.replace(':value:', ':value-lock:')}:=('tea')"
    server.ask("HSET", left, "owner", "somebody who died", "fence", 1, "epoch", "")
    if expiry is not None:
        server.ask("PEXPIRE", left, expiry)
    async with asyncio.timeout(60):
        await memoize(link, lease_ms=100).cache_clear()  # which computes nothing: no lease of its own can be lost
    assert not server.ask("EXISTS", left)


async def names_of(cached, server, namespace):
    await cached("milk")
    return [name.decode() for name in server.ask("KEYS", f"{namespace}:value:*")]


async def test_a_lock_that_was_taken_since_is_not_waited_for(price, memoize, link_to, server, namespace, until):
    """Neither is what lies in the place of one and is none."""
    deaf = link_to()
    deaf.subscription.listen = lambda channel: None  # who holds the lock does not hear of it, and acknowledges nothing
    here, there = memoize(deaf), memoize(link_to())
    await there.cache_clear()
    (area,) = {name.rpartition(":")[0] for name in await names_of(here, server, namespace)}
    server.ask("SET", f"{area.replace(':value:', ':value-lock:')}:=('cake')", "rubbish")
    epoch = there_epoch(server, namespace)
    first = await begun(here, price, until)
    (lock,) = [name for name in server.ask("KEYS", f"{namespace}:value-lock:*") if name.endswith(b"('tea')")]
    server.ask("HSET", lock, "epoch", int(epoch) * 2)  # as if another clearing had begun by now
    async with asyncio.timeout(60):
        await there.cache_clear()
    assert server.ask("HGET", lock, "epoch") == b"%d" % (int(epoch) * 2)
    price.go.set()
    await first


def there_epoch(server, namespace):
    return next(v for k, v in server.ask("HGETALL", f"{namespace}:meta").items() if k.startswith(b"epoch:"))


async def test_a_holder_whose_answer_is_lost_is_told_again(price, memoize, link_to, until):
    link, failed = link_to(), []
    here, there = memoize(link), memoize(link_to())
    run = link.run

    async def fail_once(script, *operands):
        if script.name == "acknowledge" and not failed:
            failed.append(1)
            raise Unavailable
        return await run(script, *operands)

    link.run = fail_once
    first = await begun(here, price, until)
    async with asyncio.timeout(60):
        await there.cache_clear()
    assert failed
    price.go.set()
    await first


async def test_whoever_clears_needs_no_message_to_itself(namespace, link_to):
    deaf = link_to()
    deaf.subscription.listen = lambda channel: None

    @rediscache(deaf, namespace=namespace, lease_ms=600_000)
    async def price(product: str) -> int:
        await price.cache_clear()
        return len(product)

    async with asyncio.timeout(60):
        assert await price("tea") == 3


def noting(link):
    """Note the names of the scripts that are run over a link."""
    names, run = [], link.run

    async def note(script, *operands):
        names.append(script.name)
        return await run(script, *operands)

    link.run = note
    return names


async def test_what_it_costs(price, memoize, link_to, until):
    links = link_to(), link_to()
    here, there = (memoize(link) for link in links)
    ran_here, ran_there = (noting(link) for link in links)
    await there.cache_clear()
    assert ran_there == ["epoch"] * 2
    first = await begun(here, price, until)
    others = [asyncio.create_task(here("tea")) for _ in range(50)]
    await until(lambda: here.cache_info().waiters == 51)
    assert ran_here == ["read", "enter", "read"]
    await there.cache_clear()
    assert ran_here == ["read", "enter", "read", "acknowledge"]
    assert ran_there[2:5] == ["epoch", "epoch", "outdated"]
    assert {*ran_there[5:]} <= {"outdated"}
    price.go.set()
    assert await asyncio.gather(first, *others) == [1] * 51
    assert ran_here[4:] == ["release"]  # before the value is given
    await here("tea")
    assert ran_here[5:] == ["read", "enter", "read", "commit", "release"]


async def test_whoever_clears_waits_for_nothing_of_its_own(namespace, link_to, until):
    """Not for the computation or the block that it clears from inside of, in this process or from another one."""
    options = {"namespace": namespace, "lease_ms": 600_000}

    async def price(product: str) -> int:
        await there.cache_clear()
        await here.cache_clear()
        return len(product)

    here, there = (rediscache(link, **options)(price) for link in (link_to(), link_to()))
    async with asyncio.timeout(60):
        assert await here("tea") == 3
        assert not await here.cache_contains("tea")
        async with here.invalidate("tea"):
            await asyncio.gather(*[cached.cache_clear() for cached in (here, there) * 3])


async def test_who_calls_once_redis_is_back_does_not_join_what_began_without_it(
    own_server, price, memoize, link_to, until, quiet
):
    server = own_server()
    server.kill()
    link = link_to(server.url)
    here, there = memoize(link), memoize(link_to(server.url))
    first = await begun(here, price, until)
    joined = asyncio.create_task(here("tea"))  # Redis is away still
    await until(lambda: here.cache_info().waiters == 2)
    server.start()

    async def change():
        try:
            async with there.invalidate("tea"):
                price.table["tea"] = 2
        except Unavailable:
            return False
        return True

    await until(change)
    await until(lambda: not link.breaker.open)
    asked = noting(link)
    later = asyncio.create_task(here("tea"))
    await until(lambda: here.cache_info().waiters == 3)
    assert asked == ["read", "probe"]
    assert await there("tea") == 2
    price.go.set()
    assert [await first, await joined, await later] == [1, 1, 2]
    assert price.ran == [1, 2]


async def test_who_calls_gets_what_another_process_has_stored_though_one_computes_here_without_redis(
    server, proxy_to, price, memoize, link_to, until, quiet
):
    async with proxy_to(server.port) as proxy:
        proxy.away = True
        link = link_to(proxy.url)
        here, there = memoize(link), memoize(link_to())
        first = await begun(here, price, until)
        price.table["tea"] = 2
        assert await there("tea") == 2
        proxy.away = False
        await until(lambda: not link.breaker.open)
        async with asyncio.timeout(20):
            assert await here("tea") == 2
        price.go.set()
        assert await first == 1


@pytest.mark.parametrize("how", ["full", "a replica"])
async def test_who_calls_where_nothing_can_be_locked_joins(own_server, price, memoize, link_to, until, how, quiet):
    """Redis answers, but nobody can have invalidated anything."""
    server = own_server("--maxmemory-policy", "noeviction")
    link = link_to(server.url)
    cached = memoize(link)
    if how == "full":
        server.ask("CONFIG", "SET", "maxmemory", "1")
    else:
        server.ask("REPLICAOF", "127.0.0.1", "1")
    callers = [await begun(cached, price, until)]
    price.table["tea"] = 2
    callers += [asyncio.create_task(cached("tea")) for _ in range(3)]
    await until(lambda: cached.cache_info().waiters == 4)
    price.go.set()
    assert await asyncio.gather(*callers) == [1] * 4
    assert price.ran == [1]
    assert not link.breaker.open


class Process:
    """One of some processes that read and change a table; it is away from Redis now and then."""

    def __init__(self, link, proxy, chance, truth, options):
        self.link, self.proxy, self.chance, self.truth = link, proxy, chance, truth
        self.unavailable = 0
        self.value = rediscache(link, metrics=self.note, **options)(self.read)

    def note(self, _, event):
        self.unavailable += event == "unavailable"

    async def read(self, key: str) -> int:
        seen = self.truth[key]
        await asyncio.sleep(self.chance.choice([0, 0.01, 0.06]))
        return seen

    async def call(self, promised):
        key = self.chance.choice("ab")
        known, before = promised[key], self.unavailable
        seen = await self.value(key)
        assert seen >= known or self.unavailable > before, "a value from before what has ended"

    async def invalidate(self, promised):
        key = self.chance.choice("ab")
        async with self.value.invalidate(key):
            self.truth[key] += 1
            now = self.truth[key]
            await asyncio.sleep(self.chance.choice([0, 0.002]))
        promised[key] = max(promised[key], now)

    async def clear(self, promised):
        for key in "ab":
            self.truth[key] += 1
        now = Counter(self.truth)
        await self.value.cache_clear()
        promised |= now

    async def leave(self, promised):
        self.proxy.away = True
        self.proxy.cut()
        await asyncio.sleep(self.chance.choice([0.005, 0.03]))
        self.proxy.away = False


@pytest.mark.parametrize("seed", range(4))
async def test_no_call_gets_what_was_so_before_a_change_that_has_ended(
    seed, server, link_to, proxy_to, namespace, keys_of, until, quiet
):
    """Changes, outages and cancellations at random, in some processes at once."""
    chance = random.Random(seed)
    truth, promised = Counter(), Counter()
    options = {"namespace": namespace, "maxwait_ms": 600_000, "lease_ms": 1500, "pulse_ms": 50}
    async with proxy_to(server.port) as one, proxy_to(server.port) as two, proxy_to(server.port) as three:
        processes = []
        for proxy in (one, two, three):
            proxy.delay = lambda: chance.choice([0, 0, 0.001, 0.003])
            processes.append(Process(link_to(proxy.url, max_connections=4), proxy, chance, truth, options))
        changes = [Process.invalidate, Process.invalidate, Process.leave] if seed % 2 else [Process.clear]
        doings = [Process.call] * 10 + changes
        for _ in range(ROUNDS):
            tasks = []
            for _ in range(20):
                tasks.append(asyncio.create_task(chance.choice(doings)(chance.choice(processes), promised)))
                if chance.random() < 0.2:
                    asyncio.get_running_loop().call_later(chance.random() * 0.02, tasks[-1].cancel)
                await asyncio.sleep(chance.choice([0, 0, 0.002, 0.01]))
            for outcome in await asyncio.gather(*tasks, return_exceptions=True):
                if outcome is not None and not isinstance(outcome, asyncio.CancelledError | Unavailable):
                    raise outcome
        for proxy in (one, two, three):
            proxy.away = False
        await until(lambda: not {name for name in set.union(*keys_of()) if "lock" in name})
        for process in processes:
            await until(lambda link=process.link: not link.breaker.open)
            assert process.value.cache_info()[3:5] == (0, 0)
            assert process.link.subscription._waiters == {}
            assert await process.value("a") >= promised["a"]
