"""Orphaned locks: those that Redis was asked for, and may have taken, while its answer was lost.

Nobody will use such a lock, since who asked got `Unavailable`. So it is given back as soon as Redis answers again,
and not left to its lease. Giving back does no harm where nothing was taken: the owner is compared, and has no other
use.

What can never happen: a lock that is given back while its owner still asks for it, or may hold it.
"""

from collections.abc import Awaitable, Callable
from typing import Any, Final

from ponty.memo.errors import Unavailable
from ponty.memo.lazy_imports import asyncio

_PAUSE: Final = 0.1
GiveBack = Callable[[], Awaitable[object]]


class OrphanedLocks:
    """The orphaned locks of one link."""

    __slots__ = ("_left", "_task")

    def __init__(self) -> None:
        self._left: dict[str, tuple[GiveBack, float]] = {}
        self._task: asyncio.Task[Any] | None = None

    def add(self, owner: str, give_back: GiveBack, lease: float) -> None:
        """Release a lock as soon as Redis answers; after its lease, in seconds, it is free anyway."""
        loop = asyncio.get_running_loop()
        self._left[owner] = give_back, loop.time() + lease
        if self._task is None or self._task.done():
            self._task = loop.create_task(self._settle(), name="ponty.memo redis doubts")

    def tasks(self) -> "set[asyncio.Task[Any]]":
        """Return the task that gives back, if there is one."""
        return set() if self._task is None else {self._task}

    def on_new_loop(self) -> None:
        """Begin anew in another event loop."""
        self._task = None
        self._left.clear()

    async def close(self) -> None:
        """Ask no longer; what is left is left to its lease."""
        task, self._task = self._task, None
        self._left.clear()
        if task is not None:
            task.cancel()
            await asyncio.wait([task])

    async def _settle(self) -> None:
        loop = asyncio.get_running_loop()
        while self._left:
            await asyncio.sleep(_PAUSE)
            for owner, (give_back, end) in [*self._left.items()]:
                try:
                    if loop.time() < end:
                        await give_back()
                except Unavailable:
                    break  # the others would not be answered either
                self._left.pop(owner, None)
