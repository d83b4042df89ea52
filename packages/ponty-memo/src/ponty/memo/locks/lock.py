"""`Lock`: one holder per key, over any store of sentinels.

`ponty.memo.locks.acquisition` explains what happens between taking and releasing a key.
"""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

from ponty.memo.errors import Locked
from ponty.memo.locks.acquisition import Acquisition
from ponty.memo.locks.lease import Lease
from ponty.memo.locks.sentinel_store import Sentinels
from ponty.memo.locks.shared_state import LockState


class Lock(LockState):
    """A lock per key over a store of sentinels: one holder at a time, first come, first served.

    Use `locallock` in one process and `redislock` over Redis; `Lock` is for a store of your own.

    ::

        jobs = Lock(sentinels, maxwait_ms=5000)

        async def run(job: str) -> None:
            async with jobs.lock(job):
                print(job)

    Within a process, a holder that releases the key wakes the next waiter. If another process holds the key, the lock
    asks for it again when the store notifies, or else every `pulse_ms`.

    Args:
        sentinels: A `SentinelStore`, or any object with its three abstract methods. Locks over the same store exclude
            each other.
        maxwait_ms: How long to wait for a key, in milliseconds; 0 gives up at once.
        pulse_ms: The longest time between two requests for a key that another process holds, in milliseconds.
        timeout_error: The exception class to raise when the wait is over; it is called without arguments.

    Raises:
        ValueError: A time is negative or not a number.
        TypeError: `sentinels` lacks one of the three methods.
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

        The lock is not reentrant: inside the block, the task of the block has to wait for the key like any other.

        Args:
            key: The key to lock.

        Returns:
            A context manager whose value is the `Lease`.

        Raises:
            Locked: The wait is over; with another `timeout_error`, that is raised instead.
            LeaseLost: The lease on the key ended while the block ran.
            Unavailable: The store is shared, and cannot be reached. The block has not run.
            Exception: Whatever the store raises. If adding the sentinel failed, the block has not run; if removing it
                failed, the block has run. An error of the block itself takes precedence.
        """
        return Acquisition(self, key, self.maxwait)
