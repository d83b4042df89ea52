"""`Hub`: what one tells, and many hear, each as fast as it can.

A subscription is

- *open*: what is published is kept for it, in order, up to `backlog` values;
- *lagging*: there was one more. It is told the values that it has, then `Lagged`;
- *left*: its block has ended, and nothing is kept for it.

What can never happen: a publisher that waits for a subscriber; more than `backlog` values kept for one; a value that is
left out, and another that comes after it; a subscription that outlives its block.
"""

import asyncio
import collections
import contextlib
from collections.abc import AsyncGenerator, AsyncIterator
from typing import Generic, TypeVar

from ponty.core.wire.departures import CutOff

_T = TypeVar("_T")


class Lagged(CutOff):
    """A subscriber was told less than what there was to tell: it was too slow. A stream that it ends is cut."""


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
    """Hands what is published to each that has subscribed, in one process and event loop.

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

    Several processes need something between them, such as the channels of Redis: one task of each process subscribes
    there, and publishes here.
    """

    def __init__(self) -> None:
        self._subscriptions: set[_Subscription[_T]] = set()

    def __len__(self) -> int:
        return len(self._subscriptions)

    def publish(self, value: _T) -> None:
        """Tell everybody who has subscribed. It waits for nobody.

        Args:
            value: What they are told; all of them the same object.
        """
        for subscription in self._subscriptions:
            subscription.tell(value)

    @contextlib.asynccontextmanager
    async def subscribe(self, *, backlog: int = 64) -> AsyncGenerator[AsyncIterator[_T]]:
        """Hear all that is published while the block runs.

        Args:
            backlog: How many values are kept for it, at most. One more, and it hears those, and is told `Lagged`: a
                stream is cut then, so that its client comes again and asks for what it has missed.

        Raises:
            ValueError: `backlog` is less than 1.
        """
        if backlog < 1:
            raise ValueError(f"backlog is 1 or more, not {backlog!r}")
        subscription = _Subscription[_T](backlog)
        self._subscriptions.add(subscription)
        try:
            yield subscription
        finally:
            self._subscriptions.discard(subscription)
