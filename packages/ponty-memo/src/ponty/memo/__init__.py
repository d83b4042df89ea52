"""Memoizers and locks for any asyncio program."""

from ponty.memo.caching import CacheStore, Memoized, cache, invalidate
from ponty.memo.engine import CacheInfo, Event, Invalidation, cachemiss
from ponty.memo.errors import Deadlock, Locked, Stampede
from ponty.memo.local import LocalMemoized, localcache, locallock
from ponty.memo.locking import Lock
from ponty.memo.sentinels import SentinelStore

__all__ = [
    "CacheInfo",
    "CacheStore",
    "Deadlock",
    "Event",
    "Invalidation",
    "LocalMemoized",
    "Lock",
    "Locked",
    "Memoized",
    "SentinelStore",
    "Stampede",
    "cache",
    "cachemiss",
    "invalidate",
    "localcache",
    "locallock",
]
