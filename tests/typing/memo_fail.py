"""What type checkers must refuse of `ponty.memo`: each marked line, and no other."""

from ponty.memo import Lock, cache, localcache, locallock


@localcache()
async def local(a: int, *, b: str = "") -> list[str]:
    return [b] * a


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


localcache(ttl=1)  # E
localcache(maxsize="1")  # E
Lock(Half())  # E
cache(Half(), locallock())  # E
