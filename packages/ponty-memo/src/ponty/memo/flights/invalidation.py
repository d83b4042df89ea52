"""`Invalidation`: hold a key of a cache, with its value dropped."""

from collections.abc import Generator, Hashable
from types import TracebackType
from typing import TYPE_CHECKING, Any

from ponty.memo.flights import deadlocks as holds
from ponty.memo.lazy_imports import asyncio
from ponty.memo.locks.acquisition import Holding

if TYPE_CHECKING:
    from ponty.memo.flights.memoizer import Memo


class Invalidation:
    """Hold a key, with its value dropped: `async with` for as long as the block runs, `await` for a moment."""

    def __init__(self, memo: "Memo[Any]", key: Hashable) -> None:
        self._memo = memo
        self._key = key
        self._holding = Holding(memo.lock, key, memo.lock.maxwait)
        self._hold: holds.Hold | None = None

    def __await__(self) -> Generator[Any, Any, None]:
        return self._at_once().__await__()

    async def _at_once(self) -> None:
        async with self:
            pass

    async def __aenter__(self) -> None:
        memo, key = self._memo, self._key
        memo.home.enter()
        ahead = memo.ahead(key)
        holds.refuse_circle(*ahead)
        with holds.waiting_for(*ahead):
            await self._holding.__aenter__()
        try:
            await memo.shelf.remove(key)
        except BaseException as error:
            await self._holding.__aexit__(type(error), error, error.__traceback__)
            raise
        self._hold = memo.blocks[key] = holds.Hold(
            f"the invalidate block of {memo.name}", key, holds.current(), asyncio.current_task()
        )
        holds.enter(self._hold)

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        memo, key, hold = self._memo, self._key, self._hold
        if hold is not None:
            holds.leave(hold)
            if memo.blocks.get(key) is hold:
                del memo.blocks[key]
        await self._holding.__aexit__(exc_type, exc, traceback)
