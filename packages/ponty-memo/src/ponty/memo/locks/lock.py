"""`Lock`: one holder per key, over any store of sentinels.

`ponty.memo.locks.acquisition` says what happens from taking a key to giving it back.
"""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

from ponty.memo.errors import Locked
from ponty.memo.locks.acquisition import Acquisition
from ponty.memo.locks.lease import Lease
from ponty.memo.locks.sentinel_store import Sentinels
from ponty.memo.locks.shared_state import LockState


class Lock(LockState):
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
        super().__init__(sentinels, maxwait_ms, pulse_ms, timeout_error)

    def lock(self, key: str) -> AbstractAsyncContextManager[Lease]:
        """Hold `key` while the block of `async with` runs.

        Not reentrant: inside the block, the key is held for the block's own task too.

        Args:
            key: What to lock.

        Returns:
            A context manager whose value is the `Lease`.

        Raises:
            Locked: The wait is over (or rather the lock's `timeout_error`).
            LeaseLost: The store's lease on the key ended while the block ran.
            Exception: What the store raised. The block has not run if it failed to add the sentinel, and has run if it
                failed to remove it; an error of the block itself takes precedence.
        """
        return Acquisition(self, key, self.maxwait)
