"""What type checkers must accept of `ponty.memo`, and see through."""

from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any, assert_type

from ponty.memo import (
    CacheInfo,
    CacheStore,
    Lease,
    Lock,
    RedisLink,
    RedisSentinels,
    RedisStore,
    SentinelStore,
    Stampede,
    cache,
    cachemiss,
    invalidate,
    localcache,
    locallock,
    redis_provider,
    rediscache,
    redislock,
)


class Values(CacheStore[str]):
    """Has the three methods, and answers with the class itself where it has nothing."""

    async def get(self, key: str) -> str | type[cachemiss]:
        return cachemiss if key else ""

    async def set(self, key: str, data: str) -> None: ...

    async def remove(self, key: str) -> bool:
        return bool(key)


class Sentinels:
    """No subclass of anything."""

    async def exists(self, key: str) -> bool:
        return bool(key)

    async def add(self, key: str) -> None: ...

    async def remove(self, key: str) -> None: ...


class Busy(Exception):
    """An error of the user's own."""


@localcache(ttl_ms=lambda value: len(value) * 1000, cache_if=bool, metrics=print)
async def local(a: int, *, b: str = "") -> list[str]:
    return [b] * a


@cache(Values(), Lock(Sentinels(), maxwait_ms=10, timeout_error=Busy), key=repr)
async def stored(a: int, b: object) -> str:
    return f"{a}{b}"


class Shop:
    @localcache()
    async def price(self, product: str) -> int:
        return len(product)


link = RedisLink("redis://localhost", timeout_ms=500)
store = RedisStore[int](link, area="stock", ttl_ms=lambda value: value * 1000.0, returns=int)


@cache(store, Lock(store.sentinels, timeout_error=Stampede))
async def stock(product: str) -> int:
    return len(product)


@rediscache(link, ttl_ms=1000, near_ms=50, serializer="json")
async def shared(a: int, *, b: str = "") -> list[str]:
    return [b] * a


async def over_redis() -> None:
    assert_type(await shared(1, b="x"), list[str])
    assert_type(await stock("tea"), int)
    assert_type(await shared.cache_contains(1), bool)
    await shared.invalidate(1)
    async with link, redislock("redis://localhost", maxwait_ms=5).lock("key") as lease:
        assert_type(lease, Lease)
        assert_type(lease.fence, int)
        assert_type(lease.lost, bool)
    Lock(RedisSentinels(link, lease_ms=1000))


provider: Callable[[str], AsyncIterator[None]] = redis_provider(link)


async def use(sentinels: SentinelStore) -> None:
    assert_type(await local(1, b="x"), list[str])
    assert_type(await stored(1, b=2), str)
    assert_type(await Shop().price("tea"), int)
    assert_type(await Shop.price(Shop(), "tea"), int)
    assert_type(local.cache_info(), CacheInfo)
    assert_type(local.cache_contains(1, b="x"), bool)
    assert_type(await stored.cache_contains(1, 2), bool)
    local.cache_clear()
    await stored.cache_clear()
    await local.invalidate(1)
    async with Shop.price.invalidate(Shop(), "tea"), invalidate("anything", 1, b=2):
        pass
    async with locallock().lock("key"), Lock(sentinels).lock("key"):
        pass


typed: Callable[[int], Coroutine[Any, Any, list[str]]] = local
