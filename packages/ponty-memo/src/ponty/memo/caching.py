"""`cache`: memoize a coroutine function over a store; `CacheStore`, which such a store implements; and `invalidate`."""

import itertools
import warnings
import weakref
from abc import ABC, abstractmethod
from collections.abc import Callable, Coroutine, Hashable
from contextlib import AbstractAsyncContextManager, nullcontext
from functools import partial
from typing import Any, ClassVar, Concatenate, Generic, ParamSpec, Protocol, Self, TypeVar, cast, overload

from ponty.memo.calls import compile_call
from ponty.memo.engine import CacheInfo, Event, Invalidation, Memo, Metrics, Shelf, cachemiss, registry
from ponty.memo.errors import LeaseLost, Unavailable
from ponty.memo.failures import logger
from ponty.memo.lazy import inspect
from ponty.memo.locking import Lock

_P = ParamSpec("_P")
_Q = ParamSpec("_Q")
_S = TypeVar("_S")
_T = TypeVar("_T")
_T_co = TypeVar("_T_co", covariant=True)


class Store(Protocol):
    """The least that a store of values has: three methods. `CacheStore` says what each of them does."""

    async def get(self, key: str, /) -> Any:
        """Give the value, or cachemiss."""
        ...

    async def set(self, key: str, data: Any, /) -> object:
        """Store a value."""
        ...

    async def remove(self, key: str, /) -> object:
        """Forget a value."""
        ...


class CacheStore(ABC, Generic[_T]):
    """Where `cache` keeps values, under keys that are texts.

    Three methods make a store: `get`, `set` and `remove`. `cache` calls `set` and `remove` for one key only while it
    holds the key's lock, and `get` at any time. A method that raises fails the call that it was made for, unless it
    raises `Unavailable`: then the call goes on without the store.
    """

    shared: ClassVar[bool] = False
    """Whether values outlive the process or are seen by others. Then two functions cannot have one name in the store:
    the second one is refused with a ValueError, where a store of one process tells them apart by a number."""

    @abstractmethod
    async def get(self, key: str) -> "_T | cachemiss | type[cachemiss]":
        """Give the value stored under `key`, or the class `cachemiss` if there is none: None is a value."""

    @abstractmethod
    async def set(self, key: str, data: _T) -> object:
        """Store `data` under `key`; what is returned is ignored."""

    @abstractmethod
    async def remove(self, key: str) -> bool:
        """Forget what is stored under `key`, and say whether there was anything."""

    async def set_as(self, key: str, data: _T, owner: str) -> object:
        """Store `data` under `key` on behalf of a holder of the key's lock.

        Override it where store and lock can be compared in one step, so that a holder who has lost its lease stores
        nothing. The default calls `set`.

        Args:
            key: The key.
            data: What to store.
            owner: The holder, as in `SentinelStore.try_add`; "" where the lock is a local one.

        Raises:
            LeaseLost: The owner does not hold the key, and nothing was stored. The computation's callers get the value.
        """
        del owner
        return await self.set(key, data)

    async def clear(self) -> None:
        """Forget everything; what `cache_clear()` calls.

        Raises:
            NotImplementedError: The store cannot; that is the default.
        """
        raise NotImplementedError(f"{type(self).__qualname__} has no method clear")


class Memoized(Protocol[_P, _T_co]):
    """A coroutine function decorated with `cache`: called as before, and these methods.

    On a method, they are those of the class's function: `await Shop.price.invalidate(shop, "tea")`.
    """

    __name__: str
    __qualname__: str

    def __call__(self, *args: _P.args, **kwargs: _P.kwargs) -> Coroutine[Any, Any, _T_co]:
        """Give the stored value of this call, or compute it."""
        ...

    @overload
    def __get__(self, instance: None, owner: type | None = None, /) -> Self: ...
    @overload
    def __get__(
        self: "Memoized[Concatenate[_S, _Q], _T_co]", instance: _S, owner: type | None = None, /
    ) -> Callable[_Q, Coroutine[Any, Any, _T_co]]: ...

    def invalidate(self, *args: _P.args, **kwargs: _P.kwargs) -> Invalidation:
        """Drop the value of this call: `await` it, or hold the key for the block of an `async with`.

        As `invalidate`, for the arguments of one call.
        """
        ...

    def cache_info(self) -> CacheInfo:
        """Give what the cache has seen and has got."""
        ...

    async def cache_clear(self) -> None:
        """Forget all values and counts. What is being computed now reaches those who wait, and is not stored."""
        ...

    async def cache_contains(self, *args: _P.args, **kwargs: _P.kwargs) -> bool:
        """Say whether the value of this call is stored."""
        ...


