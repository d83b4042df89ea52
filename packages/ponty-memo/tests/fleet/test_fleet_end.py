"""How it ends: a link closes whatever happens meanwhile, and leaves no lock behind."""

import asyncio

from redis.exceptions import ConnectionError as Broken

from ponty.memo.redis_signals import Signals


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
    signals = Signals(lambda: client, 60)
    signals.listen("a")
    await client.listening.wait()
    async with asyncio.timeout(50):
        await signals.close()
    assert subscriptions() == []


async def test_a_subscription_that_is_replaced_while_it_breaks_ends():
    client = Deaf(times=1)
    signals = Signals(lambda: client, 60)
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
    signals = Signals(lambda: client, 0.01)
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
