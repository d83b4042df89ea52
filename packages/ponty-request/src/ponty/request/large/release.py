"""A large value is freed in slices, and the garbage collector does not go through it.

When the last reference to a list of a million objects is dropped, all of them are freed in one go, and other requests
wait. So the decoded pieces of a body are kept longer than its request holds them: until the task of the request is
done. Then the pieces are dropped in turns. Objects that the program still holds are not affected.

A full collection goes through every object of the program in one go; a million more take a tenth of a second, and they
are no garbage. While such values exist, only the youngest objects are collected, but for a minute at a time at most:
large bodies that never end must not keep garbage for ever.
"""

import asyncio
import gc
import time
from collections import deque

from ponty.request.large.sizes import SIZES

_STRETCH = 60
"""The most seconds without a full collection."""

_NEVER = 1_000_000_000
_YOUNGEST = 10_000
"""After how many new objects, at least, the youngest are collected; that takes a millisecond or two."""


class _Collections:
    """Turns full collections off and on again, with the thresholds of the program."""

    def __init__(self) -> None:
        self._count = 0
        self._before: tuple[int, int, int] | None = None
        self._since = 0.0

    def enter(self) -> None:
        """Turn full collections off, until `leave` was called as often as this."""
        self._count += 1
        if self._count == 1:
            self._before, self._since = gc.get_threshold(), time.monotonic()
            gc.set_threshold(*_raised(self._before))
        elif time.monotonic() - self._since > _STRETCH:
            self._restore()

    def leave(self) -> None:
        self._count -= 1
        if self._count == 0:
            self._restore()

    def _restore(self) -> None:
        before, self._before = self._before, None
        if before is not None and gc.get_threshold() == _raised(before):
            gc.set_threshold(*before)


def _raised(thresholds: tuple[int, int, int]) -> tuple[int, int, int]:
    youngest = thresholds[0]
    return youngest and max(youngest, _YOUNGEST), _NEVER, _NEVER


_collections = _Collections()


class Kept:
    """Pieces of a large value that are kept; while it exists, there are no full collections."""

    def __init__(self) -> None:
        self._pieces = deque[object]()
        _collections.enter()

    def __del__(self) -> None:
        _collections.leave()

    def add(self, piece: object) -> None:
        """Keep a piece."""
        self._pieces.append(piece)

    def release(self) -> None:
        """Drop all pieces, as soon as other requests have had their turn."""
        asyncio.get_running_loop().call_soon(self._release_some)

    def release_after_request(self) -> None:
        """Drop all pieces when the current task is done."""
        task = asyncio.current_task()
        if task is None:
            self.release()
        else:
            task.add_done_callback(lambda _: self.release())

    def _release_some(self) -> None:
        end = time.perf_counter() + SIZES.seconds
        while self._pieces:
            self._pieces.popleft()
            if time.perf_counter() >= end:
                self.release()
                return
