"""Clients of redis-py's that the user brings along, and what their Redis lets them do."""

import asyncio

import pytest
import redis
from redis.asyncio import Redis, RedisCluster

from ponty.memo import RedisLink, RedisStore, redis_provider, rediscache, redislock


@pytest.fixture
async def client_of():
    clients = []

    def make(url, **options):
        clients.append(Redis.from_url(url, **options))
        return clients[-1]

    yield make
    for client in clients:
        await client.aclose()


@pytest.mark.parametrize("options", [{}, {"protocol": 3}, {"protocol": 2}, {"max_connections": 3}], ids=str)
async def test_a_client_whose_idle_connections_redis_has_closed_works_on(server, namespace, client_of, options):
    client = client_of(server.url, **options)
    link = RedisLink(client, timeout_ms=20_000)
    lock, runs = redislock(link, namespace=namespace), []

    @rediscache(link, namespace=namespace, maxwait_ms=60_000)
    async def price(product: str) -> int:
        runs.append(product)
        return len(product)

    async with link:
        for _ in range(3):
            await asyncio.gather(*[price("tea" * k) for k in range(3)])
            async with lock.lock("a"):
                pass
            await price.invalidate("other")
            server.ask("CLIENT", "KILL", "TYPE", "normal")
            assert await price("tea") == 3
            server.ask("CLIENT", "KILL", "TYPE", "normal")
            async with lock.lock("a") as lease:
                assert lease.fence > 0
                server.ask("CLIENT", "KILL", "TYPE", "normal")
    assert sorted(runs) == ["", "tea", "teatea"]


async def test_a_user_who_may_not_use_channels_waits_by_pulse(own_server, namespace, link_to, until):
    """What is invalidated is invalidated, and who waits for a lock gets it."""
    server = own_server()
    server.ask("ACL", "SETUSER", "shop", "on", ">secret", "+@all", "~*", "resetchannels")
    url = f"redis://shop:secret@127.0.0.1:{server.port}"
    here, there = link_to(url), link_to(url)
    options = {"namespace": namespace, "maxwait_ms": 60_000, "pulse_ms": 20}
    table = {"tea": 1}

    def process(link):
        @rediscache(link, name="prices", near_ms=60_000, **options)
        async def price(product: str) -> int:
            return table[product]

        return price

    mine, theirs = process(here), process(there)
    assert [await mine("tea"), await theirs("tea")] == [1, 1]
    async with mine.invalidate("tea"):
        table["tea"] = 2
    assert [await mine("tea"), await theirs("tea")] == [2, 2]
    await RedisStore[int](here, namespace=namespace, area="set", returns=int).set("a", 1)
    table["tea"] = 3
    await mine.cache_clear()
    assert [await mine("tea"), await theirs("tea")] == [3, 3]
    one, two = (redislock(link, **options) for link in (here, there))
    async with one.lock("a"):
        waiter = asyncio.create_task(two.lock("a").__aenter__())
        await until(lambda: "a" in two.shared.queue)
    assert (await waiter).fence > 0


@pytest.mark.parametrize("use", [RedisLink, redislock, rediscache, redis_provider])
def test_a_client_of_a_cluster_is_refused(use):
    cluster = RedisCluster.__new__(RedisCluster)  # one that is made looks for its nodes
    with pytest.raises(TypeError, match=r"'RedisCluster' cannot be used: the keys of a script lie in several slots"):
        use(cluster)


@pytest.mark.parametrize("use", [RedisLink, redislock, rediscache, redis_provider])
def test_what_is_no_client_that_awaits_is_refused(use):
    with pytest.raises(TypeError, match=r"a client of redis.asyncio or a RedisLink is needed, not a 'Redis'"):
        use(redis.Redis())
