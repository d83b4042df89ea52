"""`RedisStore`: a store for the values of caches in Redis."""

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar, Final, Generic, NamedTuple, TypeVar

from ponty.memo.errors import Cleared, LeaseLost, Unavailable
from ponty.memo.event_loop import seconds
from ponty.memo.keys.wrapper import Near
from ponty.memo.logs import logger
from ponty.memo.redis.clearing import Clearing
from ponty.memo.redis.codec import Codec, Format, Garbage
from ponty.memo.redis.connection.link import RedisLink
from ponty.memo.redis.connection.shared_links import link_to
from ponty.memo.redis.key_names import Names
from ponty.memo.redis.near_cache import NearCache, NearCalls
from ponty.memo.redis.scripts import COMMIT, DROP, LOOK, READ, STORE
from ponty.memo.redis.sentinels import CacheSentinels, RedisSentinels
from ponty.memo.stores.backend import cachemiss
from ponty.memo.stores.cache_store import CacheStore
from ponty.memo.stores.lifetimes import lifetimes

if TYPE_CHECKING:
    from redis.asyncio import Redis

_T = TypeVar("_T")


_LONGEST: Final = 100 * 365 * 86400
"""The longest lifetime that is sent to Redis, in seconds: a hundred years."""


def near_of(store: "RedisStore[Any]", on_hit: Callable[[], object] | None) -> Near | None:
    """Return the parts of the near cache of `store` for a memoized function, or None if there is no near cache.

    Args:
        store: The store.
        on_hit: Called at each hit in the near cache.
    """
    return store._near_of_calls(on_hit)  # noqa: SLF001  # pyright: ignore[reportPrivateUsage] # no method for users of the store


class Found(NamedTuple, Generic[_T]):
    """A value that was found in Redis."""

    value: _T
    overdue: float
    """How long ago its lifetime ended, in seconds; negative while it is fresh."""


