"""With `copy=`, no caller can change what another one gets."""

import asyncio
import copy
from types import MappingProxyType

import pytest

from ponty.memo import cache, cachemiss, localcache, locallock


def over_store(**options):
    values = {}

    class Values:
        async def get(self, key):
            return values.get(key, cachemiss)

        async def set(self, key, data):
            values[key] = data

        async def remove(self, key):
            return values.pop(key, None) is not None

    return cache(Values(), locallock(1000), **options)


@pytest.fixture(params=[localcache, over_store], ids=["localcache", "cache"])
def memoize(request):
    return request.param


async def test_every_caller_has_a_copy_of_its_own(memoize):
    """Those who wait for one computation, those who come later, and the function itself."""
    kept = []

    @memoize(copy=copy.deepcopy)
    async def rows(table):
        kept.append([{"id": 1}])
        await asyncio.sleep(0.01)
        return kept[-1]

    together = await asyncio.gather(rows("a"), rows("a"))
    for got in (*together, await rows("a"), kept[0], await rows("a")):
        assert got == [{"id": 1}]
        got[0]["id"] = 2
        got.append("mine")
    assert await rows("a") == [{"id": 1}]
    assert len(kept) == 1


async def test_without_it_all_callers_have_one_object(memoize):
    @memoize()
    async def rows():
        return []

    (await rows()).append(1)
    assert await rows() == [1]


async def test_stale_values_and_those_that_stand_in_for_failures_are_copied_too():
    values = iter([[1]])

    @localcache(ttl_ms=10, stale_ms=10, stale_on_error_ms=1000, copy=list)
    async def rows():
        return next(values)

    first = await rows()
    first.append("mine")
    await asyncio.sleep(0.015)
    stale = await rows()
    assert stale == [1]
    stale.append("mine")
    await asyncio.sleep(0.015)
    assert await rows() == [1]


async def test_a_function_that_freezes_is_enough(memoize):
    @memoize(copy=MappingProxyType)
    async def row():
        return {"id": 1}

    for _ in range(2):
        with pytest.raises(TypeError):
            (await row())["id"] = 2


@pytest.mark.parametrize("wrong", [True, 1, "deep"])
def test_what_is_no_function_is_refused(memoize, wrong):
    with pytest.raises(ValueError, match="copy must be a function, not"):
        memoize(copy=wrong)


async def test_metrics_and_lifetimes_work_with_it():
    events = []

    @localcache(ttl_ms=1000, copy=list, metrics=lambda _, event: events.append(event))
    async def rows():
        return [1]

    await rows()
    (await rows()).clear()
    assert await rows() == [1]
    assert events == ["miss", "store", "hit", "hit"]
