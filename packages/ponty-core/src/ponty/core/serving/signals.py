"""Signals of the operating system: the first stops a server, the second ends its waiting, a third ends the process.

The program of a container is usually process 1, for which Linux ignores signals without a handler. So there, the third
signal has a handler, which ends the process as anywhere else.
"""

import asyncio
import contextlib
import os
import signal
import threading
from collections.abc import Awaitable, Callable, Generator
from types import FrameType
from typing import Any

NUMBERS = (signal.SIGINT, signal.SIGTERM)


class Stop:
    """The state of a stop: how many signals have come.

    Args:
        release: A function that is called at the second signal.
    """

    def __init__(self, release: Callable[[], None]) -> None:
        self.first: asyncio.Event = asyncio.Event()
        self.second: asyncio.Event = asyncio.Event()
        self._release = release
        self._starting: asyncio.Task[None] | None = None

    def __call__(self) -> None:
        """Note another signal."""
        if self.first.is_set():
            self.second.set()
            self._release()
            return
        self.first.set()
        if self._starting is not None:
            self._starting.cancel()

    async def unless_first(self, start: Callable[[], Awaitable[None]]) -> bool:
        """Call `start`, and cancel it at the first signal; return whether to go on."""
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - a coroutine runs in one
        self._starting = task
        try:
            await start()
        except asyncio.CancelledError:
            if not self.first.is_set():
                raise
            task.uncancel()
        finally:
            self._starting = None
        return not self.first.is_set()


@contextlib.contextmanager
def signals() -> Generator[Stop]:
    """Turn SIGINT and SIGTERM into events while the block runs, or until two signals have come.

    Outside of the main thread, no signals arrive, so the events are never set.
    """
    if threading.current_thread() is not threading.main_thread():
        yield Stop(lambda: None)
        return
    loop = asyncio.get_running_loop()
    before = {number: signal.getsignal(number) for number in NUMBERS}

    def release(*, for_good: bool = False) -> None:
        for number, handler in before.items():
            with contextlib.suppress(NotImplementedError):
                loop.remove_signal_handler(number)
            is_dropped = handler is signal.SIG_DFL and os.getpid() == 1
            signal.signal(number, _end if is_dropped and not for_good else handler)

    stop = Stop(release)
    for number in before:
        try:
            loop.add_signal_handler(number, stop)
        except NotImplementedError:  # Windows
            signal.signal(number, lambda *_: loop.call_soon_threadsafe(stop))
    try:
        yield stop
    finally:
        release(for_good=not stop.second.is_set())


def _end(number: int, frame: FrameType | None) -> Any:
    """End the process with the exit status that shells use for a process which a signal has ended."""
    del frame
    os._exit(128 + number)
