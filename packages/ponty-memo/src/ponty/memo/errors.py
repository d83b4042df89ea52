"""The exceptions of locks and memoizers.

::

    Exception
     ├─ Locked            somebody else holds the key, and the wait for it is over
     │   └─ Stampede      somebody else computes the value, and the wait for it is over
     ├─ Unavailable       the shared store cannot be reached, does not answer in time, or refuses
     │   └─ LeaseLost     the lease ended while the block ran, so others may hold the key too
     │       └─ Cleared   the cache was cleared, so the computed value is not stored
     └─ RuntimeError
         └─ Deadlock      the call would wait for itself
"""

from typing import ClassVar


class Locked(Exception):
    """Somebody else holds the key, and the wait for it is over.

    `ponty.core` answers it with 409; nothing else of the exception reaches the client. The key is in a note of the
    exception, so it is in the traceback and not in `str(error)`.
    """

    __ponty_status__: ClassVar[int] = 409


class Stampede(Locked):
    """Somebody else computes the value, and the wait for it is over."""


class Unavailable(Exception):
    """A store that is shared with other processes cannot be reached, does not answer in time, or refuses.

    It is not known whether the key is held, so neither a lock nor an `invalidate` runs its block. A memoized function
    is computed without the store. `ponty.core` answers it with 503; nothing else of the exception reaches the client.

    Args:
        *args: What has happened.
        in_doubt: Whether the store may have carried out the request although its answer was lost.
    """

    __ponty_status__: ClassVar[int] = 503

    def __init__(self, *args: object, in_doubt: bool = True) -> None:
        super().__init__(*args)
        self.in_doubt = in_doubt


class LeaseLost(Unavailable):
    """The lease on the key ended while the block ran, so somebody else may hold the key since then.

    Raised at the `await` at which the block is waiting, or else at the end of the block.
    """


class Cleared(LeaseLost):
    """The cache was cleared after the key was taken, so the computed value is not stored."""


class Deadlock(RuntimeError):
    """The call would wait for itself: it is inside the computation, or the `invalidate` block, that it waits for."""
