"""`Memoized`: the type of a memoized function, and how a wrapper gets its methods."""

from collections.abc import Callable, Coroutine, Hashable
from typing import Any, Concatenate, ParamSpec, Protocol, Self, TypeVar, overload

from ponty.memo.decorators.registry import register
from ponty.memo.events import CacheInfo
from ponty.memo.flights.invalidation import Invalidation
from ponty.memo.flights.memoizer import Memoizer
from ponty.memo.lazy_imports import inspect

_P = ParamSpec("_P")
_Q = ParamSpec("_Q")
_S = TypeVar("_S")
_T_co = TypeVar("_T_co", covariant=True)


class MemoizedFunction(Protocol[_P, _T_co]):
    """The methods that all memoized functions have.

    For a memoized method, call them on the function in the class: `await Shop.price.invalidate(shop, "tea")`.
    """

    __name__: str
    __qualname__: str

    def __call__(self, *args: _P.args, **kwargs: _P.kwargs) -> Coroutine[Any, Any, _T_co]:
        """Return the stored value of this call, or compute it."""
        ...

    @overload
    def __get__(self, instance: None, owner: type | None = None, /) -> Self: ...
    @overload
    def __get__(
        self: "MemoizedFunction[Concatenate[_S, _Q], _T_co]", instance: _S, owner: type | None = None, /
    ) -> Callable[_Q, Coroutine[Any, Any, _T_co]]: ...

    def invalidate(self, *args: _P.args, **kwargs: _P.kwargs) -> Invalidation:
        """Drop the value of this call: `await` it, or use `async with` to keep others from computing it in the block.

        It does the same as `ponty.memo.invalidate`, without a name.
        """
        ...

    def cache_info(self) -> CacheInfo:
        """Return the counts of the cache."""
        ...


class Memoized(MemoizedFunction[_P, _T_co], Protocol[_P, _T_co]):
    """A coroutine function decorated with `cache` or `rediscache`: it is called as before, and has these methods.

    For a memoized method, call them on the function in the class: `await Shop.price.invalidate(shop, "tea")`.
    """

    async def cache_clear(self) -> None:
        """Drop all values and counts; computations in progress still answer their callers, but store nothing."""
        ...

    async def cache_contains(self, *args: _P.args, **kwargs: _P.kwargs) -> bool:
        """Return whether the value of this call is stored."""
        ...


class LocalMemoized(MemoizedFunction[_P, _T_co], Protocol[_P, _T_co]):
    """A coroutine function decorated with `localcache`: it is called as before, and has these methods.

    For a memoized method, call them on the function in the class: `await Shop.price.invalidate(shop, "tea")`.
    """

    def cache_clear(self) -> None:
        """Drop all values and counts; computations in progress still answer their callers, but store nothing."""
        ...

    def cache_contains(self, *args: _P.args, **kwargs: _P.kwargs) -> bool:
        """Return whether a fresh value of this call is stored; this does not count as a use of the value."""
        ...


def checked_name(decorator: str, function: Callable[..., object]) -> str:
    """Return the name of a decorated function for messages.

    Raises:
        TypeError: It is not a coroutine function.
    """
    name = getattr(function, "__qualname__", repr(function))
    if not inspect.iscoroutinefunction(function):
        raise TypeError(f"@{decorator} on {name!r}: it is not a coroutine function (async def)")
    return f"@{decorator} on {name!r}"


def default_name(function: Callable[..., object]) -> str:
    """Return the default name of the cache of a function."""
    inner = inspect.unwrap(function)
    return f"{inner.__module__}.{getattr(inner, '__qualname__', type(inner).__qualname__)}"


def finish(
    wrapper: Any,
    memoizer: Memoizer[Any],
    *,
    who: str,
    place: Hashable = None,
    key_of: Callable[..., Hashable],
    count_hits: Callable[[], int],
    cache_clear: Callable[[], object],
    cache_contains: Callable[..., object],
) -> Any:
    """Add the methods to the wrapper, and register the name of the cache.

    Raises:
        ValueError: The cache of another function has this name.
    """

    def invalidate(*args: Any, **kwargs: Any) -> Invalidation:
        return memoizer.invalidation(key_of(*args, **kwargs))

    def cache_info() -> CacheInfo:
        flights, waiters = memoizer.table.count()
        return CacheInfo(
            count_hits() + memoizer.stale_hits,
            memoizer.misses,
            memoizer.backend.size(),
            flights,
            waiters,
            memoizer.stampedes,
        )

    wrapper.invalidate = invalidate
    wrapper.cache_info = cache_info
    wrapper.cache_clear = cache_clear
    wrapper.cache_contains = cache_contains
    register(memoizer.name, who, wrapper, place)
    return wrapper
