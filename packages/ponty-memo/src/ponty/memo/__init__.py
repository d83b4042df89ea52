"""Memoizers and locks for any asyncio program."""

from typing import TYPE_CHECKING

from ponty.memo.decorators.cache import cache, invalidate
from ponty.memo.decorators.local import localcache, locallock
from ponty.memo.decorators.memoized import LocalMemoized, Memoized
from ponty.memo.errors import Deadlock, LeaseLost, Locked, Stampede, Unavailable
from ponty.memo.events import CacheInfo, Event
from ponty.memo.flights.invalidation import Invalidation
from ponty.memo.locks.lease import Lease
from ponty.memo.locks.lock import Lock
from ponty.memo.locks.sentinel_store import SentinelStore
from ponty.memo.stores.backend import cachemiss
from ponty.memo.stores.cache_store import CacheStore

if TYPE_CHECKING:
    from ponty.memo.redis import RedisLink as RedisLink
    from ponty.memo.redis import RedisSentinels as RedisSentinels
    from ponty.memo.redis import RedisStore as RedisStore
    from ponty.memo.redis import Serializer as Serializer
    from ponty.memo.redis import redis_provider as redis_provider
    from ponty.memo.redis import rediscache as rediscache
    from ponty.memo.redis import redislock as redislock
else:
    _REDIS = frozenset(
        {"RedisLink", "RedisSentinels", "RedisStore", "Serializer", "redis_provider", "rediscache", "redislock"}
    )

    def __getattr__(name: str) -> object:
        if name not in _REDIS:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        import ponty.memo.redis  # noqa: PLC0415 - for those who use it

        value = globals()[name] = getattr(ponty.memo.redis, name)
        return value

    def __dir__() -> list[str]:
        return sorted({*globals(), *_REDIS})


__all__ = [
    "CacheInfo",
    "CacheStore",
    "Deadlock",
    "Event",
    "Invalidation",
    "Lease",
    "LeaseLost",
    "LocalMemoized",
    "Lock",
    "Locked",
    "Memoized",
    "RedisLink",
    "RedisSentinels",
    "RedisStore",
    "SentinelStore",
    "Serializer",
    "Stampede",
    "Unavailable",
    "cache",
    "cachemiss",
    "invalidate",
    "localcache",
    "locallock",
    "redis_provider",
    "rediscache",
    "redislock",
]
