"""What a process does about locks that another one's clearing has made outdated, and what that costs."""

import asyncio
import pathlib
import subprocess
import sys

import pytest

from ponty.memo import Deadlock, Lock, RedisLink, RedisStore, SentinelStore, Stampede, Unavailable, cache

LEASE = 600_000


class Delegating:
    """A user's store of sentinels, which has what the one that it wraps has."""

    def __init__(self, sentinels):
        self._sentinels = sentinels

    def __getattr__(self, name):
        return getattr(self._sentinels, name)


class Wrapping(SentinelStore):
    """A user's store of sentinels, which has the methods of the one that it wraps, and nothing else."""

    lease_ms = LEASE
    clearing = "none of ours"

    def __init__(self, sentinels):
        for name in ("try_add", "release", "extend", "probe", "wait"):
            setattr(self, name, getattr(sentinels, name))

    async def exists(self, key):
        raise NotImplementedError

    add = remove = exists


HELD = """
for _, lock in ipairs(KEYS) do
    redis.call('HSET', lock, 'owner', ARGV[1], 'fence', 1, 'epoch', '')
    redis.call('PEXPIRE', lock, ARGV[2])
end
"""
"""Holds locks for somebody, all of them at once."""


class Process:
    """A process that computes prices: it waits for `go` where it reads a 1."""

    def __init__(self, link, namespace, table, wrap):
        self.link, self.channel, self.table = link, f"{namespace}:drop", table
        self.go, self.ran, self.asked, self.heard = asyncio.Event(), [], [], []
        self.store = RedisStore(link, namespace=namespace, area="prices", lease_ms=LEASE, returns=int)
        self.price = cache(self.store, Lock(wrap(self.store.sentinels), LEASE, timeout_error=Stampede))(self.read)
        self._run, link.run = link.run, self.run
        self.after = None

    async def read(self, product: str) -> int:
        seen = self.table[product]
        self.ran.append(seen)
        if seen == 1:
            await self.go.wait()
        return seen

    async def run(self, script, keys, operands=()):
        """Note the script, and wait for what the test wants."""
        self.asked.append((script.name, len(keys)))
        reply = await self._run(script, keys, operands)
        if self.after is not None:
            await self.after(script)
        return reply

    async def listen(self):
        """Hear every message from now on."""
        self.link.subscription.subscribe(self.channel, self)
        self.link.subscription.listen(self.channel)
        assert await self.link.subscription.ready(60)

    def on_message(self, text):
        self.heard.append(text)

    def on_connect(self):
        pass

    on_disconnect = on_connect

    def names(self):
        return [name for name, _ in self.asked]


@pytest.fixture
def process(link_to, namespace):
    table = {"tea": 1, "cake": 2}

    def make(link=None, wrap=lambda sentinels: sentinels):
        return Process(link or link_to(), namespace, table, wrap)

    return make


async def begun(process, until):
    caller = asyncio.create_task(process.price("tea"))
    await until(lambda: process.ran)
    return caller


async def test_however_many_locks_are_outdated_a_look_and_a_message_are_one(process, server, namespace, until):
    there = process()
    await there.listen()
    locks = [f"{namespace}:value-lock:prices:={number}" for number in range(1001)]
    server.ask("EVAL", HELD, len(locks), *locks, "somebody who stands still", LEASE)
    clearing = asyncio.create_task(there.price.cache_clear())
    await until(lambda: there.names().count("outdated") > 15)
    looks = [keys for name, keys in there.asked if name == "outdated"]
    assert {*looks[-10:]} == {100}
    assert len(there.heard) <= 2 + 7  # as many as the doublings of the wait
    server.ask("DEL", *locks[1:])
    await until(lambda: there.asked[-1] == ("outdated", 1))
    assert not clearing.done()
    server.ask("DEL", locks[0])
    await clearing


async def test_a_message_that_comes_late_does_nothing_to_what_is_current(process, until):
    here, there = process(), process()
    await here.listen()
    await there.price.cache_clear()
    await until(lambda: len(here.heard) == 2)
    first = await begun(here, until)
    await there.link.command("PUBLISH", here.channel, here.heard[0])
    await there.link.command("PUBLISH", here.channel, here.heard[1])
    await until(lambda: len(here.heard) == 4)
    joined = asyncio.create_task(here.price("tea"))
    await until(lambda: here.price.cache_info().waiters == 2)
    here.go.set()
    assert [await first, await joined] == [1, 1]
    assert await there.price("tea") == 1  # stored
    assert [here.ran, there.ran] == [[1], []]


