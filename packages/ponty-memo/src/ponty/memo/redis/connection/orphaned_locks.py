"""Orphaned locks: locks that Redis may have taken for this process although the answer was lost.

Nobody will use such a lock, because the caller got `Unavailable`. So it is released as soon as Redis answers again, and
not only at the end of its lease. The release does no harm if the lock was not taken: it compares the owner, which is
never used again.

What can never happen: a lock that is released while its owner still asks for it, or may hold it.
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
        """Release a lock as soon as Redis answers, unless its lease, in seconds, has ended by then."""
        loop = asyncio.get_running_loop()
        self._left[owner] = give_back, loop.time() + lease
        if self._task is None or self._task.done():
            self._task = loop.create_task(self._settle(), name="ponty.memo redis doubts")

    def tasks(self) -> "set[asyncio.Task[Any]]":
        """Return the task that releases, if there is one."""
        return set() if self._task is None else {self._task}

    def on_new_loop(self) -> None:
        """Start afresh in another event loop."""
        self._task = None
        self._left.clear()

    async def close(self) -> None:
        """Stop releasing; the remaining locks end with their leases."""
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
