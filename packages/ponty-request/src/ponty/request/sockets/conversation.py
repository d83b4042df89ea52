"""One conversation: three tasks around a `Socket`, and the task of the request, which waits for them.

- the *reader* receives the messages of the client, validates them, and passes them on;
- the *handler* is the program's function;
- the *writer* sends the messages that wait for it.

A conversation is over when the first of these happens: the handler ends (1000), or fails (1011); the program closes it;
the client closes it, or is gone; a message is too large (1009), is no text (1003), is one too many (1008), or is not
valid and closes the websocket for that (1007); the server stops (1001). Then

1. the reader is ended, and the handler has `HANDLER_SECONDS` to end by itself: its iteration ends, and a `send`
   raises `SocketClosed`. After that it is cancelled. If the server stops, it has `STOP_SECONDS`;
2. the waiting messages are sent; a client that has not taken them after `TAKE_SECONDS` is cut off;
3. the close is sent, and the client has as much time to answer it.

What can never happen: a handler, a reader or a writer outlives the request; an error of the handler is logged twice, or
not at all; a connection is left open; a client delays the exit.
"""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Collection, Generator
from typing import Any, Literal

import msgspec
from aiohttp import WSMessage, WSMsgType, web

from ponty.core import Lagged, when_stopping
from ponty.request.errors import InvalidField
from ponty.request.sockets.handshake import check_handshake
from ponty.request.sockets.messages import Messages, fault_message
from ponty.request.sockets.rate import Rate
from ponty.request.sockets.socket import Socket, SocketClosed, SocketState

HANDLER_SECONDS = 5.0
"""How many seconds a handler has to end when the client has gone."""

STOP_SECONDS = 0.5
"""How many seconds it has when the server stops."""

TAKE_SECONDS = 0.5
"""How many seconds a client has to take the waiting messages when the conversation is over."""

_LOOK_SECONDS = 5.0
"""How many seconds pass between two checks whether the client is still there, since nobody may be reading from it."""


class SocketOptions(msgspec.Struct, frozen=True, kw_only=True):
    """The options of conversations; `accept_socket` documents them."""

    invalid: Literal["answer", "close"]
    origins: Collection[str]
    max_size: int
    rate: float | None
    heartbeat: float | None
    protocols: tuple[str, ...]
    compress: bool


