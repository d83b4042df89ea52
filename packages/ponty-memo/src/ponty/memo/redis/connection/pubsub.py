"""The subscription: messages from other processes, on one connection for all caches and locks of a link.

States: *quiet* (nobody listens, and there is no connection), *down* (it is being connected), *live* (Redis has
confirmed every channel, so from now on each published message arrives, or the connection breaks).

Rules:

1. A listener first registers and then looks at the data. So it sees all changes from before the look, and gets a
   message for each change after it.
2. Each time the subscription becomes live, all listeners look again, because the messages that were published while it
   was down are lost.
3. While it is not live, nobody relies on it: waiters look every `pulse_ms`, and near caches serve nothing.
4. On a connection without messages, a ping is sent; without an answer, the connection counts as broken.
5. A subscription that was replaced or closed has no effect any more. It ends at its next step, even if the client has
   turned its cancellation into a connection error.

The client may reconnect by itself. Then Redis confirms the channels again, which counts as becoming live again.
"""

import weakref
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, Final, Protocol

from ponty.memo.lazy_imports import asyncio
from ponty.memo.logs import logger
from ponty.memo.redis.lazy_imports import exceptions

if TYPE_CHECKING:
    from redis.asyncio import Redis

_FIRST_PAUSE: Final = 0.02
_LONGEST_PAUSE: Final = 0.5


class Listener(Protocol):
    """The callbacks of one listener on a channel."""

    def on_message(self, text: str) -> None:
        """Handle a message."""

    def on_connect(self) -> None:
        """Handle a connection: messages may have been lost before it, and none is lost from now on."""

    def on_disconnect(self) -> None:
        """Handle a disconnection: messages may be lost from now on."""


class Subscription:
    """The subscription of one link.

    Args:
        client: Returns the client in this event loop.
        timeout: How long the answer to a ping may take, in seconds.
    """

    def __init__(self, client: "Callable[[], Redis]", timeout: float) -> None:
        self._client = client
        self._timeout = timeout
        self._listeners: dict[str, weakref.WeakSet[Listener]] = {}
        self._waiters: dict[str, dict[asyncio.Event, None]] = {}
        self._task: asyncio.Task[None] | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._turn = 0  # the number of the present subscription
        self._live: asyncio.Event = asyncio.Event()
        self._channels: set[str] = set()

    @property
    def live(self) -> bool:
        """Whether the subscription is live, so that every published message arrives."""
        return self._live.is_set()

    def subscribe(self, channel: str, listener: Listener) -> None:
        """Call `listener` with each message on `channel`, as long as `listener` exists; `listen` opens the channel."""
        self._listeners.setdefault(channel, weakref.WeakSet()).add(listener)
        if self.live and channel in self._channels:
            listener.on_connect()  # the channel is live already, because of other listeners

    def listen(self, channel: str) -> None:
        """Make sure that `channel` is subscribed, unless the client's only connection is needed for commands."""
        client = self._client()  # first, because in a new event loop this resets the subscription
        pool = getattr(client, "connection_pool", None)
        if getattr(pool, "max_connections", None) == 1:
            return
        if channel not in self._channels:
            self._channels.add(channel)
            self._end()
        if self._task is None or self._task.done():
            self._turn += 1
            running = self._run(self._turn)
            task = asyncio.get_running_loop().create_task(running, name="ponty.memo redis subscription")
            self._task = task
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    @contextmanager
    def waiting(self, channel: str, text: str) -> "Generator[asyncio.Event]":
        """Provide an event that is set when `text` arrives on `channel`, or may have arrived, while the block runs."""
        self.listen(channel)
        event = asyncio.Event()
        waiters = self._waiters.setdefault(text, {})
        waiters[event] = None
        try:
            yield event
        finally:
            waiters.pop(event, None)
            if not waiters and self._waiters.get(text) is waiters:
                del self._waiters[text]

    async def ready(self, limit: float) -> bool:
        """Wait until the subscription is live, for at most `limit` seconds; return whether it is live."""
        if not self._live.is_set():
            with suppress(TimeoutError):
                async with asyncio.timeout(limit):
                    await self._live.wait()
        return self._live.is_set()

    async def close(self) -> None:
        """Close the subscription, and wake the waiters, which then look for themselves."""
        self._channels.clear()
        self._end()
        self._wake()
        for _ in range(2):  # if the client has swallowed the cancellation, the task is cancelled once more
            if self._tasks:
                _, late = await asyncio.wait(self._tasks, timeout=self._timeout)
                for task in late:
                    task.cancel()

    def tasks(self) -> "set[asyncio.Task[None]]":
        """Return the tasks that run."""
        return self._tasks

    def on_new_loop(self) -> None:
        """Start afresh in another event loop."""
        self._task = None
        self._tasks = set()
        self._turn += 1
        self._channels.clear()
        self._waiters.clear()
        self._live = asyncio.Event()
        self._down()

    def _end(self) -> None:
        """End the subscription, if there is one."""
        task, self._task = self._task, None
        self._turn += 1
        if task is not None:
            task.cancel()
        self._down()

    async def _run(self, turn: int) -> None:
        pause = _FIRST_PAUSE
        while turn == self._turn:
            pubsub: Any = self._client().pubsub()
            try:
                async with asyncio.timeout(self._timeout):
                    await pubsub.subscribe(*sorted(self._channels))
                async for _ in self._messages(pubsub, turn):
                    pause = _FIRST_PAUSE
            except (exceptions.RedisError, OSError) as error:
                logger().info("the subscription to Redis is down: %s", error)
            finally:
                if turn == self._turn:
                    self._down()
                with suppress(exceptions.RedisError, OSError):
                    await pubsub.aclose()
            if turn == self._turn:
                await asyncio.sleep(pause)
            pause = min(pause * 2, _LONGEST_PAUSE)

    async def _messages(self, pubsub: Any, turn: int) -> AsyncGenerator[None]:
        """Handle messages, and yield after each, until the connection breaks."""
        awaited = set(self._channels)
        asked = False
        while True:
            message = await pubsub.get_message(timeout=self._timeout)
            if turn != self._turn:
                return
            if message is None:
                if asked:
                    raise exceptions.TimeoutError("no answer to a ping")
                asked = True
                async with asyncio.timeout(self._timeout):
                    await pubsub.ping()
                continue
            asked = False
            channel, data = _text(message["channel"]), message["data"]
            if message["type"] == "message":
                self._deliver(channel, _text(data))
            elif message["type"] == "subscribe":
                awaited.discard(channel)
                if not awaited:
                    self._up()
            yield

    def _deliver(self, channel: str, text: str) -> None:
        for event in self._waiters.get(text, ()):
            event.set()
        for listener in self._listeners.get(channel, ()):
            listener.on_message(text)

    def _up(self) -> None:
        self._live.set()
        self._wake()
        for listeners in self._listeners.values():
            for listener in listeners:
                listener.on_connect()

    def _wake(self) -> None:
        for waiters in self._waiters.values():
            for event in waiters:
                event.set()

    def _down(self) -> None:
        self._live.clear()
        for listeners in self._listeners.values():
            for listener in listeners:
                listener.on_disconnect()


def _text(part: Any) -> str:
    """Return a part of a message as a str, whether the client has decoded it or not."""
    return part.decode("ascii", "replace") if isinstance(part, bytes) else str(part)
