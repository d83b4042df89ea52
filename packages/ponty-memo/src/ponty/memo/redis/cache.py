"""`rediscache`: memoize a coroutine function for all processes that use the same Redis."""

import weakref
from collections.abc import Callable, Coroutine, Hashable
from contextvars import ContextVar
from functools import partial
from typing import TYPE_CHECKING, Any, Final, ParamSpec, TypeVar, cast

from ponty.memo.decorators.memoized import Memoized, checked_name, default_name, finish
from ponty.memo.errors import Stampede, Unavailable
from ponty.memo.event_loop import LoopOwner, check_callable, seconds
from ponty.memo.events import Emitter, Event, Metrics
from ponty.memo.flights.memoizer import Memoizer
from ponty.memo.keys.wrapper import compile_call
from ponty.memo.locks.lock import Lock
from ponty.memo.redis.codec import Format, declared_by
from ponty.memo.redis.connection.link import RedisLink
from ponty.memo.redis.connection.shared_links import link_to
from ponty.memo.redis.store import Found, RedisStore, near_of
from ponty.memo.stores.backend import cachemiss
from ponty.memo.stores.cache_store import StoreBackend

if TYPE_CHECKING:
    from redis.asyncio import Redis

_P = ParamSpec("_P")
_T = TypeVar("_T")


def rediscache(
    redis: "str | Redis | RedisLink",
    *,
    ttl_ms: float | Callable[[Any], float | None] = 0,
    maxwait_ms: float = 1000,
    pulse_ms: float = 500,
    name: str = "",
    key: Callable[..., object] | None = None,
    jitter: float = 0,
    cache_if: Callable[[Any], object] | None = None,
    stale_ms: float = 0,
    stale_on_error_ms: float = 0,
    copy: Callable[[Any], Any] | None = None,
    metrics: Metrics | None = None,
    namespace: str = "ponty",
    serializer: Format = "msgpack",
    returns: Any = None,
    lease_ms: float = 10_000,
    near_ms: float = 0,
    near_maxsize: int = 1024,
    near_stale_ms: float = 0,
) -> Callable[[Callable[_P, Coroutine[Any, Any, _T]]], Memoized[_P, _T]]:
    """Memoize a coroutine function for all processes that use the same Redis or Valkey.

    ::

        @rediscache("redis://localhost", namespace="shop", ttl_ms=60_000)
        async def price(product: str) -> int: ...

    It works like `localcache`, but among all processes: one caller computes, and the callers that come meanwhile wait
    for it and are woken by a message. A value that was computed before an `invalidate` is never stored after it. If
    Redis cannot be reached, each process computes values itself, one computation per key at a time, and stores nothing;
    `invalidate` raises `Unavailable` before its block runs.

    Args:
        redis: A URL, a client of redis-py, or a `RedisLink`. Caches and locks with the same one share a link.
        ttl_ms: How long a value is fresh, in milliseconds; 0 means for ever. Or a function that gets the value and
            returns its lifetime: None means for ever, and a value whose lifetime is not above zero is not kept.
        maxwait_ms: How long a caller waits for the computation of another caller, in milliseconds, before it gets
            `Stampede`; 0 means at once. The caller that begins a computation waits until it ends.
        pulse_ms: The longest time between two requests for a lock that another process holds, in milliseconds, in case
            a message is lost.
        name: The name of the cache for `invalidate`. Default: the function's module and qualified name.
        key: Returns the key of a call, given its arguments. Without it, all arguments are the key.
        jitter: Shortens each lifetime at random by up to this share (0 to 1).
        cache_if: Returns whether to store a value. Without it, every value is stored, also None.
        stale_ms: How long after its lifetime a value is still served, in milliseconds, while a computation in the
            background renews it.
        stale_on_error_ms: How long after its lifetime a value is still served if computing a new one fails, in
            milliseconds.
        copy: Copies a value for each caller and for the store: `copy.deepcopy`, `list`, or a function that makes it
            immutable. Without it, callers can get the same object and must not change it.
        metrics: Called with the name of the cache and an event, like that of `cache`; also with "stale" (a hit on a
            value past its lifetime).
        namespace: The beginning of the names in Redis: letters, digits and `_.-/`. Programs that share values use the
            same one.
        serializer: "msgpack" or "json", or an object with `encode` and `decode`.
        returns: The type that values are decoded to. Default: the return type that the function declares.
        lease_ms: After how long another process may compute if this one stands still or dies, in milliseconds.
        near_ms: How long this process serves a value from its near cache without asking Redis, in milliseconds; 0 asks
            Redis at each call.
        near_maxsize: The largest number of values in the near cache.
        near_stale_ms: How much longer the near cache serves values while Redis cannot be reached, in milliseconds.

    Returns:
        A decorator for coroutine functions. The decorated function has the methods of `Memoized`.

    Raises:
        ValueError: A time, size or name is not valid, or a stale time or `jitter` is given without `ttl_ms`.
        ImportError: The extra `ponty-memo[redis]` is not installed.
    """
    stale, on_error = (
        seconds("rediscache", "stale_ms", stale_ms),
        seconds("rediscache", "stale_on_error_ms", stale_on_error_ms),
    )
    if not callable(ttl_ms) and not seconds("rediscache", "ttl_ms", ttl_ms) and (stale or on_error or jitter):
        raise ValueError("rediscache: stale_ms, stale_on_error_ms and jitter need a ttl_ms")
    check_callable("rediscache", key=key, cache_if=cache_if, copy=copy, metrics=metrics)
    link = link_to(redis)

    def decorate(function: Callable[_P, Coroutine[Any, Any, _T]]) -> Memoized[_P, _T]:
        who = checked_name("rediscache", function)
        home = default_name(function)
        area = f"{name}:{home}" if name else home
        store: RedisStore[_T] = RedisStore(
            link,
            namespace=namespace,
            area=area,
            ttl_ms=ttl_ms,
            jitter=jitter,
            keep_ms=max(stale_ms, stale_on_error_ms),
            lease_ms=lease_ms,
            serializer=serializer,
            returns=declared_by(function, who) if returns is None else returns,
            near_ms=near_ms,
            near_maxsize=near_maxsize,
            near_stale_ms=near_stale_ms,
        )
        lock = Lock(store.sentinels, maxwait_ms, pulse_ms, Stampede)
        emitter = Emitter(name or home, metrics)
        backend: _RedisBackend[_T] = _RedisBackend(store, emitter.emit, stale, on_error)
        loop_owner = LoopOwner(f"the cache {emitter.name!r}")
        memoizer: Memoizer[_T] = Memoizer(function, emitter, loop_owner, lock, backend, accepts=cache_if, copy=copy)
        hits = 0

        async def call(key: Hashable, args: tuple[Any, ...], kwargs: dict[str, Any]) -> _T:
            nonlocal hits
            text = str(key)
            flight = memoizer.table.joinable.get(text)
            if flight is None or flight.refresh or flight.suspect:
                value = await backend.serve(text)
                if value is not cachemiss:
                    hits += 1
                    emitter.emit("hit")
                    return cast("_T", value)
            return await memoizer.miss(text, args, kwargs)

        async def cache_clear() -> None:
            nonlocal hits
            memoizer.clear()
            await store.clear()
            hits = 0
            count_near_hits(True)

        async def cache_contains(*args: Any, **kwargs: Any) -> bool:
            return await backend.contains(key_of(*args, **kwargs))

        near = near_of(store, partial(emitter.emit, "hit") if emitter.has_hook else None)
        wrapper, key_of, count_near_hits = compile_call(
            function, who=who, own_key=key, scope="shared", local=None, miss=call, copy=copy, near=near
        )
        _take(link, f"{namespace}:{area}", wrapper, who)
        return cast(
            "Memoized[_P, _T]",
            finish(
                wrapper,
                memoizer,
                who=who,
                place=(link.address(), namespace, area),
                key_of=key_of,
                count_hits=lambda: hits + count_near_hits(False),
                cache_clear=cache_clear,
                cache_contains=cache_contains,
            ),
        )

    return decorate


