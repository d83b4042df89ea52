"""Deadlines: how long whoever waits for an answer will wait for it, known to all that works on the answer.

A deadline belongs to one request. It is *set* when the request is handled, and may be moved as long as the client sends
its body. It is *lifted* when the answer has begun, or the request has ended in any way: what goes on after that (the
rest of a stream, a background task) has none. It is a time of the event loop, and stands in a context variable, so the
tasks that a handler starts have it too. One within another is the earlier of both.

What is computed for several callers has the deadline of none: `__ponty_of_caller__` says so to who computes it.
"""

import asyncio
import contextlib
import contextvars
from collections.abc import Callable, Generator
from typing import ClassVar


class Deadline:
    """The time by which the answer to one request is to begin.

    Args:
        loop: The event loop, by whose clock it is.
        at: The time.
        has_begun: Whether the answer has begun.
        outer: The deadline that it stands within.
    """

    __slots__ = ("_at", "_has_begun", "_loop", "_outer")

    __ponty_of_caller__: ClassVar[bool] = True

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        at: float,
        has_begun: Callable[[], bool],
        outer: "Deadline | None" = None,
    ) -> None:
        self._loop = loop
        self._at: float | None = at
        self._has_begun = has_begun
        self._outer = outer

    def move(self, at: float) -> None:
        """Set it to another time, unless it is lifted."""
        if self._at is not None:
            self._at = at

    def lift(self) -> None:
        """Have it hold no longer."""
        self._at = None

    def remaining(self) -> float | None:
        """Return the seconds that are left, 0 where it has passed; None where it holds no longer."""
        at = self._at
        if at is None or self._has_begun():
            return None
        left = max(0.0, at - self._loop.time())
        outer = None if self._outer is None else self._outer.remaining()
        return left if outer is None else min(left, outer)


current_deadline: contextvars.ContextVar[Deadline | None] = contextvars.ContextVar(
    "ponty.core.current_deadline", default=None
)
"""The deadline of the request that this is a part of."""


@contextlib.contextmanager
def holding(deadline: Deadline) -> Generator[None]:
    """Have a deadline hold while the block runs, and for nothing after that."""
    token = current_deadline.set(deadline)
    try:
        yield
    finally:
        deadline.lift()
        current_deadline.reset(token)


def remaining_seconds() -> float | None:
    """Return how many seconds are left until the answer to the request that is being handled must have begun.

    0 where the time has passed, None where there is no deadline: without `Limits.handler_seconds` and `deadlines`,
    outside of a request, when the answer has begun, and in what goes on when the request has ended.

    ::

        async def search(words: str) -> list[str]:
            left = remaining_seconds()
            if left is not None and left < 0.05:
                return []  # better an answer without suggestions than none
            return [words]

    The clients of `http_client_provider` and `retry` heed it by themselves.
    """
    deadline = current_deadline.get()
    return None if deadline is None else deadline.remaining()


def least_seconds(seconds: float | None) -> float | None:
    """Return the less of a time and what is left of the deadline; None for no limit."""
    left = remaining_seconds()
    if left is None or seconds is None:
        return seconds if left is None else left
    return min(seconds, left)