def cache(
    store: Store,
    antistampede: Lock,
    name: str = "",
    *,
    key: Callable[..., object] | None = None,
    cache_if: Callable[[Any], object] | None = None,
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
        cache_if: Says of a value whether to store it. Without it, every value is stored, None included.
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

    def decorate(function: Callable[_P, Coroutine[Any, Any, _T]]) -> Memoized[_P, _T]:
        who = called("cache", function)
        memo: Memo[_T] = Memo(function, name or default_name(function), antistampede, accepts=cache_if, metrics=metrics)
        shelf = memo.shelf = StoreShelf[_T](store, memo.emit)
        prefix = _prefix(store, memo.name if not name else f"{name}:{default_name(function)}")
        clear_store = getattr(store, "clear", partial(CacheStore[_T].clear, cast("CacheStore[_T]", store)))
        hits = 0

        async def call(key: Hashable, args: tuple[Any, ...], kwargs: dict[str, Any]) -> _T:
            nonlocal hits
            text = f"{prefix}{key}"
            value = await shelf.get(text)
            if value is cachemiss:
                return await memo.miss(text, args, kwargs)
            hits += 1
            memo.emit("hit")
            return cast("_T", value)

        def text_of(*args: Any, **kwargs: Any) -> str:
            return f"{prefix}{key_of(*args, **kwargs)}"

        async def cache_clear() -> None:
            nonlocal hits
            memo.clear()
            await clear_store()
            hits = 0

        async def cache_contains(*args: Any, **kwargs: Any) -> bool:
            return await shelf.get(text_of(*args, **kwargs)) is not cachemiss

        wrapper, key_of, _ = compile_call(function, who=who, own_key=key, portable=True, local=None, miss=call)
        return cast(
            "Memoized[_P, _T]",
            finish(
                wrapper,
                memo,
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
        cachename: The `name` of the cache. Of several with one name, the one that was decorated last.
        *args: The arguments of the call.
        **kwargs: The same; positional and keyword forms are one call.

    Raises:
        Stampede: The wait for a computation, or for another `invalidate`, is over (or rather the lock's
            `timeout_error`).
        Deadlock: The call's own computation, or a block around this one, would have to end first.

    Warns:
        RuntimeWarning: There is no such cache. The block runs nevertheless.
    """
    memo = registry.get(cachename)
    if memo is None:
        warnings.warn(f"invalidate: there is no cache named {cachename!r}", RuntimeWarning, stacklevel=2)
        return nullcontext()
    return memo.invalidation(memo.key_of(*args, **kwargs))


def called(decorator: str, function: Callable[..., object]) -> str:
    """Give what messages call a decorated function, having checked that it is a coroutine function."""
    name = getattr(function, "__qualname__", repr(function))
    if not inspect.iscoroutinefunction(function):
        raise TypeError(f"@{decorator} on {name!r}: it takes a coroutine function, made with async def")
    return f"@{decorator} on {name!r}"


def finish(
    wrapper: Any,
    memo: Memo[Any],
    *,
    key_of: Callable[..., Hashable],
    count_hits: Callable[[], int],
    cache_clear: Callable[[], object],
    cache_contains: Callable[..., object],
) -> Any:
    """Give the wrapper its methods, and the cache its name."""

    def invalidate(*args: Any, **kwargs: Any) -> Invalidation:
        return memo.invalidation(key_of(*args, **kwargs))

    def cache_info() -> CacheInfo:
        flights, waiters = memo.flights.count()
        return CacheInfo(
            count_hits() + memo.stale_hits, memo.misses, memo.shelf.size(), flights, waiters, memo.stampedes
        )

    memo.key_of = key_of
    registry[memo.name] = memo
    wrapper.invalidate = invalidate
    wrapper.cache_info = cache_info
    wrapper.cache_clear = cache_clear
    wrapper.cache_contains = cache_contains
    return wrapper


def default_name(function: Callable[..., object]) -> str:
    """Give the name of a cache that was given none."""
    inner = inspect.unwrap(function)
    return f"{inner.__module__}.{getattr(inner, '__qualname__', type(inner).__qualname__)}"


class StoreShelf(Shelf[_T]):
    """A store of the user's own, as the engine sees it: without it, values are computed, and not stored."""

    def __init__(self, store: Store, emit: Callable[[Event], object]) -> None:
        self._store = store
        self._set_as = getattr(store, "set_as", None)
        self._emit = emit

    async def get(self, key: str) -> Any:
        """Ask the store."""
        try:
            value = await self._store.get(key)
        except Unavailable:
            self._emit("unavailable")
            return cachemiss
        return cachemiss if isinstance(value, cachemiss) else value

    async def put(self, key: str, value: _T, owner: str) -> bool:
        """Tell the store."""
        try:
            if self._set_as is None:
                await self._store.set(key, value)
            else:
                await self._set_as(key, value, owner)
        except LeaseLost as error:
            logger().warning("a value was not stored, for its computation had lost the key's lock", exc_info=error)
            self._emit("refused")
            return False
        except Unavailable:
            self._emit("unavailable")
            return False
        return True

    async def remove(self, key: str) -> bool:
        """Tell the store; an invalidation fails where it does."""
        return bool(await self._store.remove(key))


_prefixes: "dict[int, tuple[Callable[[], object], set[str]]]" = {}
"""The names that are taken in each store, by the store's address."""


def _prefix(store: object, name: str) -> str:
    """Give what the keys of one function begin with in `store`, and those of no other."""
    address = id(store)
    known = _prefixes.get(address)
    if known is None or known[0]() is not store:
        try:
            alive: Callable[[], object] = weakref.ref(store, lambda _: _prefixes.pop(address, None))
        except TypeError:
            alive = lambda: store  # noqa: E731 - kept alive, then its address is not used again
        known = _prefixes[address] = alive, set()
    taken = known[1]
    if name in taken:
        if getattr(store, "shared", False):
            raise ValueError(f"cache: {name!r} is taken in this store: give name= to tell the two functions apart")
        name = next(numbered for n in itertools.count(2) if (numbered := f"{name}#{n}") not in taken)
    taken.add(name)
    return name
