"""How it is used: the provider, URLs and clients, and what an import costs."""

import asyncio
import contextlib
import subprocess
import sys

import pytest

from ponty.memo import RedisLink, Unavailable, redis_provider, rediscache, redislock

BARE = """
import sys

class Absent:
    def find_spec(self, name, path=None, target=None):
        if name in {"redis", "msgspec"}:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Absent())
"""


def run(code):
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout


def test_importing_the_memo_loads_neither_redis_nor_a_serializer():
    code = "import sys, ponty.memo; print(*sorted({'redis', 'msgspec', 'asyncio', 'aiohttp'} & sys.modules.keys()))"
    assert run(code) == "\n"
    assert run("import sys; from ponty.memo import rediscache; print('redis' in sys.modules)") == "False\n"


@pytest.mark.parametrize(
    "use",
    [
        "rediscache('redis://localhost')",
        "redislock('redis://localhost')",
        "RedisLink('redis://localhost')",
        "RedisSentinels('redis://localhost')",
        "RedisStore('redis://localhost')",
        "redis_provider('redis://localhost')",
    ],
)
def test_without_the_extra_the_names_say_what_is_missing_where_they_are_used(use):
    code = f"{BARE}\nfrom ponty.memo import *\ntry:\n    {use}\nexcept ImportError as error:\n    print(error)"
    assert "ponty-memo[redis]" in run(code)


@pytest.fixture(autouse=True)
def patience(monkeypatch):
    """Wait for Redis for longer than by default: a busy machine is no outage."""
    monkeypatch.setitem(RedisLink.__init__.__kwdefaults__, "timeout_ms", 20_000)


async def enter(lock, key):
    async with lock.lock(key):
        pass


def test_a_name_that_there_is_not():
    import ponty.memo

    with pytest.raises(AttributeError, match="module 'ponty.memo' has no attribute 'typo'"):
        _ = ponty.memo.typo


async def test_a_provider_opens_the_link_and_closes_it(own_server, namespace, until):
    server = own_server()
    before = server.ask("INFO", "clients")["connected_clients"]
    provide = redis_provider(server.url)
    lock = redislock(server.url, namespace=namespace, maxwait_ms=60_000)
    async with contextlib.asynccontextmanager(provide)(object()):
        assert server.ask("INFO", "clients")["connected_clients"] > before
        async with lock.lock("a"):
            waiter = asyncio.create_task(enter(redislock(server.url, namespace=namespace, maxwait_ms=60_000), "a"))
            await until(lambda: server.ask("HGET", f"{namespace}:lock:=a", "wanted"))
        await waiter
    await until(lambda: server.ask("INFO", "clients")["connected_clients"] <= before)
    assert not [task for task in asyncio.all_tasks() if "ponty" in task.get_name()]


async def test_a_provider_starts_without_redis_and_says_so(caplog):
    provide = redis_provider("redis://127.0.0.1:1")
    async with contextlib.asynccontextmanager(provide)(None):
        assert "not available yet" in caplog.text


async def test_the_same_url_or_client_is_one_link(server, namespace):
    import redis.asyncio

    client = redis.asyncio.Redis.from_url(server.url)
    try:
        for name in (server.url, client):
            one, two = redislock(name, namespace=namespace), redislock(name, namespace=namespace)
            assert one.sentinels._link is two.sentinels._link
            async with one.sentinels._link, one.lock("a") as lease:
                assert lease.fence > 0
        assert await client.ping()  # is its owner's to close
    finally:
        await client.aclose()


