"""`localcache` and `locallock`: caching and locking in one process, with nothing to set up."""

import warnings
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any, ParamSpec, TypeVar, cast

from ponty.memo.decorators.memoized import LocalMemoized, checked_name, default_name, finish
from ponty.memo.errors import Locked, Stampede
from ponty.memo.event_loop import LoopOwner, check_callable, seconds
from ponty.memo.events import Emitter, Metrics
from ponty.memo.flights.memoizer import Memoizer
from ponty.memo.keys.wrapper import Local, compile_call
from ponty.memo.locks.lock import Lock
from ponty.memo.locks.sentinel_store import InProcess
from ponty.memo.stores.backend import cachemiss
from ponty.memo.stores.lifetimes import lifetimes
from ponty.memo.stores.local_backend import LocalBackend
from ponty.memo.stores.lru import Entries, LastingEntries

_P = ParamSpec("_P")
_T = TypeVar("_T")


def locallock(maxwait_ms: float = 0, pulse_ms: float = 100, timeout_error: Callable[[], Exception] = Locked) -> Lock:
    """Make a lock per key in this process: one holder at a time, first come, first served.

    ::

        accounts = locallock(maxwait_ms=500)

        async def pay(account: str, amount: int) -> None:
            async with accounts.lock(account):
                table[account] -= amount

    Args:
        maxwait_ms: How long to wait for a key, in milliseconds; 0 gives up at once.
        pulse_ms: Has no effect: the waiters of a local lock are woken, and need not poll. Every `Lock` has it.
        timeout_error: The exception class to raise when the wait is over; it is called without arguments.

    Raises:
        ValueError: A time is negative or not a number.
    """
    return Lock(InProcess(), maxwait_ms, pulse_ms, timeout_error)


