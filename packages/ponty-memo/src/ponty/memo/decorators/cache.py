"""`cache`: memoize a coroutine function with a store of your own; and `invalidate`."""

import warnings
from collections.abc import Callable, Coroutine, Hashable
from contextlib import AbstractAsyncContextManager, nullcontext
from functools import partial
from typing import Any, ParamSpec, TypeVar, cast

from ponty.memo.decorators.memoized import Memoized, checked_name, default_name, finish
from ponty.memo.decorators.registry import Together, invalidations
from ponty.memo.event_loop import LoopOwner, check_callable
from ponty.memo.events import Emitter, Metrics
from ponty.memo.flights.memoizer import Memoizer
from ponty.memo.keys.wrapper import Scope, compile_call
from ponty.memo.locks.lock import Lock
from ponty.memo.stores.backend import cachemiss
from ponty.memo.stores.cache_store import CacheStore, Store, StoreBackend, prefix_in

_P = ParamSpec("_P")
_T = TypeVar("_T")


def cache(
    store: Store,
    antistampede: Lock,
    name: str = "",
    *,
    key: Callable[..., object] | None = None,
    cache_if: Callable[[Any], object] | None = None,
    copy: Callable[[Any], Any] | None = None,
    metrics: Metrics | None = None,
) -> Callable[[Callable[_P, Coroutine[Any, Any, _T]]], Memoized[_P, _T]]:
    """Memoize a coroutine function, with a store and a lock of your own.

    Use `localcache` for values in this process and `rediscache` for values in Redis; `cache` is for other stores.

    One caller computes, the callers that come meanwhile wait for it, and a hit never waits. In one process, callers of
    the same key share one computation. Processes exclude each other by the lock, if they share its store.

    ::

        @cache(values, Lock(sentinels, maxwait_ms=1000, timeout_error=Stampede), name="greetings")
        async def greet(name: str) -> str:
            return f"hello {name}"

    Args:
        store: A `CacheStore`, or any object with its three abstract methods.
        antistampede: The lock that a computation holds. Its `maxwait_ms` says how long callers wait for a computation,
            and its `timeout_error` what they get after that.
        name: The name of the cache for `invalidate`, and the beginning of its keys. Default: the function's module and
            qualified name.
        key: Returns the key of a call, given its arguments. Use it if an argument cannot be part of a key, or does not
            matter. Without it, all arguments are the key.
        cache_if: Returns whether to store a value. Without it, every value is stored, also None.
        copy: Copies a value for each caller and for the store: `copy.deepcopy`, `list`, or a function that makes it
            immutable. Without it, all callers get the same object and must not change it.
        metrics: Called with the name of the cache and an event: "hit", "miss" (a computation begins), "join" (a call
            waits for one), "store", "failure", "stampede", "refused" (a value was not stored because the lease of the
            lock was lost), "unavailable" (the store could not be reached). It must not block; an exception that it
            raises is logged.

    Returns:
        A decorator for coroutine functions. The decorated function has the methods of `Memoized`.

    Raises:
        TypeError: `store` lacks one of the three methods, or `antistampede` is not a `Lock`.
        ValueError: An option is not a function; or, when a function is decorated, the name belongs to another function.
    """
    missing = [method for method in ("get", "set", "remove") if not callable(getattr(store, method, None))]
    if missing:
        raise TypeError(f"cache: the store has no method {', '.join(missing)}")
    if not isinstance(antistampede, Lock):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise TypeError(f"cache: antistampede must be a Lock, not a {type(antistampede).__qualname__}")

    check_callable("cache", key=key, cache_if=cache_if, copy=copy, metrics=metrics)

    scope: Scope = "shared" if getattr(store, "shared", False) else "process"

    def decorate(function: Callable[_P, Coroutine[Any, Any, _T]]) -> Memoized[_P, _T]:
        who, home = checked_name("cache", function), default_name(function)
        emitter = Emitter(name or home, metrics)
        backend: StoreBackend[_T] = StoreBackend(store, emitter.emit)
        loop_owner = LoopOwner(f"the cache {emitter.name!r}")
        memoizer: Memoizer[_T] = Memoizer(
            function, emitter, loop_owner, antistampede, backend, accepts=cache_if, copy=copy
        )
        prefix = prefix_in(store, f"{name}:{home}" if name else home)
        clear_store = getattr(store, "clear", partial(CacheStore[_T].clear, cast("CacheStore[_T]", store)))
        hits = 0

        async def call(key: Hashable, args: tuple[Any, ...], kwargs: dict[str, Any]) -> _T:
            nonlocal hits
            text = f"{prefix}{key}"
            value = await backend.get(text)
            if value is cachemiss:
                return await memoizer.miss(text, args, kwargs)
            hits += 1
            emitter.emit("hit")
            return cast("_T", value)

        def text_of(*args: Any, **kwargs: Any) -> str:
            return f"{prefix}{key_of(*args, **kwargs)}"

        async def cache_clear() -> None:
            nonlocal hits
            memoizer.clear()
            await backend.written()  # a write in progress would otherwise end after the clearing
            await clear_store()
            hits = 0

        async def cache_contains(*args: Any, **kwargs: Any) -> bool:
            return await backend.get(text_of(*args, **kwargs)) is not cachemiss

        wrapper, key_of, _ = compile_call(function, who=who, own_key=key, scope=scope, local=None, miss=call, copy=copy)
        return cast(
            "Memoized[_P, _T]",
            finish(
                wrapper,
                memoizer,
                who=who,
                key_of=text_of,
                count_hits=lambda: hits,
                cache_clear=cache_clear,
                cache_contains=cache_contains,
            ),
        )

    return decorate


def invalidate(cachename: str, *args: Any, **kwargs: Any) -> AbstractAsyncContextManager[None]:
    """Drop the cached value of one call, and keep others from computing it while the block of `async with` runs.

    Use it around a change of the data that the value is computed from. Then nobody stores a value from before the
    change.

    ::

        async def reprice(product: str, price: int) -> None:
            async with invalidate("prices", product):
                table[product] = price

    It first waits for a computation of this call that is in progress. Others that call the function while the block
    runs wait for the end of the block. The same call inside the block is an error, because it would wait for itself.

    Args:
        cachename: The `name` of the cache. If its function was defined or decorated several times, the value is dropped
            from all these caches.
        *args: The positional arguments of the call.
        **kwargs: The keyword arguments of the call. Positional and keyword forms are the same call.

    Raises:
        Stampede: The wait for a computation or for another `invalidate` is over. For `cache`, it is the `timeout_error`
            of the lock.
        Deadlock: It would wait for a computation or a block that it is inside of.
        Unavailable: The store is shared, and cannot be reached.

    Warns:
        RuntimeWarning: There is no such cache. The block runs nevertheless.
    """
    found = invalidations(cachename, args, kwargs)
    if not found:
        warnings.warn(f"invalidate: there is no cache named {cachename!r}", RuntimeWarning, stacklevel=2)
        return nullcontext()
    return found[0] if len(found) == 1 else Together(found)
