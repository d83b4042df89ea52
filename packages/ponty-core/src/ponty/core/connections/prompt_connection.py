"""A connection that answers a request where it arrives, and lets the task sleep that waits for one.

aiohttp has a task for each connection, which waits for requests, and makes another one for each of them. So a request
wakes the first task in a further turn of the loop; that starts the second one, and waits for its end. But most requests
come alone and whole, on a connection that waits. Here, such a request has its task at once. A connection is

- *resting*: aiohttp's task waits for a request, by a future (`_waiter`);
- *prompt*: a request is at work that came to it while it was resting. The future is put aside meanwhile (`_resting`),
  so that nobody wakes the task, and what aiohttp takes for the task of the connection is that of the request, so that
  whoever cancels the one cancels the other;
- *aiohttp's own*: its task is awake, for all else: what has come behind a request, a body that is on its way, an
  upgrade, what is no HTTP.

After a prompt request it rests again, or aiohttp's task is woken because more has come, or the connection ends. Two
requests of one connection are never at work at once: one is begun here only while the task sleeps, and the task sleeps
until it is done. As ever, each request has a task and a context of its own.

What is done here stands on how aiohttp's connection keeps its requests. Where a release of it has changed that, as far
as the names of what it uses tell, all goes aiohttp's way.

An answer that Ponty has made is sent in one go, where nobody else has a say in it. All others, and whatever a handler
raises, go through aiohttp's methods.
"""

import asyncio
import functools
import sys
from typing import Any, NoReturn

from aiohttp import EMPTY_PAYLOAD, HttpVersion11, StreamReader, hdrs, web
from aiohttp.http_parser import RawRequestMessage
from aiohttp.web_protocol import PayloadAccessError

from ponty.core.connections.connection_owner import ConnectionOwner, Handler
from ponty.core.responses.plain_response import PlainResponse
from ponty.core.wire.server_writer import server_writer