async def test_a_message_that_comes_while_a_lock_is_being_taken_is_remembered(process, until):
    here, there = process(), process()
    await here.listen()
    taken, told = asyncio.Event(), asyncio.Event()

    async def wait_to_be_told(script):
        if script.name == "enter":
            taken.set()
            await told.wait()

    here.after = wait_to_be_told
    first = asyncio.create_task(here.price("tea"))
    await taken.wait()
    clearing = asyncio.create_task(there.price.cache_clear())
    await until(lambda: len(here.heard) >= 2)
    here.link.subscription._deliver = lambda channel, text: None  # it hears no more
    told.set()
    async with asyncio.timeout(60):
        await clearing
    here.go.set()
    assert await first == 1


async def test_what_wraps_the_sentinels_and_passes_everything_on_is_told(process, until):
    here, there = process(wrap=Delegating), process()
    first = await begun(here, until)
    async with asyncio.timeout(60):
        await there.price.cache_clear()
    here.table["tea"] = 2
    later = asyncio.create_task(here.price("tea"))
    await until(lambda: here.price.cache_info().waiters == 2)
    here.go.set()
    assert [await first, await later] == [1, 2]


async def test_nothing_is_acknowledged_where_no_cache_can_be_told(process, until):
    here, there = process(wrap=Wrapping), process()
    await here.listen()
    first = await begun(here, until)
    clearing = asyncio.create_task(there.price.cache_clear())
    await until(lambda: len(here.heard) > 4)
    assert not clearing.done()
    here.table["tea"] = 2
    here.go.set()
    assert await first == 1
    await clearing
    assert await here.price("tea") == 2
    assert "acknowledge" not in here.names()


async def test_a_call_inside_a_computation_that_another_process_has_outdated_is_refused_at_once(process, until):
    here, there = process(), process()
    inside = []

    async def compute():
        inside.append(1)
        await here.go.wait()
        return await cached()

    cached = cache(here.store, Lock(here.store.sentinels, LEASE, timeout_error=Stampede))(compute)
    first = asyncio.create_task(cached())
    await until(lambda: inside)
    await there.price.cache_clear()
    here.go.set()
    async with asyncio.timeout(60):
        with pytest.raises(Deadlock):
            await first


@pytest.mark.parametrize("how", ["unavailable", "cancelled", "acknowledged"])
async def test_nothing_is_left_of_a_lock_that_could_not_be_given_back(process, until, how, quiet):
    here, there = process(), process()
    errors = {"unavailable": Unavailable(), "cancelled": asyncio.CancelledError()}

    async def fail(script):
        if script.name == "acknowledge":
            here.go.set()
            await until(lambda: "release" in here.names() and not here.price.cache_info().flights)
            raise Unavailable
        if script.name == "release" and how in errors:
            raise errors[how]

    first = await begun(here, until)
    here.after = fail
    if how == "acknowledged":
        await there.price.cache_clear()
    here.go.set()
    await asyncio.wait([first])
    await here.link.aclose()
    assert here.store.sentinels.clearing._held == {}


def test_what_is_held_in_another_event_loop_is_acknowledged(server, namespace):
    """A clearing does not wait for the lease of a key whose loop stands still, and whose process does not."""
    program = pathlib.Path(__file__).with_name("two_loops.py")
    command = [sys.executable, "-W", "ignore", str(program), server.url, namespace]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert ran.stdout.splitlines() == ["here 4", "cleared False", "there 3", "end"], ran.stderr


def test_a_computation_that_takes_no_time_leaves_nothing_running(server, namespace, monkeypatch):
    monkeypatch.setattr("ponty.memo.redis.clearing._MOMENT", 600, raising=False)
    link, loop = RedisLink(server.url, timeout_ms=20_000), asyncio.new_event_loop()
    here = Process(link, namespace, {"cake": 2}, lambda sentinels: sentinels)
    try:
        assert loop.run_until_complete(here.price("cake")) == 2
        assert asyncio.all_tasks(loop) == set()
        loop.run_until_complete(link.aclose())
        loop.run_until_complete(asyncio.sleep(0))  # a transport ends in a step of its own
    finally:
        loop.close()
