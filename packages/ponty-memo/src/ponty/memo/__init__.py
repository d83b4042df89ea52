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
    from ponty.memo.records.held_record import HeldRecord as HeldRecord
    from ponty.memo.records.local_records import LocalRecords as LocalRecords
    from ponty.memo.redis import RedisLink as RedisLink
    from ponty.memo.redis import RedisRecords as RedisRecords
    from ponty.memo.redis import RedisSentinels as RedisSentinels
    from ponty.memo.redis import RedisStore as RedisStore
    from ponty.memo.redis import Serializer as Serializer
    from ponty.memo.redis import redis_provider as redis_provider
    from ponty.memo.redis import rediscache as rediscache
    from ponty.memo.redis import redislock as redislock
else:
    _REDIS = frozenset(
        {
            "RedisLink",
            "RedisRecords",
            "RedisSentinels",
            "RedisStore",
            "Serializer",
            "redis_provider",
            "rediscache",
            "redislock",
        }
    )
    _RECORDS = {"HeldRecord": "held_record", "LocalRecords": "local_records"}

    def __getattr__(name: str) -> object:
        if name in _REDIS:
            home = "ponty.memo.redis"
        elif name in _RECORDS:
            home = f"ponty.memo.records.{_RECORDS[name]}"
        else:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        import importlib  # noqa: PLC0415 - for those who use it

        value = globals()[name] = getattr(importlib.import_module(home), name)
        return value

    def __dir__() -> list[str]:
        return sorted({*globals(), *_REDIS, *_RECORDS})


__all__ = [
    "CacheInfo",
    "CacheStore",
    "Deadlock",
    "Event",
    "HeldRecord",
    "Invalidation",
    "Lease",
    "LeaseLost",
    "LocalMemoized",
    "LocalRecords",
    "Lock",
    "Locked",
    "Memoized",
    "RedisLink",
    "RedisRecords",
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
