"""Endings: what still has to give a lock back, so that whoever closes the store's link can wait for it.

A stay at a key counts as *ending* while its task is being cancelled, which is so from the moment in which the last
caller of a computation leaves, before the task has noticed. A task that asks for a key, or gives one back, counts from
beginning to end: it outlives the caller that it was begun for.
"""

from typing import Any

from ponty.memo.lazy_imports import asyncio


class Endings:
    """The stays and the tasks at the locks of one link."""

    __slots__ = ("_stays", "_tasks")

    def __init__(self) -> None:
        self._stays: dict[object, asyncio.Task[Any]] = {}
        self._tasks: set[asyncio.Task[Any]] = set()

    def stay(self, holding: object) -> None:
        """Note that this task stays at a key from now on."""
        task = asyncio.current_task()
        if task is not None:
            self._stays[holding] = task

    def leave(self, holding: object) -> None:
        """Note that it does so no longer."""
        self._stays.pop(holding, None)

    def note(self, task: "asyncio.Task[Any]") -> None:
        """Wait for `task`, too."""
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def pending(self) -> "set[asyncio.Task[Any]]":
        """Give what is to be waited for in this event loop; the end of a task that is done may go unnoticed so far."""
        loop, this = asyncio.get_running_loop(), asyncio.current_task()
        leaving = {task for task in self._stays.values() if task.cancelling()}
        return {t for t in leaving | self._tasks if t is not this and t.get_loop() is loop}
