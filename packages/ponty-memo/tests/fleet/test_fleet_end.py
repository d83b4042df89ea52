"""How it ends: a link closes whatever happens meanwhile, and leaves no lock behind."""

import asyncio
import subprocess
import sys

import pytest
import warm
from redis.exceptions import ConnectionError as Broken

from ponty.memo import RedisLink, rediscache, redislock
from ponty.memo.redis.connection.pubsub import Subscription


class Deaf:
    """A client whose subscription takes each of its first cancellations for a connection that breaks."""

    def __init__(self, times):
        self.times = times
        self.subscriptions = 0
        self.listening = asyncio.Event()

    def pubsub(self):
        return self

    async def subscribe(self, *channels):
        if not channels:
            raise Broken("wrong number of arguments for 'subscribe'")
        self.subscriptions += 1

    async def get_message(self, timeout):  # noqa: ASYNC109 - the client's signature
        del timeout
        self.listening.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            if not self.times:
                raise
            self.times -= 1
            raise Broken("Connection closed by server") from None

    async def aclose(self):
        pass


def subscriptions():
    return [task for task in asyncio.all_tasks() if "subscription" in task.get_name()]


async def test_a_subscription_that_is_closed_while_it_breaks_ends():
    client = Deaf(times=1)
    signals = Subscription(lambda: client, 60)
    signals.listen("a")
    await client.listening.wait()
    async with asyncio.timeout(50):
        await signals.close()
    assert subscriptions() == []


async def test_a_subscription_that_is_replaced_while_it_breaks_ends():
    client = Deaf(times=1)
    signals = Subscription(lambda: client, 60)
    signals.listen("a")
    await client.listening.wait()
    (old,) = subscriptions()
    client.listening.clear()
    signals.listen("b")
    async with asyncio.timeout(60):
        await asyncio.wait([old])
    await client.listening.wait()
    assert client.subscriptions == 2  # none of them by the old one, once it was replaced
    await signals.close()
    assert subscriptions() == []


async def test_closing_ends_though_the_client_does_not(quiet):
    client = Deaf(times=1)
    signals = Subscription(lambda: client, 0.01)
    ends = asyncio.Event()

    async def hang():
        while not ends.is_set():
            try:
                await ends.wait()
            except asyncio.CancelledError:
                continue

    client.aclose = hang
    signals.listen("a")
    await client.listening.wait()
    (task,) = subscriptions()
    async with asyncio.timeout(60):
        await signals.close()
    assert not task.done()
    ends.set()
    await asyncio.wait([task])


def end(program):
    """Run `program` from beginning to end, as a program of its own would."""
    return asyncio.to_thread(asyncio.run, program)


async def forget(task):
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


PROGRAM = """
import asyncio, contextlib, sys
from ponty.memo import RedisLink, rediscache

url, namespace, opened = sys.argv[1:]
link = RedisLink(url, timeout_ms=20_000)

async def main():
    @rediscache(link, namespace=namespace, lease_ms=600_000)
    async def slow(product: str) -> int:
        limit.reschedule(0)  # the only caller leaves now
        await asyncio.Event().wait()
        return len(product)

    async with link if opened == "True" else contextlib.nullcontext():
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(None) as limit:
                await slow("tea")
    print("ends")

asyncio.run(main())
"""


@pytest.mark.parametrize("opened", [True, False])
def test_a_computation_whose_last_caller_leaves_at_the_end_leaves_no_lock(server, namespace, keys_of, opened):
    words = [sys.executable, "-c", PROGRAM, server.url, namespace, str(opened)]
    assert warm.run(words, check=True, text=True, stdout=subprocess.PIPE).stdout == "ends\n"
    assert set.union(*keys_of()) == {"meta"}


@pytest.mark.parametrize("steps", range(8))
async def test_a_lock_whose_caller_is_cancelled_early_is_not_left_at_the_end(server, namespace, keys_of, steps):
    link = RedisLink(server.url, timeout_ms=20_000)
    lock = redislock(link, namespace=namespace, lease_ms=600_000)

    async def hold():
        async with lock.lock("a"):
            await asyncio.Event().wait()

    async def program():
        async with link:
            task = asyncio.create_task(hold())
            for _ in range(steps):
                await asyncio.sleep(0)
            await forget(task)

    await end(program())
    assert set.union(*keys_of()) <= {"meta"}


@pytest.mark.parametrize("steps", range(12))
async def test_a_computation_that_is_begun_at_the_end_leaves_no_subscription(server, namespace, keys_of, steps):
    link = RedisLink(server.url, timeout_ms=20_000)

    @rediscache(link, namespace=namespace, lease_ms=600_000)
    async def slow() -> int:
        await asyncio.Event().wait()
        return 1

    run, read = link.run, asyncio.Event()

    async def tell(script, *operands):
        try:
            return await run(script, *operands)
        finally:
            read.set()

    link.run = tell

    async def program():
        async with link:
            task = asyncio.create_task(slow())
            await read.wait()  # the lock comes next
            for _ in range(steps):
                await asyncio.sleep(0)
            await forget(task)
        assert subscriptions() == []

    await end(program())
    assert set.union(*keys_of()) <= {"meta"}


async def test_a_release_after_the_end_does_not_open_the_link_again(server, namespace, keys_of, quiet):
    link = RedisLink(server.url, timeout_ms=20_000)
    lock = redislock(link, namespace=namespace, lease_ms=600_000)
    async with link:
        holding = lock.lock("a")
        await holding.__aenter__()
    await holding.__aexit__(None, None, None)
    assert link._client is None
    async with link, lock.lock("a"):  # in use again, it takes back what it has left
        pass
    assert set.union(*keys_of()) <= {"meta"}


async def test_the_last_one_to_leave_closes_the_link(server, link_to, until):
    link = link_to(server.url)
    async with link:
        async with link:
            pass
        client = link._client
        assert client is not None
        link.subscription.listen("any")
        assert await link.subscription.ready(60)
        async with link:
            pass
        assert link.subscription.live
        assert link._client is client
    assert link._client is None
    assert not link.subscription.live
