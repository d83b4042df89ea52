"""A name belongs to one function: `invalidate` misses no cache that has it."""

import asyncio
import gc
import importlib
import sys

import pytest

from ponty.memo import Lock, Locked, Stampede, cache, cachemiss, invalidate, localcache, locallock


class Values(dict):
    async def get(self, key):
        return dict.get(self, key, cachemiss)

    async def set(self, key, data):
        self[key] = data

    async def remove(self, key):
        return self.pop(key, None) is not None


def over_store(name):
    return cache(Values(), locallock(1000), name=name)


def in_process(name):
    return localcache(name=name)


MAKERS = {"localcache": in_process, "cache": over_store}


@pytest.mark.parametrize("second", MAKERS.values(), ids=MAKERS)
@pytest.mark.parametrize("first", MAKERS.values(), ids=MAKERS)
def test_a_second_function_of_one_name_is_refused(first, second):
    @first("prices")
    async def price(product):
        return 1

    with pytest.raises(ValueError, match=r"@\w+ on '.*offer': the cache of .*price has the name 'prices' already"):

        @second("prices")
        async def offer(product):
            return 2

    assert asyncio.run(price("tea")) == 1


def test_a_name_that_is_the_default_one_of_another_cache_is_refused():
    @localcache()
    async def price(product):
        return 1

    with pytest.raises(ValueError, match="choose another name="):

        @localcache(name=f"{price.__module__}.{price.__qualname__}")
        async def offer(product):
            return 2


def test_a_name_is_free_when_its_function_has_gone():
    """Also where it waits to be collected: it refers to itself."""

    def make():
        @localcache(name="prices")
        async def price(n):
            return n and await price(n - 1)

        return asyncio.run(price(3))

    gc.collect()
    gc.disable()
    try:
        assert make() == 0

        @localcache(name="prices")
        async def other(n):
            return n
    finally:
        gc.enable()


CELL = """
from ponty.memo import localcache

@localcache(name="prices of a cell")
async def price(product):
    return table[product]
"""


async def test_a_cell_that_runs_again_defines_the_function_anew():
    notebook = {"__name__": "__main__", "table": {"tea": 1}}
    exec(CELL, notebook)
    older = notebook["price"]
    assert await older("tea") == 1
    exec(CELL, notebook)
    newer = notebook["price"]
    assert await newer("tea") == 1
    notebook["table"]["tea"] = 2
    async with invalidate("prices of a cell", "tea"):
        pass
    assert [await older("tea"), await newer("tea")] == [2, 2]


async def test_an_older_definition_may_have_taken_other_arguments():
    notebook = {"__name__": "__main__", "table": {"tea": 1}}
    exec(CELL, notebook)
    older = notebook["price"]
    exec(CELL.replace("price(product)", "price(product, *, unit)"), notebook)
    async with invalidate("prices of a cell", "tea", unit="kg"):
        pass
    with pytest.raises(TypeError, match="takes 1 positional argument but 2 were given"):
        async with invalidate("prices of a cell", "tea", "kg"):
            pass
    assert await older("tea") == 1


async def test_a_module_may_be_reloaded(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "shop_of_the_test.py").write_text(f"table = {{'tea': 1}}\n{CELL}")
    module = importlib.import_module("shop_of_the_test")
    try:
        price = module.price
        assert await price("tea") == 1
        importlib.reload(module)
        assert await module.price("tea") == 1
        assert price is not module.price
    finally:
        del sys.modules["shop_of_the_test"]


async def test_one_function_decorated_several_times_is_invalidated_in_all_its_caches():
    table = {"tea": 1}

    async def price(product):
        return table[product]

    caches = [make("prices")(price) for make in (in_process, over_store, in_process)]
    assert [await each("tea") for each in caches] == [1, 1, 1]
    table["tea"] = 2
    entered = asyncio.Event()
    async with invalidate("prices", "tea"):
        waiting = [asyncio.create_task(each("tea")) for each in caches]
        await asyncio.sleep(0.01)
        assert not any(task.done() for task in waiting)  # each is held
        entered.set()
    assert await asyncio.gather(*waiting) == [2, 2, 2]


async def test_where_one_of_several_cannot_be_held_none_stays_held():
    gate = asyncio.Event()

    async def price(product):
        await gate.wait()
        return 1

    free = localcache(name="prices", maxwait_ms=10)(price)
    busy = localcache(name="prices", maxwait_ms=10)(price)
    caller = asyncio.create_task(busy("tea"))
    await asyncio.sleep(0)
    with pytest.raises(Stampede):
        async with invalidate("prices", "tea"):
            raise AssertionError("never runs")
    gate.set()
    assert await free("tea") == await caller == 1


def test_two_locks_over_one_local_store_exclude_each_other():
    first = locallock()
    second = Lock(first.sentinels)

    async def main():
        async with first.lock("a"):
            with pytest.raises(Locked):
                async with second.lock("a"):
                    raise AssertionError("never runs")

    asyncio.run(main())
