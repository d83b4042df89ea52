"""A prompt connection: it answers a request when it arrives, without waking aiohttp's task of the connection.

aiohttp has a task for each connection, which waits for requests, and makes a second task for each request. So a request
wakes the first task in another turn of the loop; this one starts the second task, and waits for its end. But most
requests arrive alone and whole, on a connection that waits. Here, the task of such a request is started at once. A
connection is in one of these states:

- *resting*: aiohttp's task waits for a request, by a future (`_waiter`).
- *prompt*: a request that arrived while the connection was resting is being handled. Meanwhile, the future is kept
  aside (`_resting`), so that nothing wakes aiohttp's task. The task of the request is put where aiohttp keeps the task
  of the connection, so that code which cancels the connection cancels the request.
- *aiohttp's own*: aiohttp's task is awake. It handles all other cases: several requests at once, a body that is still
  arriving, an upgrade, bytes that are not HTTP.

After a prompt request, the connection rests again, or aiohttp's task is woken because more has arrived, or the
connection ends. Two requests of one connection are never handled at once: a request is only begun here while aiohttp's
task sleeps, and that task sleeps until the request is done. As in aiohttp, each request has its own task and context.

This depends on how aiohttp's connection keeps its requests. If a release of aiohttp has changed that, which is detected
by the names that its methods use, all requests are handled by aiohttp.

An answer that Ponty has made is sent in one write, if no other code changes it. All other answers, and all errors of
handlers, go through aiohttp's methods.
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
        server: The server.
        loop: The event loop.
        options: The options of aiohttp's connection.
    """

    __slots__ = ("_at_work", "_is_simple", "_resting", "_server")

    def __init__(self, server: ConnectionOwner, loop: asyncio.AbstractEventLoop, options: dict[str, Any]) -> None:
        super().__init__(server, loop=loop, **options)
        self._server = server
        self._resting: asyncio.Future[None] | None = None
        self._at_work: asyncio.Task[None] | None = None
        self._is_simple = IS_KNOWN

    async def start(self) -> None:
        """Handle requests as aiohttp does; if this is cancelled, a request that is handled here is cancelled too."""
        try:
            await super().start()
        finally:
            if self._at_work is not None:
                self._at_work.cancel()

    def data_received(self, data: bytes) -> None:
        """Give data that has arrived to the parser, and answer it here if it is one whole request."""
        resting = self._waiter
        if resting is None or resting.done() or not IS_KNOWN:
            super().data_received(data)
            return
        self._waiter = None  # so that aiohttp wakes no task
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
        """Pause reading; the parser may keep some of the data."""
        self._is_simple = False
        super().pause_reading()

    def resume_reading(self, resume_parser: bool = True) -> None:
        """Resume reading and parsing, if anything waits to be read or parsed.

        aiohttp calls this for each read of a body. If all requests so far were answered here, nothing waits.
        """
        if self._reading_paused or self._buffer_paused or not self._is_simple:
            super().resume_reading(resume_parser)

    def may_be_prompt(self) -> bool:
        """Return whether a request may be answered at once; subclasses may forbid it."""
        return True

    def connection_lost(self, exc: BaseException | None) -> None:
        """End the connection."""
        super().connection_lost(exc)
        if self._resting is not None and (self._at_work is None or self._at_work.done()):
            self._resting.cancel()  # the task of the request was cancelled before it had begun

    def _begin(self, message: RawRequestMessage, payload: StreamReader, resting: "asyncio.Future[None]") -> None:
        """Begin to answer a request.

        Args:
            message: Its head.
            payload: Its body.
            resting: The future for which the task of the connection waits.
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
            except BaseException as error:  # noqa: BLE001 - aiohttp distinguishes them
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
        """Return whether an error was reported here, so that the task need not raise it."""
        if isinstance(error, Exception):
            self.log_exception("Unhandled exception", exc_info=error)
        elif isinstance(error, KeyboardInterrupt | SystemExit):
            self._loop.call_soon(_end_loop, error)  # an error raised while data is received would not end the loop
        else:
            return False
        return True

    def _end(self, own: "asyncio.Task[None]", *, is_reset: bool) -> None:
        """Let the connection rest again, or end it.

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
    """Return whether a request is of the usual kind, and all of it has arrived."""
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
        del error  # its traceback refers to this frame


async def _returned(answer: web.StreamResponse, request: web.BaseRequest) -> web.StreamResponse:
    del request
    return answer


def _end_loop(error: BaseException) -> NoReturn:
    raise error
