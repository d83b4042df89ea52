"""Records that several processes share: each link stands for one."""

import asyncio

import pytest

from ponty.memo import LeaseLost, Locked, RedisRecords, Unavailable

DAY = 86_400_000


@pytest.fixture
def records_of(link_to, namespace):
    """Make the records of a process."""
    return lambda **options: RedisRecords(link_to(), **{"namespace": namespace, "lease_ms": 60_000} | options)


@pytest.fixture
def end_lease(server, namespace):
    """Have the time of a lease be over; its holder hears nothing of it."""
    return lambda key: server.ask("DEL", f"{namespace}:value-lock:records:={key}")


async def test_a_record_of_one_process_is_one_for_all(records_of, keys_of):
    one, other = records_of(), records_of()
    async with one.hold("a") as held:
        assert (await one.get("a"), held.data) == (None, None)
        assert await held.keep(b"\x00done", ttl_ms=DAY)
        assert held.data == b"\x00done"
    assert await other.get("a") == b"\x00done"
    async with other.hold("a") as held_there:
        assert held_there.data == b"\x00done"
        assert held_there.fence > held.fence > 0
        assert await held_there.forget()
        assert held_there.data is None
    assert await one.get("a") is None
    assert keys_of() == (set(), {"meta"})


async def test_a_record_has_an_end(records_of, keys_of, server, namespace):
    async with records_of().hold("a") as held:
        await held.keep(b"done", ttl_ms=DAY)
    assert keys_of() == ({"value:records:=a"}, {"meta"})
    assert DAY - 120_000 < server.ask("PTTL", f"{namespace}:value:records:=a") <= DAY


async def test_one_holder_in_all_processes(records_of):
    one, other = records_of(), records_of()
    async with one.hold("a") as held:
        with pytest.raises(Locked):
            async with other.hold("a"):
                pass
        waiting = asyncio.create_task(_read(other, "a"))
        await held.keep(b"done", ttl_ms=DAY)
    assert await waiting == b"done"


async def _read(records, key):
    async with records.hold(key, maxwait_ms=120_000) as held:
        return held.data


async def test_who_has_lost_the_key_writes_nothing(records_of, end_lease):
    """Nor drops anything; and learns of it at the end of the block."""
    one, other = records_of(), records_of()

    async def late():
        async with one.hold("a") as held:
            end_lease("a")
            async with other.hold("a") as held_there:
                assert not await held.keep(b"late", ttl_ms=DAY)
                assert held_there.data is None
                await held_there.keep(b"done", ttl_ms=DAY)
            assert not await held.keep(b"late", ttl_ms=DAY)
            assert not await held.forget()

    with pytest.raises(LeaseLost):
        await late()
    assert await other.get("a") == b"done"


async def test_a_cancellation_does_not_stop_what_is_being_written(records_of, server, quiet):
    """The key is given back when it is written, whenever its writer was cancelled."""
    records, other = records_of(), records_of()
    assert await records.get("a") is None
    writing = asyncio.Event()

    async def write():
        async with records.hold("a") as held:
            server.pause()
            writing.set()
            await held.keep(b"done", ttl_ms=DAY)

    task = asyncio.create_task(write())
    await writing.wait()
    for _ in range(10):
        await asyncio.sleep(0)
    task.cancel()
    for _ in range(10):
        await asyncio.sleep(0)
    task.cancel()
    server.resume()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await _read(other, "a") == b"done"


async def test_nothing_is_done_where_redis_is_away(own_server, link_to, namespace, quiet):
    server = own_server()
    records = RedisRecords(link_to(server.url, timeout_ms=1000), namespace=namespace)
    assert await records.get("a") is None
    server.kill()
    with pytest.raises(Unavailable):
        await records.get("a")
    with pytest.raises(Unavailable):
        async with records.hold("a"):
            pytest.fail("the block runs")


async def test_what_is_no_record_is_not_taken_for_one(records_of, server, namespace, caplog):
    for lies in ("anything", b"\x01manything"):
        server.ask("SET", f"{namespace}:value:records:=a", lies, "PX", "60000")
        assert await records_of().get("a") is None
    assert "does not hold a record" in caplog.text


async def test_a_record_without_an_end_is_not_taken_for_one(records_of, server, namespace):
    """Somebody else has put it there."""
    server.ask("SET", f"{namespace}:value:records:=a", b"\x01rdone")
    assert await records_of().get("a") is None


async def test_a_lifetime_that_makes_no_sense_is_refused(records_of):
    async with records_of().hold("a") as held:
        with pytest.raises(ValueError, match="ttl_ms"):
            await held.keep(b"", ttl_ms=0)


@pytest.mark.parametrize(("options", "words"), [({"lease_ms": 9}, "lease_ms"), ({"namespace": "a b"}, "namespace")])
def test_what_makes_no_sense_is_refused(records_of, options, words):
    with pytest.raises(ValueError, match=words):
        records_of(**options)