class PromptConnection(web.RequestHandler):
    """A connection of `server`.

    Args:
        server: What it belongs to.
        loop: The event loop.
        options: Those of aiohttp's connection.
    """

    __slots__ = ("_at_work", "_is_simple", "_resting", "_server")

    def __init__(self, server: ConnectionOwner, loop: asyncio.AbstractEventLoop, options: dict[str, Any]) -> None:
        super().__init__(server, loop=loop, **options)
        self._server = server
        self._resting: asyncio.Future[None] | None = None
        self._at_work: asyncio.Task[None] | None = None
        self._is_simple = IS_KNOWN

    async def start(self) -> None:
        """Handle requests as aiohttp does; if that is cancelled, the one that is handled here is, too."""
        try:
            await super().start()
        finally:
            if self._at_work is not None:
                self._at_work.cancel()

    def data_received(self, data: bytes) -> None:
        """Take what has come, and answer it here if it is one whole request."""
        resting = self._waiter
        if resting is None or resting.done() or not IS_KNOWN:
            super().data_received(data)
            return
        self._waiter = None  # so that aiohttp wakes nobody
        try:
            super().data_received(data)
        except BaseException:
            self._waiter = resting
            raise
        messages = self._messages
        if len(messages) == 1 and not (self._upgraded or self._buffer_paused):
            message, payload = messages[0]
            if isinstance(message, RawRequestMessage) and _is_whole(message, payload) and self.may_be_prompt():
                messages.clear()
                self._begin(message, payload, resting)
                return
        self._waiter = resting
        if messages:
            self._is_simple = False
            resting.set_result(None)

    def pause_reading(self) -> None:
        """Read no more; the parser may keep some of what has come."""
        self._is_simple = False
        super().pause_reading()

    def resume_reading(self, resume_parser: bool = True) -> None:
        """Read on, and have the parser go on: who reads a body asks for it each time.

        Where all has been answered as it came, nothing waits to be read or parsed.
        """
        if self._reading_paused or self._buffer_paused or not self._is_simple:
            super().resume_reading(resume_parser)

    def may_be_prompt(self) -> bool:
        """Return whether nothing else speaks against answering a request at once."""
        return True

    def connection_lost(self, exc: BaseException | None) -> None:
        """End."""
        super().connection_lost(exc)
        if self._resting is not None and (self._at_work is None or self._at_work.done()):
            self._resting.cancel()  # of a request whose task was cancelled before it has begun

    def _begin(self, message: RawRequestMessage, payload: StreamReader, resting: "asyncio.Future[None]") -> None:
        """Begin to answer a request.

        Args:
            message: Its head.
            payload: Its body.
            resting: What the task of the connection waits for.
        """
        loop, server = self._loop, self._server
        parser: Any = self._parser
        parser.message_consumed()
        server.requests_count += 1
        started = loop.time() if self._logging_enabled else None
        writer = server_writer(self, loop, server.state)
        own: Any = self._task_handler
        this: Any = self  # of the class of connections that the server makes
        request, handler = server.begin_whole(message, payload, this, writer, own)
        self._resting = resting
        self._request_in_progress = True
        self._current_request = request
        if sys.version_info >= (3, 12):
            task = asyncio.Task(self._work(request, payload, handler, started), loop=loop, eager_start=True)
        else:
            task = loop.create_task(self._work(request, payload, handler, started))
        if not task.done():
            self._at_work = self._task_handler = task

    async def _work(
        self, request: web.BaseRequest, payload: StreamReader, handler: Handler, started: float | None
    ) -> None:
        own = request.task
        is_reset = True
        try:
            try:
                answer = await handler(request)
            except GeneratorExit:
                raise
            except BaseException as error:  # noqa: BLE001 - which aiohttp tells apart
                answer, is_reset = await self._handle_request(request, started, functools.partial(_raised, error))
            else:
                self._current_request = None
                if type(answer) is PlainResponse and self._server.sends_plain and answer.send(request):
                    request._finish()  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
                    try:
                        if self._paused:
                            await request.writer.drain()
                        is_reset = False
                    finally:
                        self.log_access(request, answer, started)
                else:
                    returned = functools.partial(_returned, answer)
                    answer, is_reset = await self._handle_request(request, started, returned)
            self._keepalive = bool(answer.keep_alive)
            if payload is not EMPTY_PAYLOAD:
                payload.set_exception(PayloadAccessError())
        except ConnectionError:
            self.log_debug("Ignored premature client disconnection")
        except BaseException as error:
            self.force_close()
            if not self._takes(error):
                raise
        finally:
            request._task = None  # type: ignore[assignment]  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
            self._end(own, is_reset=is_reset)

    def _takes(self, error: BaseException) -> bool:
        """Return whether an error is told here, and not by the task that it ends."""
        if isinstance(error, Exception):
            self.log_exception("Unhandled exception", exc_info=error)
        elif isinstance(error, KeyboardInterrupt | SystemExit):
            self._loop.call_soon(_end_loop, error)  # since what takes bytes from a socket lets nothing through
        else:
            return False
        return True

    def _end(self, own: "asyncio.Task[None]", *, is_reset: bool) -> None:
        """Rest again, or end the connection.

        Args:
            own: The task of the connection.
            is_reset: Whether the client has left.
        """
        resting: Any = self._resting
        self._resting = self._at_work = self._current_request = None
        self._request_in_progress = False
        if self._handler_waiter is not None and not self._handler_waiter.done():
            self._handler_waiter.set_result(None)
        if is_reset or self._force_close or self._close or not self._keepalive or resting.done():
            self._leave(resting)
            return
        loop = self._loop
        self._next_keepalive_close_time = until = loop.time() + self._keepalive_timeout
        if self._keepalive_handle is None:
            self._keepalive_handle = loop.call_at(until, self._process_keepalive)
        self._task_handler = own
        self._waiter = resting
        if self._messages:
            self._is_simple = False
            resting.set_result(None)

    def _leave(self, resting: "asyncio.Future[None]") -> None:
        if self._loop.is_closed():
            return
        resting.cancel()
        if not self._force_close:
            self._task_handler = None
            if self.transport is not None:
                self.transport.close()


def _is_whole(message: RawRequestMessage, payload: StreamReader) -> bool:
    """Return whether a request is one of the usual kind, and all of it is there."""
    return (
        not (message.should_close or message.upgrade)
        and message.version is HttpVersion11
        and message.method not in _UNUSUAL
        and message.path[:1] == "/"
        and (payload is EMPTY_PAYLOAD or (payload.is_eof() and payload.exception() is None))
    )


_UNUSUAL = frozenset({hdrs.METH_HEAD, hdrs.METH_CONNECT})

_OF_START = {
    *("_waiter", "_messages", "message_consumed", "_buffer_paused", "_msg_queue_resume_size", "requests_count"),
    *("_request_factory", "_task_handler", "_handle_request", "keep_alive", "_keepalive", "set_exception"),
    *("_task", "_next_keepalive_close_time", "_keepalive_handle", "_process_keepalive", "_force_close", "_close"),
}
_OF_HANDLE = {"_request_in_progress", "_current_request", "finish_response", "_handler_waiter", "set_result"}
IS_KNOWN: bool = {*web.RequestHandler.start.__code__.co_names} >= _OF_START and {
    *web.RequestHandler._handle_request.__code__.co_names  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
} >= _OF_HANDLE
"""Whether aiohttp's connection handles requests by the methods and attributes that are used here."""


async def _raised(error: BaseException, request: web.BaseRequest) -> NoReturn:
    del request
    try:
        raise error
    finally:
        del error  # whose traceback holds this frame


async def _returned(answer: web.StreamResponse, request: web.BaseRequest) -> web.StreamResponse:
    del request
    return answer


def _end_loop(error: BaseException) -> NoReturn:
    raise error