class _RedisBackend(StoreBackend[_T]):
    """The backend over a store in Redis, which can also serve values past their lifetime."""

    def __init__(self, store: RedisStore[_T], emit: Callable[[Event], object], stale: float, on_error: float) -> None:
        super().__init__(store, emit)
        self.serves_stale: bool = stale > 0
        self._redis: Final = store
        self._stale = stale
        self._on_error = on_error
        self._offer: tuple[str, Any] | None = None

    async def serve(self, key: str) -> Any:
        """Return a fresh value, or cachemiss; `stale`, if called directly after this, can return a stale value."""
        found = await self._look(key)
        self._offer = (key, found.value) if found is not None and 0 <= found.overdue < self._stale else None
        return found.value if found is not None and found.overdue < 0 else cachemiss

    async def contains(self, key: str) -> bool:
        """Return whether there is a fresh value."""
        found = await self._look(key)
        return found is not None and found.overdue < 0

    def stale(self, key: str) -> Any:
        offer, self._offer = self._offer, None
        return offer[1] if offer is not None and offer[0] == key else cachemiss

    async def get(self, key: str) -> Any:
        """Return a fresh value, or cachemiss; later, `fallback` can return a stale value to the same task."""
        found = await self._look(key)
        _last_found.set(None if found is None else (self, key, found))
        return found.value if found is not None and found.overdue < 0 else cachemiss

    def fallback(self, key: str) -> Any:
        last = _last_found.get()
        if last is None or last[0] is not self or last[1] != key or last[2].overdue >= self._on_error:
            return cachemiss
        return last[2].value

    async def _look(self, key: str) -> Found[_T] | None:
        try:
            found = await self._redis.look(key)
        except Unavailable:
            self._emit("unavailable")
            return None
        return found if isinstance(found, Found) else None


_last_found: ContextVar[tuple[object, str, Found[Any]] | None] = ContextVar("ponty.memo.redis found", default=None)
"""The value that the task of a computation found in Redis before it began."""

_taken: "weakref.WeakKeyDictionary[RedisLink, weakref.WeakValueDictionary[str, Any]]" = weakref.WeakKeyDictionary()


def _take(link: RedisLink, place: str, wrapper: Any, who: str) -> None:
    """Refuse a second local function under the same name, since it would read the values of the first one.

    Raises:
        ValueError: The same code has decorated a function before, and that function is still in use.
    """
    taken = _taken.setdefault(link, weakref.WeakValueDictionary())
    if "<locals>" in place and place in taken:
        raise ValueError(f"{who}: another function uses this name in Redis already: give name= to tell the two apart")
    taken[place] = wrapper
