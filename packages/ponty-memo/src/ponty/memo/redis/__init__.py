"""`ponty.memo` across a fleet of processes: caches and locks shared through one Redis or Valkey.

It needs the extra `ponty-memo[redis]`. Without it, the names can be imported, and their use raises an ImportError that
names the extra.

::

    cache -> store (values: codec, near_cache) ----> scripts, key_names -> connection -> Redis
          -> sentinels (locks) -> clearing (epochs) ->
    records ---------------------------------------->

`cache` makes a memoizer from a store and its sentinels. All steps in Redis are in `scripts`, one script each. The
packages of the extra are imported by `lazy_imports`.
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
    """Make a lock per key for all processes that use the same Redis or Valkey.

    ::

        jobs = redislock("redis://localhost", namespace="shop", maxwait_ms=500)

        async def report() -> int:
            async with jobs.lock("report") as lease:
                return lease.fence

    Within a process: first come, first served. Between processes, a released key goes to the first one that asks for
    it. If Redis cannot be reached, `Unavailable` is raised and the block does not run. A holder whose lease was lost
    gets `LeaseLost`.

    Args:
        redis: A URL, a client of redis-py, or a `RedisLink`. Caches and locks with the same one share a link.
        maxwait_ms: How long to wait for a key, in milliseconds; 0 gives up at once.
        pulse_ms: The longest time between two requests for a key that another process holds, in milliseconds, in case
            a message is lost.
        timeout_error: The exception class to raise when the wait is over; it is called without arguments.
        namespace: The beginning of the names in Redis: letters, digits and `_.-/`. Locks in different namespaces are
            independent of each other.
        lease_ms: After how long somebody else may take the key if this process stands still or dies, in milliseconds;
            from 10 to a day. The lease is extended after a third of this time, while the block runs.

    Raises:
        ValueError: A time is out of range, or the namespace has other characters.
        ImportError: The extra `ponty-memo[redis]` is not installed.
    """
    return Lock(RedisSentinels(redis, namespace=namespace, lease_ms=lease_ms), maxwait_ms, pulse_ms, timeout_error)


def redis_provider(redis: "str | Redis | RedisLink") -> Callable[[object], AsyncGenerator[None]]:
    """Make a provider that opens the link to Redis when an application starts, and closes it when it stops.

    ::

        startmeup(port=8080, providers=[redis_provider("redis://localhost")])

    The application starts even if Redis cannot be reached. In other programs, use `async with RedisLink(...)`.

    Args:
        redis: The same URL, client or `RedisLink` that the caches and locks were given.

    Returns:
        An async generator function that takes the application, and does nothing with it.

    Raises:
        ImportError: The extra `ponty-memo[redis]` is not installed.
        ValueError: The URL is not valid.
    """
    link = link_to(redis)

    async def provide(app: object = None) -> AsyncGenerator[None]:
        del app
        async with link:
            yield

    return provide