class Conversation:
    """A conversation over one request.

    Args:
        request: The request.
        messages: The types of the messages.
        options: The options.
    """

    def __init__(self, request: web.Request, messages: Messages, options: SocketOptions) -> None:
        self._request = request
        self._messages = messages
        self._options = options
        self._connection = web.WebSocketResponse(
            heartbeat=options.heartbeat,
            max_msg_size=options.max_size,
            protocols=options.protocols,
            compress=options.compress,
            timeout=TAKE_SECONDS,
            autoclose=False,
        )
        self._state = SocketState()
        self._socket: Socket[Any, Any] = Socket(messages.encode, self._connection, self._state)
        self._is_stopping = False

    async def hold(self, handler: Callable[[Socket[Any, Any]], Awaitable[None]]) -> web.StreamResponse:
        """Hold the conversation until it is over.

        Args:
            handler: The program's function.

        Raises:
            PontyError: The request asks for no websocket, or its page may not open one.
            Exception: The error of the handler.
        """
        check_handshake(self._request, self._options.origins)
        connection, state = self._connection, self._state
        with _unlogged_subprotocols():
            await connection.prepare(self._request)
        forget = when_stopping(self._request, self._stop)
        reader = asyncio.create_task(self._read())
        writer = asyncio.create_task(self._write())
        talk = asyncio.ensure_future(self._talk(handler))
        try:
            await self._until_over()
            reader.cancel()
            await asyncio.wait({reader})
            await self._end_handler(talk)
            await self._hand_over(writer)
            await self._close()
        finally:
            forget()
            state.end(1011, "")
            await _end_all(reader, talk, writer, abort=self._abort)
        for task in (talk, reader, writer):
            if not task.cancelled() and (error := task.exception()) is not None:
                raise error
        return connection

    async def _talk(self, handler: Callable[[Socket[Any, Any]], Awaitable[None]]) -> None:
        code, reason = 1011, ""
        try:
            await handler(self._socket)
            code = 1000
        except SocketClosed:
            code = 1000
        except Lagged:
            code, reason = 1013, "too slow"
        finally:
            self._end(code, reason)

    def _end(self, code: int, reason: str) -> None:
        self._state.end(code, reason)

    def _stop(self) -> None:
        self._is_stopping = True
        self._end(1001, "the server stops")

    async def _until_over(self) -> None:
        while not self._state.over.is_set():
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_LOOK_SECONDS):
                    await self._state.over.wait()
            if self._is_gone():
                self._end(1006, "")

    async def _end_handler(self, talk: "asyncio.Future[None]") -> None:
        seconds = STOP_SECONDS if self._is_stopping else HANDLER_SECONDS
        await asyncio.wait({talk}, timeout=seconds)
        if not talk.done():
            talk.cancel()
            await asyncio.wait({talk})

    async def _hand_over(self, writer: "asyncio.Task[None]") -> None:
        """Wait until the remaining messages are sent, or cut off a client that does not take them."""
        await asyncio.wait({writer}, timeout=TAKE_SECONDS)
        if not writer.done():
            self._abort()
            await asyncio.wait({writer})

    async def _close(self) -> None:
        """Send the close, and wait a moment for the client's answer."""
        code = self._state.code
        if self._is_gone() or code is None or code == 1006:
            return
        reason = self._state.reason.encode()
        task = asyncio.current_task()
        try:
            await self._connection.close(code=code, message=reason, drain=False)
        except asyncio.CancelledError:
            # A ping was cancelled while it was sent, and with it aiohttp's next wait.
            if task is not None and task.cancelling():
                raise
            self._abort()

    def _is_gone(self) -> bool:
        transport = self._request.transport
        return transport is None or transport.is_closing()

    def _abort(self) -> None:
        transport = self._request.transport
        if transport is not None:
            transport.abort()

    async def _write(self) -> None:
        leaving = self._state.leaving
        with contextlib.suppress(ConnectionError):
            while True:
                message = await leaving.get()
                await self._connection.send_frame(message, WSMsgType.TEXT)
                await self._request.writer.drain()
        self._end(1006, "")  # unless it is over already, the client is gone

    async def _read(self) -> None:
        rate = Rate(self._options.rate, asyncio.get_running_loop().time)
        try:
            while not self._socket.is_over:
                await self._hear(await self._connection.receive(), rate)
        except Exception:
            self._end(1011, "")
            raise

    async def _hear(self, message: WSMessage, rate: Rate) -> None:
        """Handle a message that has arrived."""
        match message.type:
            case WSMsgType.TEXT if rate.allows_one_more():
                with contextlib.suppress(SocketClosed):
                    await self._take(message.data.encode())
            case WSMsgType.TEXT:
                self._end(1008, "too many messages")
            case WSMsgType.BINARY:
                self._end(1003, "messages must be JSON texts")
            case WSMsgType.CLOSE:
                # The client is answered with its own code.
                self._end(message.data if message.data in _ANSWERED else 1000, "")
            case _:  # closed, or an error of the protocol that aiohttp has answered
                self._end(1006, "")

    async def _take(self, text: bytes) -> None:
        """Validate a message, and pass it on, or send what is wrong with it.

        Raises:
            SocketClosed: The conversation is over.
        """
        state = self._state
        try:
            value = self._messages.read(text)
        except InvalidField as invalid:
            if self._options.invalid == "close":
                self._end(1007, "a message is not valid")
            else:
                await state.leaving.put(fault_message(invalid))
            return
        await state.arrived.put(value)


def _is_no_list_of_subprotocols(record: logging.LogRecord) -> bool:
    return "Client protocols" not in str(record.msg)


@contextlib.contextmanager
def _unlogged_subprotocols() -> Generator[None]:
    """Keep aiohttp from logging all subprotocols that a client asks for, if the server supports none of them.

    They may be 8 KB of a stranger's text, and pages put their tokens there. aiohttp logs them before it first waits, so
    another handshake that ends in the meantime does not remove this filter too early.
    """
    logger = logging.getLogger("aiohttp.websocket")
    logger.addFilter(_is_no_list_of_subprotocols)
    try:
        yield
    finally:
        logger.removeFilter(_is_no_list_of_subprotocols)


_ANSWERED = frozenset({1000, 1001, *range(3000, 5000)})


async def _end_all(*tasks: "asyncio.Future[None]", abort: Callable[[], None]) -> None:
    """End the tasks that still run; usually, none does."""
    running = {task for task in tasks if not task.done()}
    if running:
        abort()
        for task in running:
            task.cancel()
        await asyncio.wait(running)
