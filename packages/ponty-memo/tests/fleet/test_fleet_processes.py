"""Several real processes over one Redis: stampedes, crashes, pauses, and clocks that differ."""

import asyncio
import json
import os
import pathlib
import signal
import subprocess
import sys

import pytest
import warm

from ponty.memo import rediscache, redislock

WORKER = pathlib.Path(__file__).with_name("worker.py")
OPTIONS = {"maxwait_ms": 60_000, "lease_ms": 60_000}


class Worker:
    """A process that does what it is told; see worker.py."""

    def __init__(self, process):
        self.process = process

    def tell(self, order):
        self.process.stdin.write(f"{order}\n".encode())

    async def hear(self, what):
        """Wait for the next event, which is `what`, and give its value."""
        async with asyncio.timeout(300):
            line = await self.process.stdout.readline()
        event = json.loads(line or b'{"nothing": "the process has ended"}')
        assert list(event) == [what], event
        return event[what]


@pytest.fixture
async def start(server, namespace):
    workers = []

    async def begin(shift=0, url=None, **options):
        process = await warm.start(
            sys.executable,
            str(WORKER),
            url or server.url,
            namespace,
            json.dumps(OPTIONS | options),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "PONTY_CLOCK_SHIFT": str(shift)},
        )
        workers.append(Worker(process))
        return workers[-1]

    async def several(count, **options):
        begun = [await begin(**options) for _ in range(count)]
        for worker in begun:
            await worker.hear("ready")
        return begun

    yield several
    for worker in workers:
        if worker.process.returncode is None:
            os.kill(worker.process.pid, signal.SIGKILL)
        worker.process.stdin.close()
        await worker.process.communicate()


def stop(worker):
    os.kill(worker.process.pid, signal.SIGSTOP)


def go_on(worker):
    os.kill(worker.process.pid, signal.SIGCONT)


async def test_four_processes_with_fifty_callers_each_compute_once(start, server, namespace):
    workers = await start(4)
    for key in ("slow1", "slow2", "slow3"):
        for worker in workers:
            worker.tell(f"call {key} 50")
        computing = [asyncio.create_task(worker.hear("computing")) for worker in workers]
        done, _ = await asyncio.wait(computing, return_when=asyncio.FIRST_COMPLETED)
        (chosen,) = [worker for worker, task in zip(workers, computing, strict=True) if task in done]
        for task in computing:
            task.cancel()
        await asyncio.gather(*computing, return_exceptions=True)
        chosen.tell("go on")
        for worker in workers:
            assert await worker.hear("values") == [f"{key}, run 1"]
        assert server.ask("GET", f"{namespace}-runs:{key}") == b"1"


async def test_the_lock_of_a_process_that_is_killed_is_free_after_its_lease(start, server, namespace, link_to, keys_of):
    (holder,) = await start(1, lease_ms=1000)
    holder.tell("hold a")
    fence = await holder.hear("entered")
    os.kill(holder.process.pid, signal.SIGKILL)
    await holder.process.wait()
    assert "meta" in keys_of()[1]
    assert not [name for name in keys_of()[1] if "lock" in name]
    async with asyncio.timeout(300), redislock(link_to(), namespace=namespace, maxwait_ms=60_000).lock("a") as lease:
        assert lease.fence > fence


async def test_a_process_that_stood_still_past_its_lease_is_told_and_its_fence_is_old(start, link_to, namespace):
    (holder,) = await start(1, lease_ms=1000)
    lock = redislock(link_to(), namespace=namespace, maxwait_ms=600_000, lease_ms=60_000)
    holder.tell("hold a")
    fence = await holder.hear("entered")
    stop(holder)
    async with lock.lock("a") as lease:
        assert lease.fence > fence
        go_on(holder)
        assert await holder.hear("told") == "LeaseLost"
        assert not lease.lost
        assert await lock.sentinels.exists("a")


async def test_what_a_process_that_stood_still_computed_is_not_stored_after_an_invalidation(start):
    (slow,) = await start(1, lease_ms=1000)
    (other,) = await start(1, lease_ms=60_000)
    slow.tell("call slow 3")
    await slow.hear("computing")
    stop(slow)
    other.tell("invalidate slow")  # waits for the lease to end
    await other.hear("invalidated")
    go_on(slow)
    slow.tell("go on")
    assert await slow.hear("values") == ["slow, run 1"]  # they began before
    other.tell("contains slow")
    assert await other.hear("contains") is False


async def test_a_newer_computation_is_not_overwritten_by_an_older_one(start, server, namespace):
    (old,) = await start(1, lease_ms=1000)
    (new,) = await start(1)
    old.tell("call slow 1")
    await old.hear("computing")
    stop(old)
    new.tell("call slow 1")
    await new.hear("computing")  # once the lease has ended
    go_on(old)
    old.tell("go on")
    assert await old.hear("values") == ["slow, run 1"]
    assert server.ask("KEYS", f"{namespace}:value:*") == []
    new.tell("go on")
    assert await new.hear("values") == ["slow, run 2"]
    old.tell("call slow 1")
    assert await old.hear("values") == ["slow, run 2"]


@pytest.mark.parametrize("shift", [86_400, -86_400])
async def test_clocks_of_processes_do_not_matter(start, shift, link_to, namespace):
    (worker,) = await start(1, shift=shift, ttl_ms=60_000, stale_ms=1000)
    (other,) = await start(1, ttl_ms=60_000, stale_ms=1000)
    for first, second in ((worker, other), (other, worker)):
        for _ in range(2):
            first.tell("call tea 2")
            assert await first.hear("values") == ["tea, run 1"]
        second.tell("call tea 2")
        assert await second.hear("values") == ["tea, run 1"]
    fences = []
    for holder in (worker, other, worker):
        holder.tell("hold a")
        fences.append(await holder.hear("entered"))
        holder.tell("go on")
        await holder.hear("left")
    assert fences == sorted(fences)


async def test_a_restart_of_redis_under_several_processes(start, own_server, namespace, link_to, until, quiet):
    server = own_server()
    workers = await start(3, url=server.url)
    for worker in workers:
        worker.tell("call tea 20")
        assert await worker.hear("values") == ["tea, run 1"]
    server.kill()
    server.start()

    async def all_see_one_value():
        seen = set()
        for worker in workers:
            worker.tell("call cake 20")
            seen.update(await worker.hear("values"))
        return len(seen) == 1

    await until(all_see_one_value)


async def test_a_value_of_another_process_is_read_by_this_one(start, link_to, namespace):
    """As long as module, name and namespace are the same; those of a test are not."""
    (worker,) = await start(1)
    worker.tell("call tea 1")
    await worker.hear("values")

    async def value(key: str) -> str:
        return "this one's own"

    value.__module__, value.__qualname__ = "__main__", "value"
    mine = rediscache(link_to(), namespace=namespace, name="worker")(value)
    assert await mine("tea") == "tea, run 1"


@pytest.mark.parametrize("kind", ["url", "client"])
def test_a_fork_with_an_open_link_leaves_the_parent_its_connections(server, namespace, kind):
    """Sockets and selector are shared with the child, which must not take one out of the other."""
    program = pathlib.Path(__file__).with_name("forking.py")
    command = [sys.executable, str(program), server.url, namespace, kind]
    ran = warm.run(command, capture_output=True, text=True, timeout=120, check=False)
    lines = ran.stdout.splitlines()
    assert lines == ["parent [3]", *["child [3, 4]"] * 3, "parent [0, 1, 2, 3, 4]"], ran.stderr
    assert ran.returncode == 0