def localcache(
    *,
    ttl_ms: float | Callable[[Any], float | None] = 0,
    maxwait_ms: float = 1000,
    pulse_ms: float = 50,
    maxsize: int = 128,
    name: str = "",
    key: Callable[..., object] | None = None,
    jitter: float = 0,
    cache_if: Callable[[Any], object] | None = None,
    stale_ms: float = 0,
    stale_on_error_ms: float = 0,
    copy: Callable[[Any], Any] | None = None,
    metrics: Metrics | None = None,
    clock: Callable[[], float] | None = None,
) -> Callable[[Callable[_P, Coroutine[Any, Any, _T]]], LocalMemoized[_P, _T]]:
    """Memoize a coroutine function in this process; when the cache is full, the least recently used value is dropped.

    ::

        @localcache(ttl_ms=60_000)
        async def price(product: str) -> int:
            return len(product)  # asks the database

    One caller computes, and the callers that come meanwhile wait for it. Each caller can be cancelled without the
    others; when the last one is cancelled, so is the computation. A failure reaches every caller that waits, and is not
    stored. A hit never waits.

    Args:
        ttl_ms: How long a value is fresh, in milliseconds; 0 means for ever. Or a function that gets the value and
            returns its lifetime: None means for ever, and a value whose lifetime is not above zero is not kept.
        maxwait_ms: How long a caller waits for the computation of another caller, in milliseconds, before it gets
            `Stampede`; 0 means at once. The caller that begins a computation waits until it ends.
        pulse_ms: Has no effect: the waiters of a local cache are woken, and need not poll.
        maxsize: The largest number of values; 0 keeps all, with a warning.
        name: The name of the cache for `invalidate`. Default: the function's module and qualified name.
        key: Returns the key of a call, given its arguments. Use it if an argument cannot be part of a key, or does not
            matter. Without it, all arguments are the key.
        jitter: Shortens each lifetime at random by up to this share (0 to 1), so that values that were stored together
            do not expire together.
        cache_if: Returns whether to store a value. Without it, every value is stored, also None.
        stale_ms: How long after its lifetime a value is still served, in milliseconds, while a computation in the
            background renews it.
        stale_on_error_ms: How long after its lifetime a value is still served if computing a new one fails, in
            milliseconds.
        copy: Copies a value for each caller and for the cache: `copy.deepcopy`, `list`, or a function that makes it
            immutable. Without it, all callers get the same object and must not change it.
        metrics: Called with the name of the cache and an event: "hit", "stale" (a hit on a value past its lifetime),
            "miss" (a computation begins), "join" (a call waits for one), "store", "failure", "stampede", "evicted",
            "expired". It must not block; an exception that it raises is logged.
        clock: Returns the time in seconds. Default: the clock of the event loop.

    Returns:
        A decorator for coroutine functions. The decorated function has the methods of `LocalMemoized`.

    Raises:
        ValueError: A time or size is out of range, a stale time or `jitter` is given without `ttl_ms`, or an option is
            not a function; or, when a function is decorated, the name belongs to another function.

    Warns:
        RuntimeWarning: `maxsize=0`.
    """
    if not isinstance(maxsize, int) or maxsize < 0:  # pyright: ignore[reportUnnecessaryIsInstance]
        raise ValueError(f"localcache: maxsize must be a whole number of at least 0, not {maxsize!r}")
    if not 0 <= jitter <= 1:
        raise ValueError(f"localcache: jitter must be a share from 0 to 1, not {jitter!r}")
    stale, on_error = (
        seconds("localcache", "stale_ms", stale_ms),
        seconds("localcache", "stale_on_error_ms", stale_on_error_ms),
    )
    seconds("localcache", "maxwait_ms", maxwait_ms)
    seconds("localcache", "pulse_ms", pulse_ms)
    if not callable(ttl_ms) and not seconds("localcache", "ttl_ms", ttl_ms) and (stale or on_error or jitter):
        raise ValueError("localcache: stale_ms, stale_on_error_ms and jitter need a ttl_ms")
    if maxsize == 0:
        warnings.warn("localcache: with maxsize=0, the cache grows without bound", RuntimeWarning, stacklevel=2)
    check_callable("localcache", key=key, cache_if=cache_if, copy=copy, metrics=metrics, clock=clock)
    timed = callable(ttl_ms) or ttl_ms > 0
    lifetime = lifetimes("localcache", ttl_ms, jitter) if timed else None

    def decorate(function: Callable[_P, Coroutine[Any, Any, _T]]) -> LocalMemoized[_P, _T]:
        who = checked_name("localcache", function)
        emitter = Emitter(name or default_name(function), metrics)
        what = f"the cache {emitter.name!r}"
        loop_owner = LoopOwner(what, clock)
        entries: Entries[_T] = (Entries if timed else LastingEntries)(
            maxsize,
            lambda: loop_owner.now(),  # noqa: PLW0108 - another loop has another clock
            emitter.emit if emitter.has_hook else None,
        )
        memoizer: Memoizer[_T] = Memoizer(
            function,
            emitter,
            loop_owner,
            Lock(InProcess(what), maxwait_ms, pulse_ms, Stampede),
            LocalBackend(entries, loop_owner, lifetime, stale, on_error),
            accepts=cache_if,
            copy=copy,
        )
        wrapper, key_of, count_hits = compile_call(
            function,
            who=who,
            own_key=key,
            scope="memory",
            local=Local(
                entries.records,
                loop_owner,
                timed=timed,
                ordered=maxsize > 0,
                on_hit=partial(emitter.emit, "hit") if emitter.has_hook else None,
            ),
            miss=memoizer.miss,
            copy=copy,
        )

        def cache_clear() -> None:
            memoizer.clear()
            entries.clear()
            count_hits(True)

        def cache_contains(*args: Any, **kwargs: Any) -> bool:
            return entries.peek(key_of(*args, **kwargs), 0) is not cachemiss

        return cast(
            "LocalMemoized[_P, _T]",
            finish(
                wrapper,
                memoizer,
                who=who,
                key_of=key_of,
                count_hits=lambda: count_hits(False),
                cache_clear=cache_clear,
                cache_contains=cache_contains,
            ),
        )

    return decorate
