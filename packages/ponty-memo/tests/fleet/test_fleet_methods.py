"""Methods, and other objects that only one process has, as arguments of what all processes share."""

from dataclasses import dataclass

import pytest

from ponty.memo import Lock, RedisStore, cache, locallock, rediscache


class Plain:
    """Its objects are equal to nothing but themselves."""

    def __init__(self, name):
        self.name = name


@dataclass(frozen=True)
class Shop:
    name: str


class Named(Plain):
    """It says itself when two are the same."""

    def __eq__(self, other):
        return isinstance(other, Named) and other.name == self.name

    def __hash__(self):
        return hash(self.name)


@pytest.fixture
def method_of(link_to, namespace):
    """Decorate a method as a process of its own would."""

    def make(**options):
        async def price(self, product: str) -> str:
            return f"{product} of {self.name}"

        return rediscache(link_to(), namespace=namespace, name="prices", **options)(price)

    return make


@pytest.mark.parametrize("cls", [Shop, Named])
async def test_an_object_is_the_same_in_every_process_if_its_class_says_so(method_of, cls):
    here, there = method_of(), method_of()
    assert await here(cls("corner"), "tea") == "tea of corner"
    assert await there.cache_contains(cls("corner"), "tea")
    assert not await there.cache_contains(cls("market"), "tea")
    await there.invalidate(cls("corner"), "tea")
    assert not await here.cache_contains(cls("corner"), "tea")


async def test_an_object_of_this_process_alone_is_refused(method_of):
    """Or else nothing would be shared, and nothing invalidated elsewhere, without a word."""
    price = method_of()
    for call in (lambda: price(Plain("a"), "tea"), lambda: price(Shop("a"), Plain("tea"))):
        with pytest.raises(TypeError, match=r"argument '(self|product)' cannot be part.*no other process.*key="):
            await call()
    with pytest.raises(TypeError, match="no other process"):
        price.invalidate(Plain("a"), "tea")


@pytest.mark.parametrize(
    "value",
    [lambda: 1, [Plain("a")], {"a": Plain("a")}, type("Local", (), {})],
    ids=lambda value: type(value).__name__,
)
async def test_so_is_any_argument_that_has_one_in_it(method_of, value):
    with pytest.raises(TypeError, match="no other process"):
        await method_of()(Shop("a"), value)


async def test_a_key_of_ones_own_helps(method_of):
    here, there = (method_of(key=lambda self, product: (self.name, product)) for _ in range(2))
    await here(Plain("corner"), "tea")
    assert await there.cache_contains(Plain("corner"), "tea")


async def test_the_same_goes_for_cache_over_a_store_that_is_shared(link_to, namespace):
    store = RedisStore[str](link_to(), namespace=namespace, area="prices", returns=str)

    @cache(store, Lock(store.sentinels, 1000))
    async def price(self, product):
        return product

    with pytest.raises(TypeError, match="no other process"):
        await price(Plain("a"), "tea")


async def test_a_store_of_this_process_takes_them():
    values = {}

    class Values:
        async def get(self, key):
            from ponty.memo import cachemiss

            return values.get(key, cachemiss)

        async def set(self, key, data):
            values[key] = data

        async def remove(self, key):
            return values.pop(key, None) is not None

    @cache(Values(), locallock(1000))
    async def price(self, product):
        return product

    assert await price(Plain("a"), "tea") == "tea"
