"""What a lock or a memoizer raises.

::

    Exception
     ├─ Locked            somebody else holds the key, and the wait for it is over
     │   └─ Stampede      somebody else computes the value, and the wait for it is over
     └─ RuntimeError
         └─ Deadlock      the call would wait for itself
"""

from typing import ClassVar


class Locked(Exception):
    """Somebody else holds the key.

    `ponty.core` answers it with 409; of the exception, only that status reaches the client. Which key it was stands in
    a note of the exception, so that the traceback tells it and `str(error)` does not.
    """

    __ponty_status__: ClassVar[int] = 409


class Stampede(Locked):
    """Somebody else computes the value, and the wait for it is over."""


class Deadlock(RuntimeError):
    """The call would wait for itself: it stands inside the computation, or the `invalidate` block, that it needs."""
