"""The event loop that a cache or a lock belongs to, and the time of that loop.

A cache may be used in one event loop after another, but never in two at once: its flights and queues belong to the loop
in which they began. `LoopOwner` knows that loop, and refuses calls from any other loop while it runs.
"""

import os
import sys
import time
from collections.abc import Callable

from ponty.memo.lazy_imports import asyncio


def seconds(who: str, what: str, ms: float) -> float:
    """Return milliseconds as seconds.

    Args:
        who: The function whose option it is, for the message.
        what: The name of the option, for the message.
        ms: The time in milliseconds.

    Raises:
        ValueError: `ms` is negative, infinite, NaN, or not a number.
    """
    if not isinstance(ms, int | float) or not 0 <= ms < float("inf"):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise ValueError(f"{who}: {what} must be a number of milliseconds, at least 0, not {ms!r}")
    return ms / 1000


def check_callable(who: str, **options: object) -> None:
    """Raise a ValueError that names `who` if an option is neither None nor a function."""
    for name, value in options.items():
        if value is not None and not callable(value):
            raise ValueError(f"{who}: {name} must be a function, not {value!r}")


def _clock_of(loop: "asyncio.AbstractEventLoop") -> Callable[[], float]:
    """Return the cheapest function that reads the clock of `loop`.

    The loops of asyncio and of uvloop use the monotonic clock, which can be read without a look-up of the loop. For any
    other loop, such as one with a virtual clock for tests, `time()` of the loop is called.
    """
    own = getattr(type(loop), "time", None)
    if own is asyncio.BaseEventLoop.time or (type(loop).__module__ == "uvloop" and "uvloop" in sys.modules):
        return time.monotonic

    def running_time() -> float:
        return (asyncio._get_running_loop() or loop).time()  # noqa: SLF001 - documented, for code outside of a loop

    return running_time


class LoopOwner:
    """Keeps an object in one event loop at a time, and gives it the time of that loop.

    Args:
        name: The name of the object, for messages.
        clock: Returns the time in seconds; without it, the clock of the event loop is used.
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
        """Call `callback` whenever another loop becomes the owner's loop, before anything else is done there."""
        self._on_new_loop.append(callback)

    def enter(self) -> "asyncio.AbstractEventLoop":
        """Make the running loop the owner's loop, and return it.

        Raises:
            RuntimeError: The previous loop is still running, so it must be in another thread.
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
        """Refuse a synchronous call that would interfere with the event loop of another thread.

        Raises:
            RuntimeError: The owner's loop is running in another thread.
        """
        if self._is_busy() and asyncio._get_running_loop() is not self.loop:  # noqa: SLF001
            raise RuntimeError(self._elsewhere())

    def _is_busy(self) -> bool:
        """Return whether the owner's loop runs; a forked process has a copy that claims to run and does not."""
        return self.loop is not None and self.loop.is_running() and self._process == os.getpid()

    def _elsewhere(self) -> str:
        return (
            f"{self._name} is in use by the event loop of another thread; it serves one running loop at a time: "
            "give each thread its own, or call it through asyncio.run_coroutine_threadsafe"
        )
