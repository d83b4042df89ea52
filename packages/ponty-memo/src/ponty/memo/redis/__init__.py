"""`ponty.memo` across a fleet: caches and locks that all processes over one Redis or Valkey share.

It needs the extra `ponty-memo[redis]`. Without it, the names can be imported, and say so where they are used.

::

    cache -> store (values: codec, near_cache) ----> scripts, key_names -> connection -> Redis
          -> sentinels (locks) -> clearing (epochs) ->
    records ---------------------------------------->

`cache` makes a memoizer of a store and its sentinels. What is done in Redis is in `scripts`, each step one script.
What the extra brings is in `lazy_imports`.
"""

from collections.abc import AsyncGenerator, Callable
from typing import TYPE_CHECKING

from ponty.memo.errors import Locked
from ponty.memo.locks.lock import Lock
from ponty.memo.redis.cache import rediscache
from ponty.memo.redis.codec import Serializer
from ponty.memo.redis.connection.link import RedisLink
from ponty.memo.redis.connection.shared_links import link_to
from ponty.memo.redis.records import RedisRecords
from ponty.memo.redis.sentinels import RedisSentinels
from ponty.memo.redis.store import RedisStore

if TYPE_CHECKING:
    from redis.asyncio import Redis

__all__ = [
    "RedisLink",
    "RedisRecords",
    "RedisSentinels",
    "RedisStore",
    "Serializer",
    "redis_provider",
    "rediscache",
    "redislock",
]


def redislock(
    redis: "str | Redis | RedisLink",
    *,
    maxwait_ms: float = 0,
    pulse_ms: float = 500,
    timeout_error: Callable[[], Exception] = Locked,
    namespace: str = "ponty",
    lease_ms: float = 10_000,
) -> Lock:
    """Make a lock per key for all processes that use one Redis or Valkey.

    ::

        jobs = redislock("redis://localhost", namespace="shop", maxwait_ms=500)

        async def report() -> int:
            async with jobs.lock("report") as lease:
                return lease.fence

    Within a process, first come first served. Between processes, whoever asks first when the key is released.
    Where Redis is away, the block does not run: `Unavailable`. A holder whose lease was lost gets `LeaseLost`.

    Args:
        redis: A URL, a client of redis-py's, or a `RedisLink`. Caches and locks with the same one share a link.
        maxwait_ms: How long to wait for a key, in milliseconds; 0 gives up at once.
        pulse_ms: The longest time between two looks at a key that another process holds, in milliseconds, should a
            message be lost.
        timeout_error: What to raise when the wait is over: a class that can be made without arguments.
        namespace: What the names in Redis begin with: letters, digits and `_.-/`. Locks of two namespaces have nothing
            to do with one another.
        lease_ms: After how long somebody else may hold the key if this process stands still or dies, in milliseconds.
            It is extended at a third of it, for as long as the block runs.

    Raises:
        ValueError: A time or the namespace makes no sense.
        ImportError: The extra `ponty-memo[redis]` is not installed.
    """
    return Lock(RedisSentinels(redis, namespace=namespace, lease_ms=lease_ms), maxwait_ms, pulse_ms, timeout_error)


def redis_provider(redis: "str | Redis | RedisLink") -> Callable[[object], AsyncGenerator[None]]:
    """Make a provider that opens the link to Redis when an application starts, and closes it at its end.

    ::

        startmeup(port=8080, providers=[redis_provider("redis://localhost")])

    An application starts also where Redis is away. Elsewhere, `async with RedisLink(...)` does the same.

    Args:
        redis: What the caches and locks were given: the same URL, client or `RedisLink`.

    Returns:
        An async generator function that takes the application, and does nothing with it.

    Raises:
        ImportError: The extra `ponty-memo[redis]` is not installed.
        ValueError: The URL is none.
    """
    link = link_to(redis)

    async def provide(app: object = None) -> AsyncGenerator[None]:
        del app
        async with link:
            yield

    return provide
