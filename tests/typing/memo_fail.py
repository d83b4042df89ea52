"""What type checkers must refuse of `ponty.memo`: each marked line, and no other."""

from ponty.memo import Lock, RedisStore, cache, localcache, locallock, rediscache, redislock


@localcache()
async def local(a: int, *, b: str = "") -> list[str]:
    return [b] * a


@rediscache("redis://localhost")
async def shared(a: int) -> list[str]:
    return [""] * a


class Shop:
    @localcache()
    async def price(self, product: str) -> int:
        return len(product)


class Half:
    async def exists(self, key: str) -> bool:
        return bool(key)


async def use() -> None:
    await local("1")  # E
    await local(1, "x")  # E
    await local(1, c=2)  # E
    text: str = await local(1)  # E
    print(text)
    await Shop().price(1)  # E
    await local.invalidate("1")  # E
    local.cache_contains()  # E
    async with locallock().lock(1):  # E
        pass
    await shared("1")  # E
    async with redislock("redis://localhost").lock("key") as lease:
        lease.fence = 1  # E


localcache(ttl=1)  # E
localcache(maxsize="1")  # E
Lock(Half())  # E
cache(Half(), locallock())  # E
rediscache("redis://localhost", maxsize=1)  # E
rediscache("redis://localhost", serializer="pickle")  # E
redislock(1)  # E
RedisStore("redis://localhost", ttl_ms="1")  # E
