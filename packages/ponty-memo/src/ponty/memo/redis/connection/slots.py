"""Connection slots: how many commands of a link run at once, and who is next.

Rules:

1. A slot that is released goes to the first who waits for one; it is never free in between.
2. What keeps or ends something that is held goes before what begins something: a release, or the extension of a lease,
   does not stand behind a thousand new locks.
3. Who is cancelled while a slot is handed to it hands the slot on.
"""

from collections import deque
from typing import TYPE_CHECKING

from ponty.memo.lazy_imports import asyncio

if TYPE_CHECKING:
    from typing import TypeAlias

    _Queue: TypeAlias = "deque[asyncio.Future[None]]"


class ConnectionSlots:
    """The slots of one link.

    Args:
        size: How many there are.
    """

    __slots__ = ("_first", "_free", "_others", "answers")

    def __init__(self, size: int) -> None:
        self.answers: int = 0  # how many commands Redis has answered
        self._free = size
        self._first: _Queue = deque()
        self._others: _Queue = deque()

    async def acquire(self, *, first: bool) -> bool:
        """Take a slot, before all who do not come `first`; return whether it had to be waited for."""
        if self._free:
            self._free -= 1
            return False
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        (self._first if first else self._others).append(waiter)
        try:
            await waiter
        except BaseException:
            if waiter.done() and not waiter.cancelled():
                self.release()
            raise
        return True

    def release(self) -> None:
        """Hand the slot to the first who waits for one, or free it."""
        for queue in (self._first, self._others):
            while queue:
                waiter = queue.popleft()
                if not waiter.done():
                    waiter.set_result(None)
                    return
        self._free += 1
