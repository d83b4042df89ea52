"""`Invalidation`: drop the value of a key, and hold the key while the data behind it is changed."""

from collections.abc import Generator, Hashable
from types import TracebackType
from typing import Any

from ponty.memo.event_loop import LoopOwner
from ponty.memo.flights.deadlocks import WaitNode, current, inside, leave, raise_if_deadlock, waiting_for
from ponty.memo.flights.table import FlightTable
from ponty.memo.lazy_imports import asyncio
from ponty.memo.locks.acquisition import Acquisition
from ponty.memo.locks.shared_state import LockState
from ponty.memo.stores.backend import Backend


class Invalidation:
    """The result of `.invalidate(...)`: drops the value of a call, with `await`, or at the start of an `async with`.

    While the block of the `async with` runs, nobody computes the value anew.
    """

    def __init__(
        self,
        key: Hashable,
        *,
        name: str,
        loop_owner: LoopOwner,
        lock: LockState,
        table: FlightTable[Any],
        backend: Backend[Any],
    ) -> None:
        self._name = name
        self._key = key
        self._loop_owner = loop_owner
        self._table = table
        self._backend = backend
        self._acquisition = Acquisition(lock, key, lock.maxwait)
        self._node: WaitNode | None = None

    def __await__(self) -> Generator[Any, Any, None]:
        return self._at_once().__await__()

    async def _at_once(self) -> None:
        async with self:
            pass

    async def __aenter__(self) -> None:
        key = self._key
        self._loop_owner.enter()
        ahead = self._table.ahead(key)
        raise_if_deadlock(ahead)
        with waiting_for(ahead):
            await self._acquisition.__aenter__()
        try:
            await self._backend.remove(key)
        except BaseException as error:
            await self._acquisition.__aexit__(type(error), error, error.__traceback__)
            raise
        node = WaitNode(f"the invalidate block of {self._name}", key, current(), asyncio.current_task())
        self._node = self._table.blocks[key] = node
        inside.set(node)

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        node = self._node
        if node is not None:
            leave(node)
            if self._table.blocks.get(self._key) is node:
                del self._table.blocks[self._key]
        await self._acquisition.__aexit__(exc_type, exc, traceback)
