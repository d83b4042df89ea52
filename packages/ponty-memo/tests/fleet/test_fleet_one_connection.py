"""Where there is one connection, it is for commands: nothing that needs messages keeps it."""

import asyncio

import pytest
from redis.asyncio import Redis

from ponty.memo import Lock, RedisSentinels, rediscache


@pytest.fixture(params=["a client", "a URL"])
async def link_of_one(request, server, link_to):
    """A link that has one connection."""
    if request.param == "a URL":
        yield link_to(f"{server.url}?max_connections=1")
        return
    client = Redis.from_url(server.url, max_connections=1)
    link = link_to(client)
    yield link
    await link.aclose()
    await client.aclose()


async def test_the_only_connection_of_a_pool_is_not_given_to_messages(link_of_one, namespace):
    events = []

    @rediscache(link_of_one, namespace=namespace, near_ms=600_000, metrics=lambda _, event: events.append(event))
    async def price(product: str) -> int:
        link_of_one.subscription.listen(f"{namespace}:drop")  # as a computation that takes long would
        return len(product)

    for product in ("tea", "cake", "tea"):
        assert await price(product) == len(product)
    await price.cache_clear()
    assert events == ["miss", "store"] * 2 + ["hit"]


async def test_who_waits_with_one_connection_looks_now_and_then(link_of_one, link_to, namespace):
    here, there = (Lock(RedisSentinels(link, namespace=namespace), 600_000, 10) for link in (link_of_one, link_to()))
    async with there.lock("tea"):
        waiting = asyncio.create_task(hold(here))
        await asyncio.sleep(0.05)
        assert not waiting.done()
    assert await waiting


async def hold(lock):
    async with lock.lock("tea") as lease:
        return lease.fence
