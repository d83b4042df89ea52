"""A hub: each subscriber hears everything in order, or is told that it has not."""

import asyncio

import pytest

from ponty.core import Hub, Lagged


async def test_everybody_hears_all_that_is_published_while_they_listen():
    hub = Hub()
    hub.publish(0)  # which nobody hears
    async with hub.subscribe() as first:
        hub.publish(1)
        async with hub.subscribe() as second:
            assert len(hub) == 2
            hub.publish(2)
            assert [await anext(first), await anext(first), await anext(second)] == [1, 2, 2]
        hub.publish(3)
        assert await anext(first) == 3
    assert not len(hub)


async def test_who_waits_is_woken():
    hub = Hub()
    async with hub.subscribe() as heard:
        waiting = asyncio.create_task(anext(heard))
        await asyncio.sleep(0)
        hub.publish("a")
        assert await waiting == "a"


async def test_who_is_too_slow_hears_what_was_kept_and_that_there_was_more():
    """And nobody else is held up, or told less."""
    hub = Hub()
    async with hub.subscribe(backlog=2) as slow, hub.subscribe() as fast:
        for number in range(4):
            hub.publish(number)
        assert [await anext(slow), await anext(slow)] == [0, 1]
        hub.publish(4)  # what comes after a gap is not told
        for _ in range(2):
            with pytest.raises(Lagged):
                await anext(slow)
        assert [await anext(fast) for _ in range(5)] == [0, 1, 2, 3, 4]


async def test_a_subscription_ends_with_its_block_however_that_ends():
    hub = Hub()
    with pytest.raises(ValueError, match="no more"):
        async with hub.subscribe():
            raise ValueError("no more")
    assert not len(hub)


@pytest.mark.parametrize("backlog", [0, -1])
async def test_a_backlog_of_nothing_is_refused(backlog):
    with pytest.raises(ValueError, match="backlog must be 1 or more"):
        async with Hub().subscribe(backlog=backlog):
            pass
