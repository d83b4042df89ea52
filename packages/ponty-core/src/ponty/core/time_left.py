"""Deadlines: how long the client will wait for an answer, known to all code that works on the answer.

A deadline belongs to one request. It is *set* when the handler is called, and may be moved while the client sends the
body. It is *lifted* when the answer has begun, or the request has ended in any way. Work that goes on after that (the
rest of a stream, a background task) has no deadline. A deadline is a time of the event loop. It is kept in a context
variable, so the tasks that a handler starts have it too. If there is another one around it, the earlier of both holds.

A computation for several callers has the deadline of none of them: `__ponty_of_caller__` tells caches to drop it.
"""

import asyncio
import contextlib
import contextvars
from collections.abc import Callable, Generator
from typing import ClassVar


class Deadline:
    """The time by which the answer to one request is to begin.

    Args:
        loop: The event loop whose clock is used.
        at: The time, by the clock of the loop.
        has_begun: Returns whether the answer has begun.
        outer: The deadline around this one.
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
        """Set another time, unless the deadline is lifted."""
        if self._at is not None:
            self._at = at

    def lift(self) -> None:
        """End the deadline, so that it holds no longer."""
        self._at = None

    def remaining(self) -> float | None:
        """Return the seconds that are left, 0 if the time has passed; None if it holds no longer."""
        at = self._at
        if at is None or self._has_begun():
            return None
        left = max(0.0, at - self._loop.time())
        outer = None if self._outer is None else self._outer.remaining()
        return left if outer is None else min(left, outer)


current_deadline: contextvars.ContextVar[Deadline | None] = contextvars.ContextVar(
    "ponty.core.current_deadline", default=None
)
"""The deadline of the current request."""


@contextlib.contextmanager
def holding(deadline: Deadline) -> Generator[None]:
    """Set a deadline while the block runs, and lift it after that."""
    token = current_deadline.set(deadline)
    try:
        yield
    finally:
        deadline.lift()
        current_deadline.reset(token)


def remaining_seconds() -> float | None:
    """Return how many seconds are left until the answer to the current request must begin.

    It is 0 if the time has passed. It is None if there is no deadline: without `Limits.handler_seconds` and
    `deadlines`, outside of a request, when the answer has begun, and in work that goes on after the request.

    ::

        async def search(words: str) -> list[str]:
            left = remaining_seconds()
            if left is not None and left < 0.05:
                return []  # better an answer without suggestions than none
            return [words]

    The clients of `http_client_provider` and `retry` respect it by themselves.
    """
    deadline = current_deadline.get()
    return None if deadline is None else deadline.remaining()


def least_seconds(seconds: float | None) -> float | None:
    """Return `seconds` or the time left until the deadline, whichever is less; None for no limit."""
    left = remaining_seconds()
    if left is None or seconds is None:
        return seconds if left is None else left
    return min(seconds, left)
