"""What a hook of a cache is told, by whom, and of which computation."""

import asyncio
import sys

import pytest

from ponty.memo import localcache


class Hook:
    """A hook that keeps what it was told."""

    def __init__(self):
        self.told = []

    def __call__(self, name, event):
        self.told.append((name, event))

    def __ponty_computation__(self, name, event, computation):
        self.told.append((name, event, computation, asyncio.current_task(), sys.exception()))


async def test_all_of_one_computation_name_the_same_object():
    hook = Hook()
    gate = asyncio.Event()

    @localcache(name="price", metrics=hook)
    async def price(product):
        await gate.wait()
        return product

    first, second = asyncio.create_task(price("tea")), asyncio.create_task(price("tea"))
    other = asyncio.create_task(price("milk"))
    while len(hook.told) < 3:
        await asyncio.sleep(0)
    gate.set()
    await asyncio.gather(first, second, other)
    await price("tea")
    computations = [entry for entry in hook.told if len(entry) == 5]
    of_tea = {id(entry[2]) for entry in computations if entry[3] is not other and entry[1] == "join"}
    begun = {id(entry[2]) for entry in computations if entry[1] == "miss"}
    assert len(of_tea) == 1
    assert len(begun) == 2
    assert of_tea < begun
    assert [entry for entry in hook.told if len(entry) == 2] == [("price", "store")] * 2 + [("price", "hit")]
    [join] = [entry for entry in computations if entry[1] == "join"]
    assert join[3] is second


async def test_a_failure_is_told_within_the_task_that_computes_with_its_error():
    hook = Hook()

    @localcache(name="price", metrics=hook)
    async def price(product):
        raise LookupError(product)

    with pytest.raises(LookupError):
        await price("tea")
    (_, begins, computation, task, nothing), (_, fails, same, same_task, error) = hook.told
    assert (begins, fails) == ("miss", "failure")
    assert computation is same
    assert task is same_task is not asyncio.current_task()
    assert nothing is None
    assert isinstance(error, LookupError)


async def test_a_plain_function_is_told_the_same_events():
    told = []

    @localcache(name="price", metrics=lambda name, event: told.append((name, event)))
    async def price(product):
        return product

    await asyncio.gather(price("tea"), price("tea"))
    assert sorted(told) == [("price", "join"), ("price", "miss"), ("price", "store")]
