"""`cache`: memoize a coroutine function over a store; and `invalidate`."""

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
    """Memoize a coroutine function over a store of your own, guarded by a lock of your own.

    One caller computes; those who come meanwhile wait for it, and a hit never waits. In one process, callers of one key
    share one computation; between processes, the lock keeps them apart, if its store is one that they share.

    ::

        @cache(values, Lock(sentinels, maxwait_ms=1000, timeout_error=Stampede), name="greetings")
        async def greet(name: str) -> str:
            return f"hello {name}"

    Args:
        store: A `CacheStore`, or any object with its three abstract methods.
        antistampede: The lock that a computation holds. Its `maxwait_ms` and `timeout_error` are those of the callers.
        name: What `invalidate` calls the cache, and what its keys begin with; empty, the function's module and
            qualified name.
        key: Makes the key of a call from the call's arguments, in place of all of them: where an argument cannot be
            part of a key, or does not matter.
        cache_if: Returns whether to store a value. Without it, every value is stored, None included.
        copy: Makes of a value what each caller gets and what is stored: `copy.deepcopy`, `list`, or a function that
            freezes. Without it, all callers get one object, and must not change it.
        metrics: Called with the cache's name and an event: "hit", "miss" (a computation begins), "join" (a call waits
            for one), "store", "failure", "stampede", "refused" (a value was not stored, for the lock's lease was lost),
            "unavailable" (the store could not be asked). It must not block; what it raises is logged.

    Returns:
        A decorator for coroutine functions. What it makes has the methods of `Memoized`.

    Raises:
        TypeError: `store` has not got the three methods, or `antistampede` is no `Lock`.
    """
    missing = [method for method in ("get", "set", "remove") if not callable(getattr(store, method, None))]
    if missing:
        raise TypeError(f"cache: the store has no method {', '.join(missing)}")
    if not isinstance(antistampede, Lock):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise TypeError(f"cache: antistampede is a Lock, not a {type(antistampede).__qualname__}")

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
            await backend.written()  # what is being stored would come after the clearing
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
    """Drop what a cache has stored for one call, and let nobody store it anew while the block of `async with` runs.

    ::

        async def reprice(product: str, price: int) -> None:
            async with invalidate("prices", product):
                table[product] = price

    Waits for a computation of that call that is under way. Those who call the function while the block runs wait for
    its end. From inside the block, the same call is an error, for it would wait for itself.

    Args:
        cachename: The `name` of the cache. If its function was defined or decorated several times, all of those caches.
        *args: The arguments of the call.
        **kwargs: The same; positional and keyword forms are one call.

    Raises:
        Stampede: The wait for a computation, or for another `invalidate`, is over (or rather the lock's
            `timeout_error`).
        Deadlock: The call's own computation, or a block around this one, would have to end first.

    Warns:
        RuntimeWarning: There is no such cache. The block runs nevertheless.
    """
    found = invalidations(cachename, args, kwargs)
    if not found:
        warnings.warn(f"invalidate: there is no cache named {cachename!r}", RuntimeWarning, stacklevel=2)
        return nullcontext()
    return found[0] if len(found) == 1 else Together(found)
