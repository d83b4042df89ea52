"""What is asked in one turn of the event loop is sent together, and each caller has its own answer."""

import asyncio
import random
import time

import pytest

from ponty.memo import RedisLink, Unavailable, rediscache
from ponty.memo.redis.connection.circuit_breaker import Breaker
from ponty.memo.redis.connection.pipeline import Pipeline
from ponty.memo.redis.connection.script import Script

ECHO = Script("echo", "redis.call('SET', KEYS[1], ARGV[1]) return {redis.call('GET', KEYS[1]), ARGV[1]}")
WRONG = Script("wrong", "return redis.call('INCR', KEYS[1])")


def reads(server):
    return server.ask("INFO", "stats")["total_reads_processed"]


async def test_a_thousand_different_keys_take_a_few_round_trips(own_server, link_to, namespace):
    server = own_server()
    link = link_to(server.url, timeout_ms=60_000)

    @rediscache(link, namespace=namespace, maxwait_ms=600_000, lease_ms=600_000)
    async def double(number: int) -> int:
        return number * 2

    await double(-1)
    for _ in ("misses", "hits"):
        before = reads(server)
        assert await asyncio.gather(*map(double, range(1000))) == [number * 2 for number in range(1000)]
        assert reads(server) - before < 200  # of 16 kB at most; one by one, they would be thousands
    assert double.cache_info().misses == 1001


async def test_each_command_of_a_batch_has_its_own_answer(link_to, namespace):
    """Also where some answers are errors, and where the server knows a script of none of them."""
    link = link_to()
    await link.command("SCRIPT", "FLUSH")
    await link.command("SET", f"{namespace}:text", "a")

    async def ask(number):
        if number % 5 == 0:
            with pytest.raises(Unavailable, match="not an integer"):
                await link.run(WRONG, [f"{namespace}:text"])
            return number
        if number % 3 == 0:
            return int((await link.command("ECHO", number)).decode())
        return int((await link.run(ECHO, [f"{namespace}:{number}"], [number]))[0])

    assert await asyncio.gather(*map(ask, range(2500))) == [*range(2500)]


async def test_large_commands_are_sent_in_several_batches(server, namespace, redis_links):
    sizes = []

    class Noting(Pipeline):
        """A pipeline that notes the size of its batches."""

        def _take(self):
            batch = super()._take()
            sizes.append(sum(asked.size for asked in batch.asked))
            return batch

    async with RedisLink(server.url, timeout_ms=60_000) as link:
        link._pipeline = Noting(link.client, 50, 60, link._track, own=True)
        data = b"x" * 300_000
        asked = [link.command("SET", f"{namespace}:{number}", data) for number in range(20)]
        assert await asyncio.gather(*asked) == [b"OK"] * 20
    assert len(sizes) == 7
    assert max(sizes) <= 1_000_000


@pytest.mark.parametrize("seed", range(6))
async def test_answers_reach_who_asked_under_random_faults(seed, proxy_to, server, namespace, redis_links):
    """Callers are cancelled at any time, and connections break in the middle of an answer."""
    chance = random.Random(seed)
    async with proxy_to(server.port) as proxy, RedisLink(proxy.url, max_connections=chance.choice([1, 3, 50])) as link:

        async def ask(number):
            text = f"{number}".encode()
            assert await link.run(ECHO, [f"{namespace}:{number % 7}"], [number]) == [text, text]

        numbers = iter(range(1_000_000))
        for _ in range(60):
            tasks = [asyncio.create_task(ask(next(numbers))) for _ in range(chance.choice([1, 5, 40]))]
            for task in tasks:
                if chance.random() < 0.3:
                    asyncio.get_running_loop().call_later(chance.random() * 0.005, task.cancel)
            proxy.cut_after = chance.randrange(2000) if chance.random() < 0.5 else None
            for outcome in await asyncio.gather(*tasks, return_exceptions=True):
                if not isinstance(outcome, (asyncio.CancelledError, Unavailable, type(None))):
                    raise outcome
        proxy.cut_after = None
        async with asyncio.timeout(60):
            while link._running or link.breaker.open:
                await asyncio.sleep(0.001)
        await asyncio.gather(*[ask(next(numbers)) for _ in range(100)])
        await asyncio.sleep(0)
        while link._running:
            await asyncio.sleep(0.001)
        assert link._pipeline._free == min(link._connections, 50)


async def test_a_loop_that_was_held_up_reads_what_has_come_before_it_gives_up(link_to, namespace):
    link = link_to(timeout_ms=200)
    await link.ping()
    asked = [asyncio.create_task(link.run(ECHO, [f"{namespace}:{n}"], [n])) for n in range(50)]
    for _ in range(3):  # it is sent by then
        await asyncio.sleep(0)
    time.sleep(0.5)  # noqa: ASYNC251 - what holds the loop up
    assert [int(answer[0]) for answer in await asyncio.gather(*asked)] == [*range(50)]


async def test_a_batch_without_an_answer_is_one_failure(quiet):
    breaker = Breaker(lambda: asyncio.sleep(0))
    for batch in ("one", "two"):
        for _ in range(1000):
            breaker.failed(OSError("broken"), batch)
        assert not breaker.open
    breaker.failed(OSError("broken"), "three")
    assert breaker.open
    await breaker.close()


async def test_a_near_cache_that_is_made_late_is_believed(own_server, link_to, namespace, until):
    """The subscription of its link was live before."""
    server = own_server()
    link = link_to(server.url)

    def make(name):
        async def price(product: str) -> int:
            return len(product)

        return rediscache(link, namespace=namespace, name=name, near_ms=600_000)(price)

    await make("first")("tea")
    await until(lambda: link.subscription.live)
    late = make("late")
    await late("tea")
    before = reads(server)
    for _ in range(20):
        assert await late("tea") == 3
    assert reads(server) - before < 15  # those of the question itself
