"""Memoizers and locks for any asyncio program.

::

    a call  -> decorators -> keys -> stores (is there a value?) -> flights, at a miss -> locks -> the function
    records -> locks

`redis` has the stores, locks and records for a fleet of processes. All of these modules use `event_loop`, `events`,
`errors`, `logs` and `lazy_imports`; `testing` is for the tests of programs.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ponty.memo.decorators.cache import cache, invalidate
    from ponty.memo.decorators.local import localcache, locallock
    from ponty.memo.decorators.memoized import LocalMemoized, Memoized
    from ponty.memo.errors import Deadlock, LeaseLost, Locked, Stampede, Unavailable
    from ponty.memo.events import CacheInfo, Event
    from ponty.memo.flights.invalidation import Invalidation
    from ponty.memo.locks.lease import Lease
    from ponty.memo.locks.lock import Lock
    from ponty.memo.locks.sentinel_store import SentinelStore
    from ponty.memo.records.held_record import HeldRecord
    from ponty.memo.records.local_records import LocalRecords
    from ponty.memo.redis import (
        RedisLink,
        RedisRecords,
        RedisSentinels,
        RedisStore,
        Serializer,
        redis_provider,
        rediscache,
        redislock,
    )
    from ponty.memo.stores.backend import cachemiss
    from ponty.memo.stores.cache_store import CacheStore
else:
    # Each name is imported when it is first used, so that a program imports only what it uses.
    _HOMES = {
        "CacheInfo": "ponty.memo.events",
        "CacheStore": "ponty.memo.stores.cache_store",
        "Deadlock": "ponty.memo.errors",
        "Event": "ponty.memo.events",
        "HeldRecord": "ponty.memo.records.held_record",
        "Invalidation": "ponty.memo.flights.invalidation",
        "Lease": "ponty.memo.locks.lease",
        "LeaseLost": "ponty.memo.errors",
        "LocalMemoized": "ponty.memo.decorators.memoized",
        "LocalRecords": "ponty.memo.records.local_records",
        "Lock": "ponty.memo.locks.lock",
        "Locked": "ponty.memo.errors",
        "Memoized": "ponty.memo.decorators.memoized",
        "RedisLink": "ponty.memo.redis",
        "RedisRecords": "ponty.memo.redis",
        "RedisSentinels": "ponty.memo.redis",
        "RedisStore": "ponty.memo.redis",
        "SentinelStore": "ponty.memo.locks.sentinel_store",
        "Serializer": "ponty.memo.redis",
        "Stampede": "ponty.memo.errors",
        "Unavailable": "ponty.memo.errors",
        "cache": "ponty.memo.decorators.cache",
        "cachemiss": "ponty.memo.stores.backend",
        "invalidate": "ponty.memo.decorators.cache",
        "localcache": "ponty.memo.decorators.local",
        "locallock": "ponty.memo.decorators.local",
        "redis_provider": "ponty.memo.redis",
        "rediscache": "ponty.memo.redis",
        "redislock": "ponty.memo.redis",
    }

    def __getattr__(name: str) -> object:
        home = _HOMES.get(name)
        if home is None:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        import importlib  # noqa: PLC0415 - needed only when a name is first used

        value = globals()[name] = getattr(importlib.import_module(home), name)
        return value

    def __dir__() -> list[str]:
        return sorted({*globals(), *_HOMES})


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
