"""What is stored is what is read; and what cannot be, is refused where it is declared or computed."""

import collections.abc
import dataclasses
import math
import typing

import pytest
import redis

from ponty.memo import RedisSentinels, RedisStore, rediscache, redislock


@dataclasses.dataclass
class Base:
    a: int


@dataclasses.dataclass
class Sub(Base):
    b: int = 7


@dataclasses.dataclass(eq=False)
class Unequal:
    a: float


@pytest.mark.parametrize(
    ("value", "returns"),
    [
        ((1, 2), typing.Any),
        ({1, 2}, typing.Any),
        ([(1, 2)], list),
        (Base(1), typing.Any),
        (Sub(1), Base),
        ((1, 2), collections.abc.Sequence),
        ({"a": (1,)}, dict[str, typing.Any]),
    ],
    ids=repr,
)
async def test_a_value_that_would_be_read_as_another_is_an_error(link_to, namespace, value, returns):
    @rediscache(link_to(), namespace=namespace, returns=returns)
    async def compute() -> object:
        return value

    with pytest.raises(TypeError, match="give returns= the type to read it as"):
        await compute()


@pytest.mark.parametrize(
    ("value", "returns"),
    [
        ((1, 2), tuple[int, int]),
        (math.nan, float),
        ([math.nan, 1.5], list[float]),
        ({"a": (math.nan,)}, dict[str, tuple[float, ...]]),
        (Unequal(math.nan), Unequal),
        (1, float),
        (None, typing.Any),
    ],
    ids=repr,
)
async def test_a_value_that_is_read_as_what_it_was_is_stored(link_to, namespace, value, returns):
    @rediscache(link_to(), namespace=namespace, returns=returns)
    async def compute() -> object:
        return value

    first, second = await compute(), await compute()
    assert repr(first).partition(" object")[0] == repr(value).partition(" object")[0]
    assert type(second) is (returns if returns is float else type(value))
    assert compute.cache_info().hits == 1


async def test_only_the_type_of_the_value_is_looked_up(link_to, namespace):
    module = {"rediscache": rediscache, "link": link_to(), "space": namespace}
    exec(
        "from __future__ import annotations\n"
        "@rediscache(link, namespace=space)\n"
        "async def compute(x: OnlyForTypeCheckers) -> int:\n"
        "    return x\n",
        module,
    )
    assert await module["compute"](3) == 3
    assert await module["compute"](3) == 3


@pytest.mark.parametrize("lease_ms", [0, 9, 86_400_001, 1e19, math.inf])
async def test_a_lease_is_neither_too_short_nor_without_end(link_to, lease_ms):
    with pytest.raises(ValueError, match="lease_ms"):
        RedisSentinels(link_to(), lease_ms=lease_ms)


@pytest.mark.parametrize("ttl_ms", [1e19, 2.0**70, lambda _: 1e30])
async def test_a_lifetime_beyond_measure_is_a_long_one(link_to, namespace, ttl_ms):
    store = RedisStore(link_to(), namespace=namespace, area="a", ttl_ms=ttl_ms, returns=int)
    await store.set("key", 1)
    assert await store.get("key") == 1


def test_a_client_that_blocks_is_refused(server):
    with redis.Redis.from_url(server.url) as client, pytest.raises(TypeError, match=r"redis\.asyncio"):
        redislock(client)
