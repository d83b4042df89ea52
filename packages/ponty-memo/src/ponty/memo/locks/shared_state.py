"""The state of a lock: its times, its store of sentinels, and the state that all locks over this store share.

All locks over one store share its keys, whatever loop or cache they were made for. They share the queue of each key, so
that there is one holder in this process, and the keys that are in doubt. The shared state belongs to the store object,
and is dropped with it.
"""

import weakref
from collections.abc import Callable
from typing import Any

from ponty.memo.event_loop import seconds
from ponty.memo.locks.fair_queue import FairQueue, Ticket
from ponty.memo.locks.pending_releases import PendingReleases
from ponty.memo.locks.sentinel_store import Adapted, InProcess, Sentinels, SentinelStore


class _Shared:
    """The state that all locks over one store share: the queues, and the keys in doubt."""

    __slots__ = ("__weakref__", "doubts", "queue")

    def __init__(self, queue: FairQueue | None, name: str = "") -> None:
        self.doubts: dict[Any, str] = {}
        self.queue: FairQueue = FairQueue(name, self._doubt) if queue is None else queue

    def _doubt(self, ticket: Ticket) -> None:
        self.doubts[ticket.key] = ticket.owner


_shared: "dict[int, tuple[Callable[[], object], _Shared]]" = {}


def _shared_by(sentinels: object) -> _Shared:
    if isinstance(sentinels, InProcess):
        return _Shared(sentinels.queue)
    address = id(sentinels)
    known = _shared.get(address)
    if known is not None and known[0]() is sentinels:
        return known[1]
    shared = _Shared(None, f"the lock over {type(sentinels).__qualname__}")
    try:
        alive: Callable[[], object] = weakref.ref(sentinels, lambda _: _shared.pop(address, None))
    except TypeError:
        alive = lambda: sentinels  # noqa: E731 - this keeps the store alive, so its address is not used again
    _shared[address] = alive, shared
    return shared


class LockState:
    """The parts of a lock; `Lock` explains its arguments."""

    def __init__(
        self, sentinels: Sentinels, maxwait_ms: float, pulse_ms: float, timeout_error: Callable[[], Exception]
    ) -> None:
        missing = [name for name in ("exists", "add", "remove") if not callable(getattr(sentinels, name, None))]
        if missing:
            raise TypeError(f"Lock: the store of sentinels has no method {', '.join(missing)}")
        self.maxwait: float = seconds("Lock", "maxwait_ms", maxwait_ms)
        self.pulse: float = max(seconds("Lock", "pulse_ms", pulse_ms), 0.001)
        self.timeout_error = timeout_error
        self.sentinels: SentinelStore = sentinels if isinstance(sentinels, SentinelStore) else Adapted(sentinels)
        self.in_process: bool = isinstance(sentinels, InProcess)
        self.three_methods: bool = getattr(self.sentinels.try_add, "__func__", None) is SentinelStore.try_add
        self.shared: _Shared = _shared_by(sentinels)
        of_store: PendingReleases | None = getattr(sentinels, "pending_releases", None)
        self.pending_releases: PendingReleases = PendingReleases() if of_store is None else of_store

    def timed_out(self, key: object, limit: float) -> Exception:
        """Return the error for a wait that is over."""
        error = self.timeout_error()
        error.add_note(f"{key!r} was still held after {limit * 1000:g} ms")
        return error
