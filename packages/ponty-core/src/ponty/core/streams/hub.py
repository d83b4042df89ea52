"""`Hub` sends published values to many subscribers, each at its own speed.

A subscription is in one of these states:

- *open*: published values are kept for it, in order, up to `backlog` values.
- *lagging*: there was one value too many. It gets the values that are kept, and then `Lagged`.
- *left*: its block has ended, and nothing is kept for it.

A publisher never waits for a subscriber. There are never more than `backlog` values kept for a subscriber. After a lost
value, a subscriber never gets another one. No subscription outlives its block.
"""

import asyncio
import collections
import contextlib
from collections.abc import AsyncGenerator, AsyncIterator
from typing import Generic, TypeVar

from ponty.core.wire.departures import CutOff

_T = TypeVar("_T")


class Lagged(CutOff):
    """A subscriber was too slow and has lost values; if this ends a stream, its connection is cut."""


class _Subscription(Generic[_T]):
    def __init__(self, backlog: int) -> None:
        self._backlog = backlog
        self._values: collections.deque[_T] = collections.deque()
        self._has_more = asyncio.Event()
        self._is_lagging = False

    def tell(self, value: _T) -> None:
        if len(self._values) < self._backlog and not self._is_lagging:
            self._values.append(value)
        else:
            self._is_lagging = True
        self._has_more.set()

    def __aiter__(self) -> AsyncIterator[_T]:
        return self

    async def __anext__(self) -> _T:
        while not self._values:
            if self._is_lagging:
                raise Lagged
            self._has_more.clear()
            await self._has_more.wait()
        return self._values.popleft()


class Hub(Generic[_T]):
    """Sends published values to all subscribers, in one process and event loop.

    ::

        changes: Hub[str] = Hub()

        @get("/changes")
        @render_events
        async def follow(request: web.Request) -> AsyncIterator[str]:
            async with changes.subscribe() as heard:
                async for change in heard:
                    yield change

        async def take(room: int) -> None:
            changes.publish(f"room {room} is taken")

    Several processes need something to connect them, such as the channels of Redis: one task of each process subscribes
    there, and publishes the values here.
    """

    def __init__(self) -> None:
        self._subscriptions: set[_Subscription[_T]] = set()

    def __len__(self) -> int:
        return len(self._subscriptions)

    def publish(self, value: _T) -> None:
        """Send a value to all subscribers, without waiting for them.

        Args:
            value: The value; all subscribers get the same object.
        """
        for subscription in self._subscriptions:
            subscription.tell(value)

    @contextlib.asynccontextmanager
    async def subscribe(self, *, backlog: int = 64) -> AsyncGenerator[AsyncIterator[_T]]:
        """Receive all values that are published while the block runs.

        Args:
            backlog: The most values that are kept for this subscriber. If there is another one, the subscriber gets the
                values that are kept, and then `Lagged` is raised. That cuts a stream, so that its client reconnects and
                asks for what it has missed.

        Yields:
            An async iterator over the values.

        Raises:
            ValueError: `backlog` is less than 1.
            Lagged: Raised by the iterator, if the subscriber was too slow.
        """
        if backlog < 1:
            raise ValueError(f"backlog must be 1 or more, not {backlog!r}")
        subscription = _Subscription[_T](backlog)
        self._subscriptions.add(subscription)
        try:
            yield subscription
        finally:
            self._subscriptions.discard(subscription)
