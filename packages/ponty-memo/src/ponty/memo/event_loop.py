"""The event loop that a cache or a lock lives in, and the time that it tells.

A cache may be used by one event loop after another, never by two at once: its flights and queues belong to the loop
they began in. `Home` says which one that is, and keeps every other one out while it runs.
"""

import os
import sys
import time
from collections.abc import Callable

from ponty.memo.lazy_imports import asyncio


def seconds(who: str, what: str, ms: float) -> float:
    """Give `ms` milliseconds in seconds; anything that is no time raises a ValueError that names `who` and `what`."""
    if not isinstance(ms, int | float) or not 0 <= ms < float("inf"):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise ValueError(f"{who}: {what} is a number of milliseconds from 0 up, not {ms!r}")
    return ms / 1000


def _clock_of(loop: "asyncio.AbstractEventLoop") -> Callable[[], float]:
    """Give the cheapest function that tells `loop`'s time.

    asyncio's own loops and uvloop's tell the monotonic time, which can be read without looking for the loop first; any
    other one, such as a test's virtual clock, is asked itself.
    """
    own = getattr(type(loop), "time", None)
    if own is asyncio.BaseEventLoop.time or (type(loop).__module__ == "uvloop" and "uvloop" in sys.modules):
        return time.monotonic

    def running_time() -> float:
        return (asyncio._get_running_loop() or loop).time()  # noqa: SLF001 - public, for those who may run in no loop

    return running_time


class Home:
    """The loop that a cache or a lock lives in.

    Args:
        name: What lives there, for messages.
        on_move: Called when another loop has become home, before anything else is done there.
        clock: Tells the time in seconds instead of the loop.
    """

    __slots__ = ("_clock", "_loop", "_name", "_on_move", "_process", "now")

    def __init__(self, name: str, on_move: Callable[[], object], clock: Callable[[], float] | None = None) -> None:
        self._name = name
        self._on_move = on_move
        self._clock = clock
        self._loop: asyncio.AbstractEventLoop | None = None
        self._process = 0
        self.now: Callable[[], float] = clock or time.monotonic

    def enter(self) -> "asyncio.AbstractEventLoop":
        """Give the running loop, which is home from now on.

        Raises:
            RuntimeError: The loop that was home until now is running, which it can only do in another thread.
        """
        loop = asyncio.get_running_loop()
        if loop is not self._loop:
            self._move(loop)
        return loop

    def visit(self) -> None:
        """Check that what is done here without awaiting is not done in the middle of another thread's work.

        Raises:
            RuntimeError: The loop that is home is running, in another thread.
        """
        if self._is_busy() and asyncio._get_running_loop() is not self._loop:  # noqa: SLF001
            raise RuntimeError(self._elsewhere())

    def _is_busy(self) -> bool:
        """Tell whether the loop that is home runs; in a fork of its process it still says so, and does not."""
        return self._loop is not None and self._loop.is_running() and self._process == os.getpid()

    def _elsewhere(self) -> str:
        return (
            f"{self._name} is in use by the event loop of another thread; it serves one running loop at a time: "
            "give each thread its own, or call it through asyncio.run_coroutine_threadsafe"
        )

    def _move(self, loop: "asyncio.AbstractEventLoop") -> None:
        if self._is_busy():
            raise RuntimeError(self._elsewhere())
        self._loop, self._process = loop, os.getpid()
        self.now = self._clock or _clock_of(loop)
        self._on_move()