@pytest.mark.parametrize("options", [{}, {"decode_responses": True}, {"protocol": 3}, {"protocol": 2}])
async def test_a_client_of_ones_own(server, namespace, until, options):
    import redis.asyncio

    client = redis.asyncio.Redis.from_url(server.url, **options)
    try:
        async with RedisLink(client, timeout_ms=20_000) as link:

            @rediscache(link, namespace=namespace, near_ms=60_000)
            async def size(text: str) -> bytes:
                return b"\xff" + text.encode()

            assert await size("é") == await size("é") == b"\xff\xc3\xa9"
            await size.cache_clear()
            assert not await size.cache_contains("é")
            lock = redislock(link, namespace=namespace, maxwait_ms=60_000, pulse_ms=60_000, lease_ms=60_000)
            other = redislock(client, namespace=namespace, maxwait_ms=60_000, pulse_ms=60_000, lease_ms=60_000)
            async with other.sentinels._link:
                async with lock.lock("é"):
                    waiter = asyncio.create_task(enter(other, "é"))
                    await until(lambda: server.ask("HGET", rf"{namespace}:lock:=\xe9", "wanted"))
                await waiter
    finally:
        await client.aclose()


@pytest.mark.parametrize("url", ["localhost", "http://localhost", ""])
def test_a_url_that_is_none_is_refused_at_once(url):
    with pytest.raises(ValueError, match="URL"):
        RedisLink(url)


@pytest.mark.parametrize("options", [{"timeout_ms": 0}, {"timeout_ms": -1}, {"max_connections": 0}])
def test_numbers_that_make_no_sense_are_refused(options):
    with pytest.raises(ValueError, match="_ms|max_connections"):
        RedisLink("redis://localhost", **options)


async def test_many_callers_share_few_connections(server, namespace, link_to):
    link = link_to(max_connections=2)

    @rediscache(link, namespace=namespace)
    async def double(n: int) -> int:
        return 2 * n

    assert await asyncio.gather(*[double(n) for n in range(300)]) == [2 * n for n in range(300)]
    assert len(link.client().connection_pool._available_connections) <= 3


async def test_what_is_unavailable_is_no_timeout_of_ones_own():
    link = RedisLink("redis://127.0.0.1:1")
    async with link:
        with pytest.raises(Unavailable) as caught:
            await link.command("PING")
    assert not caught.value.in_doubt
    assert not isinstance(caught.value, TimeoutError)


async def test_a_client_that_would_wait_for_ever_is_not_waited_for(server, namespace, proxy_to, until, quiet):
    import redis.asyncio

    async with proxy_to(server.port) as proxy:
        client = redis.asyncio.Redis.from_url(proxy.url, socket_timeout=None)
        try:
            async with RedisLink(client, timeout_ms=500) as link, asyncio.timeout(60):
                proxy.silent = True
                with pytest.raises(Unavailable) as caught:
                    await link.command("PING")
                assert caught.value.in_doubt
                await until(lambda: not link._running)  # nor does its command stay for ever
                proxy.silent = False
                await until(lambda: answers(link))
        finally:
            await client.aclose()


async def answers(link):
    try:
        return await link.command("ECHO", "tea") == b"tea"
    except Unavailable:
        return False


async def test_a_caller_that_is_cancelled_leaves_its_command_to_end(server, namespace, link_to, proxy_to, until):
    """So its connection serves the next one, and whatever was begun is known to have ended."""
    async with proxy_to(server.port) as proxy:
        link = link_to(proxy.url)
        await link.command("PING")
        proxy.gate.clear()
        caller = asyncio.create_task(link.command("INCR", f"{namespace}:count"))
        await until(lambda: proxy.held)
        caller.cancel()
        with pytest.raises(asyncio.CancelledError):
            await caller
        proxy.gate.set()
        await until(lambda: not link._running)
        assert await link.command("GET", f"{namespace}:count") == b"1"
        assert proxy.connections == 1
        server.ask("DEL", f"{namespace}:count")


async def test_who_listens_before_anything_else_is_asked_of_the_link_is_told(link_to, namespace, until):
    heard = []

    class Listener:
        on_message = staticmethod(heard.append)
        on_connect = on_disconnect = lambda self: None

    link, listener, channel = link_to(), Listener(), f"{namespace}:drop"
    link.subscription.subscribe(channel, listener)
    link.subscription.listen(channel)
    await link.command("PUBLISH", channel, "too early, perhaps")
    assert await link.subscription.ready(60)
    await link.command("PUBLISH", channel, "tea")
    await until(lambda: "tea" in heard)
