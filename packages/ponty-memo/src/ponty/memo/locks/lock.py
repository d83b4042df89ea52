"""`Lock`: one holder per key, over any store of sentinels.

What happens from taking a key to giving it back is told in `ponty.memo.locks.acquisition`. Here is what all locks over
one store have in common, whatever loop or cache they were made for: the turns, so that there is one holder in this process, and
the keys that are in doubt. A store is known by its identity, and forgotten with it.
"""

import weakref
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

from ponty.memo.errors import Locked
from ponty.memo.event_loop import seconds
from ponty.memo.locks.acquisition import Holding
from ponty.memo.locks.fair_queue import Turn, Turns
from ponty.memo.locks.lease import Lease
from ponty.memo.locks.pending_releases import Endings
from ponty.memo.locks.sentinel_store import Adapted, InProcess, Sentinels, SentinelStore


class _Shared:
    """What all locks over one store have in common: the turns, and the keys in doubt."""

    __slots__ = ("__weakref__", "doubts", "turns")

    def __init__(self, turns: Turns | None, name: str = "") -> None:
        self.doubts: dict[Any, str] = {}
        self.turns: Turns = turns or Turns(name, self._doubt)

    def _doubt(self, turn: Turn) -> None:
        self.doubts[turn.key] = turn.owner


_shared: "dict[int, tuple[Callable[[], object], _Shared]]" = {}


def _shared_by(sentinels: object) -> _Shared:
    if isinstance(sentinels, InProcess):
        return _Shared(sentinels.turns)
    address = id(sentinels)
    known = _shared.get(address)
    if known is not None and known[0]() is sentinels:
        return known[1]
    shared = _Shared(None, f"the lock over {type(sentinels).__qualname__}")
    try:
        alive: Callable[[], object] = weakref.ref(sentinels, lambda _: _shared.pop(address, None))
    except TypeError:
        alive = lambda: sentinels  # noqa: E731 - kept alive, then its address is not used again
    _shared[address] = alive, shared
    return shared


class Lock:
    """A lock per key over a store of sentinels: one holder at a time, first come first served.

    ::

        jobs = Lock(sentinels, maxwait_ms=5000)

        async def run(job: str) -> None:
            async with jobs.lock(job):
                print(job)

    Within a process, waiters are woken by the one who leaves. A key that another process holds is asked for again when
    the store notifies, or every `pulse_ms`.

    Args:
        sentinels: A `SentinelStore`, or any object with its three abstract methods. Locks over one store share
            its keys.
        maxwait_ms: How long to wait for a key, in milliseconds; 0 gives up at once.
        pulse_ms: The longest time between two looks at a store that cannot notify, in milliseconds.
        timeout_error: What to raise when the wait is over: a class that can be made without arguments.

    Raises:
        ValueError: A time is negative or no number.
        TypeError: `sentinels` has not got the three methods.
    """

    def __init__(
        self,
        sentinels: Sentinels,
        maxwait_ms: float = 0,
        pulse_ms: float = 100,
        timeout_error: Callable[[], Exception] = Locked,
    ) -> None:
        missing = [name for name in ("exists", "add", "remove") if not callable(getattr(sentinels, name, None))]
        if missing:
            raise TypeError(f"Lock: the store of sentinels has no method {', '.join(missing)}")
        self.maxwait: float = seconds("Lock", "maxwait_ms", maxwait_ms)
        self.pulse: float = max(seconds("Lock", "pulse_ms", pulse_ms), 0.001)
        self.timeout_error = timeout_error
        self.sentinels: SentinelStore = sentinels if isinstance(sentinels, SentinelStore) else Adapted(sentinels)
        self.three_methods: bool = getattr(self.sentinels.try_add, "__func__", None) is SentinelStore.try_add
        self.shared: _Shared = _shared_by(sentinels)
        self.endings: Endings = getattr(sentinels, "endings", None) or Endings()

    def lock(self, key: str) -> AbstractAsyncContextManager[Lease]:
        """Hold `key` while the block of `async with` runs.

        Not reentrant: inside the block, the key is held for the block's own task too.

        Args:
            key: What to lock.

        Returns:
            A context manager that gives the `Lease`.

        Raises:
            Locked: The wait is over (or rather the lock's `timeout_error`).
            LeaseLost: The store's lease on the key ended while the block ran.
            Exception: What the store raised. The block has not run if it failed to add the sentinel, and has run if it
                failed to remove it; an error of the block itself takes precedence.
        """
        return Holding(self, key, self.maxwait)

    def over(self, key: object, limit: float) -> Exception:
        """Make the error that says the wait for `key` is over."""
        error = self.timeout_error()
        error.add_note(f"{key!r} was still held after {limit * 1000:g} ms")
        return error
