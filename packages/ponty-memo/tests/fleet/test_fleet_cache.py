"""`rediscache` among processes, for each of which one link stands here."""

import asyncio
import dataclasses
import datetime
import decimal
import enum
import uuid

import pytest

from ponty.memo import Deadlock, LeaseLost, Lock, RedisStore, Stampede, cache, cachemiss, invalidate, rediscache


@pytest.fixture
def two(link_to, namespace):
    """Make one cache in two processes: a decorator, to be used twice."""
    links = [link_to(), link_to()]

    def make(function, **options):
        return [rediscache(link, namespace=namespace, **options)(function) for link in links]

    return make


async def test_one_of_all_processes_computes_and_all_have_the_value(two):
    ran = 0
    enough = asyncio.Event()

    async def price(product: str) -> int:
        nonlocal ran
        ran += 1
        await enough.wait()
        return len(product)

    here, there = two(price, pulse_ms=60_000, maxwait_ms=60_000, lease_ms=60_000)
    calls = [asyncio.create_task(cached("tea")) for cached in (here, there) for _ in range(50)]
    while here.cache_info().waiters + there.cache_info().waiters < 100:
        await asyncio.sleep(0.001)
    enough.set()
    assert await asyncio.gather(*calls) == [3] * 100
    assert ran == 1
    assert await there("tea") == 3
    assert there.cache_info().hits == 1
    assert await there.cache_contains("tea")


class Colour(enum.Enum):
    RED = "red"


@dataclasses.dataclass
class Offer:
    price: decimal.Decimal
    until: datetime.datetime
    colours: set[Colour]
    number: uuid.UUID
    sizes: tuple[int, ...]
    data: bytes
    note: str | None = None


OFFER = Offer(
    decimal.Decimal("1.10"),
    datetime.datetime(2026, 2, 3, tzinfo=datetime.UTC),
    {Colour.RED},
    uuid.UUID(int=7),
    (1, 2),
    b"\x00\xff",
)


@pytest.mark.parametrize("serializer", ["msgpack", "json"])
async def test_values_come_back_as_the_type_that_the_function_declares(two, serializer):
    async def offer() -> Offer:
        return OFFER

    here, there = two(offer, serializer=serializer)
    assert await here() == await there() == OFFER
    assert there.cache_info().hits == 1


@pytest.mark.parametrize(
    ("value", "returns"),
    [(None, None), (0, int), ("é\ud7ff", str), ([1, "a", None], list), ({1: {"a": 2.5}}, dict[int, dict[str, float]])],
)
async def test_values_of_all_kinds(two, value, returns):
    async def compute():
        return value

    here, there = two(compute, returns=returns)
    assert await here() == await there() == value
    assert there.cache_info().hits == 1


async def test_a_value_that_would_not_come_back_is_an_error_where_it_is_computed(two):
    async def wrong() -> int:
        return "three"

    async def unwritable() -> object:
        return object()

    for function in (wrong, unwritable):
        with pytest.raises(TypeError, match="cannot be stored as what the function declares"):
            await two(function)[0]()


async def test_a_format_of_ones_own(two):
    class Reversed:
        def encode(self, value):
            return value.encode()[::-1]

        def decode(self, data):
            return data[::-1].decode()

    async def word() -> str:
        return "tea"

    here, there = two(word, serializer=Reversed())
    assert await here() == await there() == "tea"
    assert there.cache_info().hits == 1


@pytest.mark.parametrize("rubbish", [b"", b"rubbish", b"\x01j3", b"\x01m", b"\x01m\xc1", b"\x01m\xa3tea", None])
async def test_what_lies_in_place_of_a_value_and_is_none_is_computed_anew(two, server, namespace, rubbish, quiet):
    ran = 0

    async def price(product: str) -> int:
        nonlocal ran
        ran += 1
        return 3

    here, there = two(price, ttl_ms=60_000)
    await here("tea")
    (name,) = server.ask("KEYS", f"{namespace}:value:*")
    server.ask("DEL", name)
    if rubbish is None:
        server.ask("LPUSH", name, "rubbish")
        server.ask("EXPIRE", name, 60)
    else:
        server.ask("SET", name, rubbish, "EX", 60)
    assert await there("tea") == 3
    assert await here("tea") == 3
    assert ran == 2
    server.ask("SET", name, b"\x01m\x04")  # without an expiry it is not ours
    assert await here("tea") == 3


async def test_an_invalidation_is_seen_by_all_and_nobody_computes_while_its_block_runs(two):
    table = {"tea": 1}

    async def price(product: str) -> int:
        return table[product]

    here, there = two(price, name="fleet prices", pulse_ms=60_000, maxwait_ms=60_000, lease_ms=60_000)
    assert [await here("tea"), await there("tea")] == [1, 1]
    async with invalidate("fleet prices", "tea"):  # the one that was decorated last
        table["tea"] = 2
        caller = asyncio.create_task(here("tea"))
        while not here.cache_info().waiters:
            await asyncio.sleep(0.001)
        assert not await here.cache_contains("tea")
        with pytest.raises(Deadlock):
            await there("tea")
    assert await caller == 2
    await here.invalidate("tea")
    table["tea"] = 3
    assert await there("tea") == 3


