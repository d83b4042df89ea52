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
    """Make a lock per key for this process: one holder at a time, first come first served.

    ::

        accounts = locallock(maxwait_ms=500)

        async def pay(account: str, amount: int) -> None:
            async with accounts.lock(account):
                table[account] -= amount

    Args:
        maxwait_ms: How long to wait for a key, in milliseconds; 0 gives up at once.
        pulse_ms: Accepted as by every `Lock`; a local lock has nothing to look at, its waiters are woken.
        timeout_error: What to raise when the wait is over: a class that can be made without arguments.

    Raises:
        ValueError: A time is negative or no number.
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
    """Memoize a coroutine function in this process; the least recently used values go first.

    ::

        @localcache(ttl_ms=60_000)
        async def price(product: str) -> int:
            return len(product)  # asks the database

    One caller computes; those who come meanwhile wait for it, each can be cancelled alone, and the last one out cancels
    the computation. A failure reaches everyone who waits, and is not stored. A hit never waits.

    Args:
        ttl_ms: How long a value is fresh, in milliseconds, 0 for ever; or a function that returns it for a value, where
            None is for ever, and a value whose lifetime is not above zero is not kept.
        maxwait_ms: How long a caller waits for another one's computation, in milliseconds, before it gets `Stampede`; 0
            refuses it at once. The caller for whom the value is computed waits as long as that takes.
        pulse_ms: Accepted as by every lock; a local cache has nothing to look at, its waiters are woken.
        maxsize: How many values to keep; 0 keeps all, with a warning.
        name: What `invalidate` calls the cache; the function's module and qualified name if empty.
        key: Makes the key of a call from the call's arguments, in place of all of them: where an argument cannot be
            part of a key, or does not matter.
        jitter: Shortens each lifetime by a random part of it, up to this share (0 to 1), so that values which were
            stored together do not expire together.
        cache_if: Returns whether to store a value. Without it, every value is stored, None included.
        stale_ms: For how long after its lifetime a value is still served, in milliseconds, while one computation in the
            background renews it.
        stale_on_error_ms: For how long after its lifetime a value is served in place of a failure to compute a new one,
            in milliseconds.
        copy: Makes of a value what each caller gets and what is stored: `copy.deepcopy`, `list`, or a function that
            freezes. Without it, all callers get one object, and must not change it.
        metrics: Called with the cache's name and an event: "hit", "stale" (a hit past its lifetime), "miss" (a
            computation begins), "join" (a call waits for one), "store", "failure", "stampede", "evicted", "expired". It
            must not block; what it raises is logged.
        clock: Returns the time in seconds. Without it, the event loop does.

    Returns:
        A decorator for coroutine functions. What it makes has the methods of `LocalMemoized`.

    Raises:
        ValueError: A time or size makes no sense, or a stale time is given where values have no lifetime.

    Warns:
        RuntimeWarning: `maxsize=0`.
    """
    if not isinstance(maxsize, int) or maxsize < 0:  # pyright: ignore[reportUnnecessaryIsInstance]
        raise ValueError(f"localcache: maxsize is a whole number from 0 up, not {maxsize!r}")
    if not 0 <= jitter <= 1:
        raise ValueError(f"localcache: jitter is a share from 0 to 1, not {jitter!r}")
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
            lambda: loop_owner.now(),  # noqa: PLW0108 - it is another clock in another loop
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
