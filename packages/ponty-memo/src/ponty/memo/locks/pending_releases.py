"""Pending releases: the locks that still have to be released before the link of their store can be closed.

An acquisition is *pending* while its task is being cancelled. This begins when the last caller of a computation leaves,
before the task itself has noticed. A task that asks the store for a key or releases one is pending from its beginning
to its end, since it can outlive the caller that it was begun for.
"""

from typing import Any

from ponty.memo.lazy_imports import asyncio


class PendingReleases:
    """The acquisitions and the tasks of the locks over one link."""

    __slots__ = ("_stays", "_tasks")

    def __init__(self) -> None:
        self._stays: dict[object, asyncio.Task[Any]] = {}
        self._tasks: set[asyncio.Task[Any]] = set()

    def add(self, stay: object) -> None:
        """Add an acquisition of the current task."""
        task = asyncio.current_task()
        if task is not None:
            self._stays[stay] = task

    def discard(self, stay: object) -> None:
        """Remove an acquisition."""
        self._stays.pop(stay, None)

    def track(self, task: "asyncio.Task[Any]") -> None:
        """Add a task until it is done."""
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def pending(self) -> "set[asyncio.Task[Any]]":
        """Return the tasks in this event loop that have to be waited for; some may be done already."""
        loop, this = asyncio.get_running_loop(), asyncio.current_task()
        leaving = {task for task in self._stays.values() if task.cancelling()}
        return {t for t in leaving | self._tasks if t is not this and t.get_loop() is loop}