async def test_what_was_computed_before_an_invalidation_is_not_stored_after_it(two, server, namespace, quiet):
    """The computing process stands still, as far as Redis can tell: its lock is gone."""
    table = {"tea": 1}
    go, ran = asyncio.Event(), []

    async def price(product: str) -> int:
        seen = table[product]
        ran.append(seen)
        if len(ran) == 1:
            await go.wait()
        return seen

    here, there = two(price)
    caller = asyncio.create_task(here("tea"))
    while not ran:
        await asyncio.sleep(0.001)
    (lock,) = server.ask("KEYS", f"{namespace}:value-lock:*")
    server.ask("DEL", lock)
    async with there.invalidate("tea"):
        table["tea"] = 2
    go.set()
    assert await caller == 1  # its callers began before the change
    assert not await there.cache_contains("tea")
    assert await there("tea") == await here("tea") == 2


async def test_clearing_forgets_everything_everywhere_and_stores_nothing_that_is_under_way(two, keys_of):
    go, ran = asyncio.Event(), []

    async def price(product: str) -> int:
        ran.append(product)
        if product == "slow":
            await go.wait()
        return len(product)

    here, there = two(price, near_ms=60_000, name=r"[any]*?\:")
    for n in range(30):
        assert await here(f"[*?{n}\\é") == len(f"[*?{n}\\é")
    slow = asyncio.create_task(here("slow"))
    while "slow" not in ran:
        await asyncio.sleep(0.001)
    await there.cache_clear()
    assert not [name for name in set.union(*keys_of()) if name.startswith("value:")]
    go.set()
    assert await slow == 4
    assert not await there.cache_contains("slow")
    await there("[*?0\\é")
    assert len(ran) == 32


async def test_two_caches_share_nothing(link_to, namespace):
    link = link_to()

    async def one(x: int) -> str:
        return "one"

    async def two(x: int) -> str:
        return "two"

    assert await rediscache(link, namespace=namespace, name="same")(one)(1) == "one"
    assert await rediscache(link, namespace=namespace, name="same")(two)(1) == "two"  # as in another process
    first = rediscache(link, namespace=namespace, name="same")(one)
    other = rediscache(link, namespace=f"{namespace}-other", name="same")(one)
    assert await first.cache_contains(1)
    assert not await other.cache_contains(1)
    with pytest.raises(ValueError, match="name="):
        rediscache(link, namespace=namespace, name="same")(one)


async def test_a_call_that_may_not_wait_is_refused_in_other_processes_too(two):
    go, ran = asyncio.Event(), asyncio.Event()

    async def price() -> int:
        ran.set()
        await go.wait()
        return 1

    here, there = two(price, maxwait_ms=0)
    first = asyncio.create_task(here())
    await ran.wait()
    with pytest.raises(Stampede):
        await there()
    go.set()
    assert await first == 1
    assert await there() == 1


async def test_the_same_from_parts(link_to, namespace, server):
    ran = []

    def build(link):
        store = RedisStore[int](link, namespace=namespace, area="parts", ttl_ms=60_000, returns=int)

        @cache(store, Lock(store.sentinels, maxwait_ms=60_000, timeout_error=Stampede))
        async def price(product: str) -> int:
            ran.append(product)
            return len(product)

        return price

    here, there = build(link_to()), build(link_to())
    assert await asyncio.gather(here("tea"), there("tea")) == [3, 3]
    assert ran == ["tea"]
    await there.invalidate("tea")
    await here("tea")
    await here.cache_clear()
    await there("tea")
    assert len(ran) == 3


async def test_only_who_holds_the_lock_of_a_key_commits_its_value(link_to, namespace):
    store = RedisStore[int](link_to(), namespace=namespace, area="parts", returns=int)
    with pytest.raises(LeaseLost):
        await store.set_as("tea", 1, "me")  # nobody does
    assert await store.sentinels.try_add("tea", "somebody else")
    with pytest.raises(LeaseLost):
        await store.set_as("tea", 1, "me")
    assert await store.get("tea") is cachemiss
    await store.set_as("tea", 2, "somebody else")
    assert await store.get("tea") == 2
    await store.set("tea", 3)  # on behalf of nobody
    await store.set_as("tea", 4, "")  # as under a local lock
    assert await store.get("tea") == 4
    assert await store.remove("tea")
    assert not await store.remove("tea")


async def test_nothing_is_committed_while_the_cache_is_being_cleared(link_to, namespace):
    link = link_to()
    store = RedisStore[int](link, namespace=namespace, returns=int)
    assert await store.sentinels.try_add("tea", "me")
    command = link.command

    async def commit_first(*parts):
        link.command = command
        with pytest.raises(LeaseLost):
            await store.set_as("tea", 1, "me")
        return await command(*parts)

    link.command = commit_first
    await store.clear()
    assert await store.get("tea") is cachemiss


@pytest.mark.parametrize(
    "options",
    [
        {"ttl_ms": -1},
        {"stale_ms": 5},
        {"jitter": 2, "ttl_ms": 1},
        {"namespace": "a:b"},
        {"lease_ms": 1},
        {"near_ms": -1},
        {"near_maxsize": 0},
        {"near_stale_ms": 5},
        {"serializer": "pickle"},
    ],
)
def test_options_that_make_no_sense_are_refused(server, options):
    async def price() -> int:
        return 1

    with pytest.raises(ValueError, match="|".join([*options, "milliseconds"])):
        rediscache(server.url, **options)(price)
