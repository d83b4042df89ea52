"""The event loop that a cache or a lock lives in, and the time that it shows.

A cache may be used by one event loop after another, never by two at once: its flights and queues belong to the loop
they began in. `LoopOwner` knows which loop that is, and keeps every other one out while it runs.
"""

import os
import sys
import time
from collections.abc import Callable

from ponty.memo.lazy_imports import asyncio


def seconds(who: str, what: str, ms: float) -> float:
    """Return `ms` milliseconds in seconds; anything that is no time raises a ValueError that names `who` and `what`."""
    if not isinstance(ms, int | float) or not 0 <= ms < float("inf"):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise ValueError(f"{who}: {what} is a number of milliseconds from 0 up, not {ms!r}")
    return ms / 1000


def check_callable(who: str, **options: object) -> None:
    """Raise a ValueError that names `who` for an option that is neither None nor a function."""
    for name, value in options.items():
        if value is not None and not callable(value):
            raise ValueError(f"{who}: {name} is a function, not {value!r}")


def _clock_of(loop: "asyncio.AbstractEventLoop") -> Callable[[], float]:
    """Return the cheapest function that reads `loop`'s clock.

    The clock of asyncio's own loops and of uvloop's is the monotonic one, which can be read without looking for the
    loop first; any other loop, such as one with a virtual clock for tests, is asked itself.
    """
    own = getattr(type(loop), "time", None)
    if own is asyncio.BaseEventLoop.time or (type(loop).__module__ == "uvloop" and "uvloop" in sys.modules):
        return time.monotonic

    def running_time() -> float:
        return (asyncio._get_running_loop() or loop).time()  # noqa: SLF001 - public, for those who may run in no loop

    return running_time


class LoopOwner:
    """The owner of something that lives in one event loop at a time.

    Args:
        name: Its name in messages.
        clock: Returns the time in seconds, in place of the loop.
    """

    __slots__ = ("_clock", "_name", "_on_new_loop", "_process", "loop", "now")

    def __init__(self, name: str, clock: Callable[[], float] | None = None) -> None:
        self._name = name
        self._on_new_loop: list[Callable[[], object]] = []
        self._clock = clock
        self._process = 0
        self.loop: asyncio.AbstractEventLoop | None = None
        self.now: Callable[[], float] = time.monotonic if clock is None else clock

    def on_new_loop(self, callback: Callable[[], object]) -> None:
        """Call `callback` when another loop has become the owner's loop, before anything else is done there."""
        self._on_new_loop.append(callback)

    def enter(self) -> "asyncio.AbstractEventLoop":
        """Return the running loop, which is the owner's loop from now on.

        Raises:
            RuntimeError: The loop that it had until now is running, which it can only do in another thread.
        """
        loop = asyncio.get_running_loop()
        if loop is not self.loop:
            if self._is_busy():
                raise RuntimeError(self._elsewhere())
            self.loop, self._process = loop, os.getpid()
            self.now = _clock_of(loop) if self._clock is None else self._clock
            for callback in self._on_new_loop:
                callback()
        return loop

    def check_not_elsewhere(self) -> None:
        """Check that what is done here without awaiting is not done in the middle of another thread's work.

        Raises:
            RuntimeError: The owner's loop is running, in another thread.
        """
        if self._is_busy() and asyncio._get_running_loop() is not self.loop:  # noqa: SLF001
            raise RuntimeError(self._elsewhere())

    def _is_busy(self) -> bool:
        """Return whether the owner's loop runs; in a fork of its process it still says so, and does not."""
        return self.loop is not None and self.loop.is_running() and self._process == os.getpid()

    def _elsewhere(self) -> str:
        return (
            f"{self._name} is in use by the event loop of another thread; it serves one running loop at a time: "
            "give each thread its own, or call it through asyncio.run_coroutine_threadsafe"
        )