class RedisStore(CacheStore[_T]):
    """The store of a `cache` whose values are shared by all processes that use the same Redis.

    ::

        store = RedisStore[int]("redis://localhost", namespace="shop", area="prices", ttl_ms=60_000, returns=int)

        @cache(store, Lock(store.sentinels, maxwait_ms=1000, timeout_error=Stampede))
        async def price(product: str) -> int: ...

    `rediscache` does the same in one line. Every method raises `Unavailable` if Redis cannot be reached, or refuses;
    then `cache` goes on without the store. Data that cannot be decoded counts as a miss.

    Args:
        redis: A URL, a client of redis-py, or a `RedisLink`.
        namespace: The beginning of the names in Redis.
        area: The second part of the names of this store's values. `clear` removes all values with these two parts.
        ttl_ms: How long a value is fresh, in milliseconds; 0 means for ever. Or a function that gets the value and
            returns its lifetime: None means for ever, and a value whose lifetime is not above zero is not kept.
        jitter: Shortens each lifetime at random by up to this share (0 to 1).
        keep_ms: How long after its lifetime a value stays in Redis, in milliseconds, so that `look` still finds it.
        lease_ms: The lease of `sentinels`, in milliseconds.
        serializer: "msgpack", "json", or an object with `encode` and `decode`.
        returns: The type that values are decoded to: any type that msgspec supports, dataclasses included.
        near_ms: How long this process serves a value from its near cache without asking Redis, in milliseconds; 0 asks
            Redis at each call.
        near_maxsize: The largest number of values in the near cache; the least recently used one is dropped first.
        near_stale_ms: How much longer the near cache serves values while Redis cannot be reached, in milliseconds.

    Raises:
        ValueError: A time, a size or a name is not valid.
        ImportError: The extra `ponty-memo[redis]` is not installed.
    """

    shared: ClassVar[bool] = True

    def __init__(
        self,
        redis: "str | Redis | RedisLink",
        *,
        namespace: str = "ponty",
        area: str = "",
        ttl_ms: float | Callable[[_T], float | None] = 0,
        jitter: float = 0,
        keep_ms: float = 0,
        lease_ms: float = 10_000,
        serializer: Format = "msgpack",
        returns: Any = Any,
        near_ms: float = 0,
        near_maxsize: int = 1024,
        near_stale_ms: float = 0,
    ) -> None:
        who = f"RedisStore {area!r}"
        near, stale = seconds(who, "near_ms", near_ms), seconds(who, "near_stale_ms", near_stale_ms)
        if not 0 <= jitter <= 1:
            raise ValueError(f"{who}: jitter must be a share from 0 to 1, not {jitter!r}")
        if not isinstance(near_maxsize, int) or near_maxsize < 1:  # pyright: ignore[reportUnnecessaryIsInstance]
            raise ValueError(f"{who}: near_maxsize must be a whole number of at least 1, not {near_maxsize!r}")
        if stale and not near:
            raise ValueError(f"{who}: near_stale_ms needs a near_ms")
        if not callable(ttl_ms):
            seconds(who, "ttl_ms", ttl_ms)
        self._mortal = not callable(ttl_ms) and ttl_ms > 0
        self._lifetime = lifetimes(who, ttl_ms, jitter)
        self._keep = seconds(who, "keep_ms", keep_ms)
        self._link: Final = link_to(redis)
        self._names: Final = Names(namespace, area)
        self._codec: Final = Codec(who, serializer, returns)
        self._near: Final = (
            NearCache(self._names.area, self._names.cleared, near_maxsize, near, stale) if near else None
        )
        if self._near is not None:
            self._link.subscription.subscribe(self._names.drop, self._near)
        self._clearing: Final = Clearing(self._link, self._names)
        self.sentinels: Final[RedisSentinels] = CacheSentinels(self._link, namespace, area, lease_ms, self._clearing)
        """The sentinels for the `Lock` of a cache over this store; `set_as` compares the owner with them."""

    async def get(self, key: str) -> "_T | type[cachemiss]":
        """Return the value of `key` if it is fresh, or cachemiss."""
        found = await self.look(key)
        return found.value if isinstance(found, Found) and found.overdue < 0 else cachemiss

    async def look(self, key: str) -> "Found[_T] | type[cachemiss]":
        """Return the value of `key`, up to `keep_ms` after its lifetime, as a `Found`; or cachemiss."""
        name, near = self._names.value(key), self._near
        if near is not None:
            self._link.client()  # in a new event loop, this makes the near cache serve nothing old
            self._link.subscription.listen(self._names.drop)
            kept = near.get(name)
            if kept is not None:
                return Found(self._codec.load(kept), -math.inf)
        generation = 0 if near is None else near.generation()
        try:
            data, left = await self._read(name)
        except Unavailable:
            kept = None if near is None else near.stand_in(name)
            if kept is None:
                raise
            return Found(self._codec.load(kept), -math.inf)
        if data is None:
            return cachemiss
        try:
            value = self._codec.load(data)
        except Garbage as error:
            logger().warning("the key %r in Redis does not hold a value of this cache: %s", name, error)
            return cachemiss
        if near is not None:
            near.put(name, data, left * 1000, generation)
        return Found(value, -left)

    async def set(self, key: str, data: _T) -> object:
        """Store `data` under `key`, whoever holds its lock.

        If the lifetime of `data` is not above zero, the value of `key` is removed instead.
        """
        lasting = self._lifetime(data)
        if lasting <= 0:
            await self.remove(key)
            return cachemiss
        name, written, left = self._names.value(key), self._codec.dump(data), self._milliseconds(lasting)
        await self._link.run(STORE, [name], [written, left, self._names.drop])
        if self._near is not None:
            self._near.drop(name)
        return None

    async def set_as(self, key: str, data: _T, owner: str) -> object:
        """Store `data` under `key` if `owner` holds the lock of the key in `sentinels`.

        With `""` as the owner, it is stored in any case.

        Raises:
            LeaseLost: The owner does not hold the lock, or the store was cleared after the lock was taken. Nothing was
                stored.
        """
        if not owner:
            return await self.set(key, data)
        lasting = self._lifetime(data)
        if lasting <= 0:
            if self._keep:  # there may be a stale value
                await self.remove(key)
            return cachemiss
        names, near = self._names, self._near
        name, written, left = names.value(key), self._codec.dump(data), self._milliseconds(lasting)
        generation = 0 if near is None else near.generation()
        keys = [name, names.lock(key), names.meta]
        outcome = await self._link.run(COMMIT, keys, [owner, written, left, names.epoch])
        if outcome < 0:
            raise Cleared("the cache was cleared after the owner took the key's lock")
        if not outcome:
            error = LeaseLost("the owner no longer holds the key's lock in Redis")
            error.add_note(f"the key is {key!r}; the lock of the cache must use the store's own `sentinels`")
            raise error
        if near is not None:
            near.put(name, written, math.inf if not left else left - self._keep * 1000, generation)
        return None

    async def remove(self, key: str) -> bool:
        """Remove the value of `key`, also from all near caches, and return whether there was one."""
        name = self._names.value(key)
        if self._near is not None:
            self._near.drop(name)
        found = await self._link.run(DROP, [name], [self._names.drop])
        if self._near is not None:
            self._near.drop(name)
        return bool(found)

    async def clear(self) -> None:
        """Remove all values in this store's area; computations in progress do not store their values.

        It waits until every process that computes knows of it. If such a process stands still or has died, it waits
        until the lease of that process has ended.
        """
        if self._near is not None:
            self._near.clear()
        await self._clearing.clear(round(self.sentinels.lease_ms))
        if self._near is not None:
            self._near.clear()

    def _near_of_calls(self, on_hit: Callable[[], object] | None) -> Near | None:
        if self._near is None:
            return None
        link, names = self._link, self._names
        calls = NearCalls(self._near, self._codec.load, lambda: link.subscription.listen(names.drop))
        return Near(
            calls.records,
            calls.touch,
            calls.load,
            link.loop_owner,
            lambda call, key: calls.keep(call, names.value(str(key))),
            on_hit,
        )

    async def _read(self, name: str) -> tuple[bytes | None, float]:
        """Return the data in Redis under `name`, and how long it is still fresh, in seconds."""
        mortal = [int(self._mortal)]  # if values have a lifetime, data without an expiry is not from this store
        if self._near is None and not self._keep:
            return await self._link.run(READ, [name], mortal), math.inf
        data, left = await self._link.run(LOOK, [name], mortal) or (None, -1)
        return data, math.inf if left == -1 else left / 1000 - self._keep

    def _milliseconds(self, lasting: float) -> int:
        """Return how long to keep a value in Redis that is fresh for `lasting` seconds; 0 means for ever."""
        return 0 if lasting == math.inf else max(1, round(min(lasting + self._keep, _LONGEST) * 1000))
