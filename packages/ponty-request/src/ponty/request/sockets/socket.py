"""`Socket`: a handler's end of a conversation, and the two queues between it and the connection.

A conversation is *open*, and then *over*: from then on, no further message is accepted on either side. Messages that
the client had sent before can still be read; messages that were waiting to be sent are still sent, as far as the client
takes them.

What can never happen: more than `QUEUE` messages wait on either side; a `send` waits for a conversation that is over; a
message is sent after another that came later.
"""

import asyncio
import collections
import contextlib
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from typing import Any, Generic, TypeVar

from aiohttp import web

from ponty.core import Lagged

_In_co = TypeVar("_In_co", covariant=True)
_Out_contra = TypeVar("_Out_contra", contravariant=True)

QUEUE = 16
"""How many messages may wait on either side."""


class SocketClosed(ConnectionResetError):
    """The conversation is over. A handler need not catch it: it does not count as an error."""


class MessageQueue:
    """Messages from one task to another, in order, and at most `QUEUE` of them."""

    def __init__(self) -> None:
        self._messages: collections.deque[Any] = collections.deque()
        self._changed = asyncio.Event()
        self.is_over: bool = False

    async def put(self, message: Any) -> None:
        """Add a message, as soon as there is room.

        Raises:
            SocketClosed: No more messages are accepted.
        """
        while not self.is_over and len(self._messages) >= QUEUE:
            await self._change()
        if self.is_over:
            raise SocketClosed("the websocket is closed")
        self._messages.append(message)
        self._changed.set()

    async def get(self) -> Any:
        """Return the first message, as soon as there is one.

        Raises:
            SocketClosed: There is none, and no more will come.
        """
        while not self._messages:
            if self.is_over:
                raise SocketClosed("the websocket is closed")
            await self._change()
        message = self._messages.popleft()
        self._changed.set()
        return message

    def end(self) -> None:
        """Accept no more messages."""
        self.is_over = True
        self._changed.set()

    async def _change(self) -> None:
        self._changed.clear()
        await self._changed.wait()


class SocketState:
    """The state that a socket and its conversation share."""

    def __init__(self) -> None:
        self.arrived: MessageQueue = MessageQueue()
        self.leaving: MessageQueue = MessageQueue()
        self.over: asyncio.Event = asyncio.Event()
        self.code: int | None = None
        """The code of the close; 1006 if the client is gone."""
        self.reason: str = ""

    def end(self, code: int, reason: str) -> None:
        """End the conversation, if it is not over already."""
        if self.code is None:
            self.code = code
            self.reason = reason
            self.arrived.end()
            self.leaving.end()
            self.over.set()


class Socket(Generic[_In_co, _Out_contra]):
    """A conversation with a client over a websocket. `accept_socket` makes it.

    Iterating over it yields the messages of the client, each read and validated, until the conversation is over.
    Several tasks may send; one may iterate.

    ::

        @dataclasses.dataclass
        class Say:
            text: str

        @dataclasses.dataclass
        class Said:
            text: str
            by: str

        @websocket("/echo")
        @accept_socket(Say, Said)
        async def echo(socket: Socket[Say, Said], request: web.Request) -> None:
            async for message in socket:
                await socket.send(Said(message.text, by="you"))
    """

    def __init__(
        self, encode: Callable[[object], bytes], connection: web.WebSocketResponse, state: SocketState
    ) -> None:
        self._encode = encode
        self._connection = connection
        self._state = state

    @property
    def protocol(self) -> str | None:
        """The subprotocol that both sides have chosen; None if there is none."""
        return self._connection.ws_protocol

    @property
    def is_over(self) -> bool:
        """Whether the conversation is over."""
        return self._state.over.is_set()

    async def send(self, message: _Out_contra) -> None:
        """Send a message. If the client reads too slowly, this waits until there is room for the message.

        Args:
            message: The message. Members that its type does not have are not sent.

        Raises:
            SocketClosed: The conversation is over.
            TypeError: The message cannot be encoded.
        """
        await self._state.leaving.put(self._encode(message))

    def close(self, code: int = 1000, reason: str = "") -> None:
        """End the conversation. Messages that wait to be sent are still sent.

        Args:
            code: The code of the close (RFC 6455 §7.4): 1000, the default; a code of your own, from 3000 to 4999; or
                another one that may be sent.
            reason: The reason, as text: at most 123 bytes in UTF-8.

        Raises:
            ValueError: The code cannot be sent, or the reason is too long.
        """
        if code not in _CODES and not 3000 <= code <= 4999:
            raise ValueError(f"the code of a close must be 1000, or from 3000 to 4999, not {code!r}")
        if len(reason.encode()) > _LONGEST_REASON:
            raise ValueError(f"the reason of a close must have at most {_LONGEST_REASON} bytes")
        self._state.end(code, reason)

    @contextlib.asynccontextmanager
    async def sending(self, messages: AsyncIterator[_Out_contra]) -> AsyncGenerator[None]:
        """Send the values of an async iterator while the block runs, such as the events of others.

        If the iterator fails, the conversation is over, and the error is raised when the block ends. If it was too slow
        for a hub (`Lagged`), the websocket is closed with 1013.

        Args:
            messages: The messages.
        """

        async def send_all() -> None:
            try:
                async for message in messages:
                    await self.send(message)
            except SocketClosed:
                pass
            except Lagged:
                self._state.end(1013, "too slow")
            except Exception:
                self._state.end(1011, "")
                raise

        task = asyncio.create_task(send_all())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.wait({task})
        if not task.cancelled():
            task.result()

    def __aiter__(self) -> AsyncIterator[_In_co]:
        return self

    async def __anext__(self) -> _In_co:
        try:
            return await self._state.arrived.get()  # type: ignore[no-any-return]
        except SocketClosed:
            raise StopAsyncIteration from None


_CODES = frozenset({1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014})
"""The codes below 3000 that may be sent."""

_LONGEST_REASON = 123
