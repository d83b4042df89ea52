"""Pending releases: what still has to give a lock back, so that whoever closes the store's link can wait for it.

A stay at a key is *pending* while its task is being cancelled, which is so from the moment in which the last caller of
a computation leaves, before the task has noticed. A task that asks for a key, or gives one back, counts from beginning
to end: it outlives the caller that it was begun for.
"""

from typing import Any

from ponty.memo.lazy_imports import asyncio


class PendingReleases:
    """The stays and the tasks at the locks of one link."""

    __slots__ = ("_stays", "_tasks")

    def __init__(self) -> None:
        self._stays: dict[object, asyncio.Task[Any]] = {}
        self._tasks: set[asyncio.Task[Any]] = set()

    def add(self, stay: object) -> None:
        """Count this task as staying at a key from now on."""
        task = asyncio.current_task()
        if task is not None:
            self._stays[stay] = task

    def discard(self, stay: object) -> None:
        """Count it no longer."""
        self._stays.pop(stay, None)

    def track(self, task: "asyncio.Task[Any]") -> None:
        """Count `task`, too, until it is done."""
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def pending(self) -> "set[asyncio.Task[Any]]":
        """Return what is to be waited for in this event loop.

        The end of a task that is done may go unnoticed so far.
        """
        loop, this = asyncio.get_running_loop(), asyncio.current_task()
        leaving = {task for task in self._stays.values() if task.cancelling()}
        return {t for t in leaving | self._tasks if t is not this and t.get_loop() is loop}
