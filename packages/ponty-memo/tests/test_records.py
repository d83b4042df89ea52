"""Records in this process: written by who holds the key, kept for their lifetime, bounded in their bytes."""

import asyncio

import pytest

from ponty.memo import LocalRecords, Locked

DAY = 86_400_000


@pytest.fixture
def records():
    return LocalRecords()


async def test_a_record_is_there_for_its_lifetime(records):
    async with records.hold("a") as held:
        assert held.data is None
        assert await held.keep(b"done", ttl_ms=1000)
        assert held.data == b"done"
    assert await records.get("a") == b"done"
    async with records.hold("a") as held:
        assert held.data == b"done"
    await asyncio.sleep(0.999)
    assert await records.get("a") == b"done"
    await asyncio.sleep(0.001)
    assert await records.get("a") is None
    assert len(records) == 0


async def test_keys_have_nothing_to_do_with_one_another(records):
    async with records.hold("a") as a, records.hold("b") as b:
        await a.keep(b"a", ttl_ms=1)
        assert b.data is None


async def test_a_record_is_replaced_and_dropped(records):
    async with records.hold("a") as held:
        await held.keep(b"begun", ttl_ms=10)
        await held.keep(b"done", ttl_ms=DAY)
        await asyncio.sleep(0.02)
        assert held.data == b"done", "the end of the first has nothing to do with the second"
        assert await held.forget()
        assert held.data is None
        assert await held.forget()
    assert await records.get("a") is None


async def test_one_holder_at_a_time_first_come_first_served(records):
    order = []

    async def hold(name):
        async with records.hold("a", maxwait_ms=1000) as held:
            order.append((name, held.fence))
            await asyncio.sleep(0.01)

    await asyncio.gather(*[hold(name) for name in "xyz"])
    assert [name for name, _ in order] == ["x", "y", "z"]
    assert sorted({fence for _, fence in order}) == [fence for _, fence in order]


async def test_who_waits_too_long_is_told(records, now):
    async with records.hold("a"):
        with pytest.raises(Locked):
            async with records.hold("a"):
                pass
        with pytest.raises(Locked):
            async with records.hold("a", maxwait_ms=70):
                pass
        assert now() == 70


async def test_the_key_is_given_back_on_every_way_out(records):
    async def fail():
        async with records.hold("a"):
            raise LookupError

    async def stay():
        async with records.hold("a"):
            await asyncio.sleep(60)

    with pytest.raises(LookupError):
        await fail()
    task = asyncio.create_task(stay())
    await asyncio.sleep(1)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    async with records.hold("a"):
        pass


async def test_nothing_is_written_after_the_block(records):
    """Somebody else may hold the key then."""
    async with records.hold("a") as held:
        await held.keep(b"done", ttl_ms=DAY)
    assert not await held.keep(b"late", ttl_ms=DAY)
    assert not await held.forget()
    assert await records.get("a") == b"done"


async def test_the_oldest_go_where_there_is_no_room(caplog):
    records = LocalRecords(max_bytes=10_000)
    for number in range(100):
        async with records.hold(f"{number}") as held:
            await held.keep(b"x" * 500, ttl_ms=DAY)
    assert len(records) == 11
    assert await records.get("99") is not None
    assert await records.get("0") is None
    told = [record.getMessage() for record in caplog.records]
    assert told[0].startswith("1 records were dropped early")
    assert len(told) == 7, "each time their number has doubled"


async def test_what_is_past_its_lifetime_makes_room_first(caplog):
    records = LocalRecords(max_bytes=10_000)
    for number in range(1000):
        async with records.hold(f"{number}") as held:
            await held.keep(b"x" * 500, ttl_ms=10)
        await asyncio.sleep(0.002)
    assert not caplog.records


async def test_one_that_is_larger_than_all_is_not_kept(caplog):
    records = LocalRecords(max_bytes=1000)
    async with records.hold("a") as held:
        await held.keep(b"x" * 2000, ttl_ms=DAY)
        assert held.data is None
    assert len(records) == 0


async def test_what_was_written_often_leaves_no_ends_behind(records):
    """The heap of ends is made anew before it is much larger than the records."""
    for number in range(5000):
        async with records.hold("a") as held:
            await held.keep(b"%d" % number, ttl_ms=DAY)
    assert len(records._ends) < 100
    await asyncio.sleep(DAY / 1000)
    assert len(records) == 0
    assert records._bytes == 0


def test_records_outlive_an_event_loop(virtual_run):
    records = LocalRecords()

    async def write():
        async with records.hold("a") as held:
            await held.keep(b"done", ttl_ms=DAY)

    async def read():
        async with records.hold("a") as held:
            return held.data

    virtual_run(write())
    assert virtual_run(read()) == b"done"


def test_a_clock_that_is_set_back_shows_no_ages(virtual_run):
    """A record whose end cannot be told is none, rather than one for ever."""
    records = LocalRecords()

    async def write():
        await asyncio.sleep(100)
        async with records.hold("a") as held:
            await held.keep(b"done", ttl_ms=1000)

    async def read():
        return await records.get("a")

    virtual_run(write())
    assert virtual_run(read()) is None
    assert len(records) == 0


async def test_a_clock_of_ones_own():
    time = [0.0]
    records = LocalRecords(clock=lambda: time[0])
    async with records.hold("a") as held:
        await held.keep(b"done", ttl_ms=1000)
    time[0] = 0.9
    assert await records.get("a") == b"done"
    time[0] = 1.0
    assert await records.get("a") is None


@pytest.mark.parametrize("size", [0, 999, 1e6, "1000"])
def test_a_size_that_makes_no_sense_is_refused(size):
    with pytest.raises(ValueError, match="max_bytes"):
        LocalRecords(max_bytes=size)


@pytest.mark.parametrize("ttl", [0, -1, float("nan"), float("inf"), "1"])
async def test_a_lifetime_that_makes_no_sense_is_refused(records, ttl):
    async with records.hold("a") as held:
        with pytest.raises(ValueError, match="ttl_ms"):
            await held.keep(b"", ttl_ms=ttl)


@pytest.mark.parametrize("wait", [-1, float("nan"), "1"])
def test_a_wait_that_makes_no_sense_is_refused(records, wait):
    with pytest.raises(ValueError, match="maxwait_ms"):
        records.hold("a", maxwait_ms=wait)
