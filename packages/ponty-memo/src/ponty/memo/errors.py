"""What a lock or a memoizer raises.

::

    Exception
     ├─ Locked            somebody else holds the key, and the wait for it is over
     │   └─ Stampede      somebody else computes the value, and the wait for it is over
     ├─ Unavailable       the store that the lock is kept in cannot be asked, or refuses
     │   └─ LeaseLost     the lease ended while the block ran, so others may hold the key too
     │       └─ Cleared   what the lease was good for has gone, for the cache was cleared
     └─ RuntimeError
         └─ Deadlock      the call would wait for itself
"""

from typing import ClassVar


class Locked(Exception):
    """Somebody else holds the key.

    `ponty.core` answers it with 409; of the exception, only that status reaches the client. Which key it was stands in
    a note of the exception, so that the traceback has it and `str(error)` does not.
    """

    __ponty_status__: ClassVar[int] = 409


class Stampede(Locked):
    """Somebody else computes the value, and the wait for it is over."""


class Unavailable(Exception):
    """A store that is shared with other processes cannot be asked, does not answer in time, or refuses.

    Whether the key is held is not known, so a lock does not run its block, and an `invalidate` neither. A memoized
    function is computed without the store. `ponty.core` answers it with 503; of the exception, only that status reaches
    the client.

    Args:
        *args: What has happened.
        in_doubt: Whether the store may have done what it was asked, its answer being lost.
    """

    __ponty_status__: ClassVar[int] = 503

    def __init__(self, *args: object, in_doubt: bool = True) -> None:
        super().__init__(*args)
        self.in_doubt = in_doubt


class LeaseLost(Unavailable):
    """The lease on the key ended while the block ran: somebody else may have held the key since.

    Raised in the block, at the `await` where it stands, or at its end.
    """


class Cleared(LeaseLost):
    """The cache was cleared since the key was taken: what was computed meanwhile is not stored, on purpose."""


class Deadlock(RuntimeError):
    """The call would wait for itself: it stands inside the computation, or the `invalidate` block, that it needs."""
