"""More at once than there are connections: commands wait for a place, and Redis is not blamed for it."""

import asyncio

import pytest
import redis.asyncio

from ponty.memo import RedisLink, Unavailable, redislock
from ponty.memo.redis.connection.pipeline import Pipeline


class Slow(redis.asyncio.Redis):
    """A client whose commands take their time."""

    def __init__(self, seconds):
        super().__init__()
        self.seconds = seconds
        self.commands = []

    async def execute_command(self, *parts, **options):
        self.commands.append(parts)
        await asyncio.sleep(self.seconds)
        return b"done"


@pytest.mark.parametrize("given", [True, False])
async def test_a_pool_that_is_smaller_than_the_crowd(server, namespace, keys_of, link_to, given):
    url = f"{server.url}?max_connections=4"
    client = redis.asyncio.Redis.from_url(url)
    link = link_to(client if given else url)
    lock = redislock(link, namespace=namespace, lease_ms=600_000)
    entered = []

    async def hold(key):
        async with lock.lock(key):
            entered.append(key)

    link.client()
    link.subscription.listen(f"{namespace}:any")
    assert await link.subscription.ready(60)
    await asyncio.gather(*[hold(str(n)) for n in range(60)])
    assert len(entered) == 60
    assert not link.breaker.open
    assert set.union(*keys_of()) == {"meta"}
    await link.aclose()
    await client.aclose()


async def test_a_pool_that_others_have_emptied_is_waited_for(server, link_to, until):
    client = redis.asyncio.Redis.from_url(f"{server.url}?max_connections=1")
    link = link_to(client)
    connection = await client.connection_pool.get_connection()
    asked = asyncio.create_task(link.command("ECHO", "tea"))
    for _ in range(10):
        await asyncio.sleep(0)
    assert not asked.done()
    await client.connection_pool.release(connection)
    assert await asked == b"tea"
    assert link.breaker._failures == 0
    await link.aclose()
    await client.aclose()


def test_a_crowd_waits_for_as_long_as_redis_answers(virtual_run):
    async def program():
        link = RedisLink(Slow(0.4), timeout_ms=1000, max_connections=2)
        assert await asyncio.gather(*[link.command("ECHO", n) for n in range(20)]) == [b"done"] * 20
        assert asyncio.get_running_loop().time() == pytest.approx(4)
        assert not link.breaker.open
        assert link.breaker._failures == 0

    virtual_run(program())


def test_a_crowd_does_not_wait_for_a_redis_that_answers_nobody(virtual_run, quiet):
    async def program():
        link = RedisLink(Slow(1e6), timeout_ms=1000, max_connections=2)
        outcomes = await asyncio.gather(*[link.command("ECHO", n) for n in range(20)], return_exceptions=True)
        assert asyncio.get_running_loop().time() == pytest.approx(1)
        assert [type(error) for error in outcomes] == [Unavailable] * 20
        assert [error.in_doubt for error in outcomes] == [True] * 2 + [False] * 18
        assert link.breaker._failures == 2
        await link.aclose()

    virtual_run(program())


class Asking:
    """One who asks for a command, and has what has become of it."""

    def __init__(self, name, pipeline):
        self.first = name in {"release", "extend"}
        self.given_up = name == "gone"
        self.over = asyncio.get_running_loop().create_future()
        pipeline.ask(self, (name,))

    def on_sent(self, batch, waited):
        self.waited = waited

    def on_reply(self, reply):
        self.over.set_result(reply)

    def on_failure(self, error):
        self.over.set_exception(error)


async def test_who_ends_something_goes_first():
    client = Slow(0.01)
    pipeline = Pipeline(lambda: client, 1, 1, lambda _: None)
    asking = [Asking("first", pipeline)]
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    asking += [Asking(name, pipeline) for name in ("lock", "gone", "read", "release", "extend")]
    await asyncio.gather(*[one.over for one in asking if not one.given_up])
    assert [parts for (parts,) in client.commands] == ["first", "release", "extend", "lock", "read"]
    assert [one.waited for one in asking if not one.given_up] == [False, True, True, True, True]
    await asyncio.sleep(0)
    assert pipeline._free == 1
