"""The server of an application: it makes the connections, and enforces their limits."""

import asyncio
import contextlib
import functools
import logging
from collections.abc import Awaitable, Callable, Iterable
from typing import Any, cast

from aiohttp import HttpVersion11, StreamReader, hdrs, web
from aiohttp.abc import AbstractStreamWriter
from aiohttp.http_parser import RawRequestMessage
from yarl import URL

from ponty.core.connections.connection import Connection
from ponty.core.connections.connection_owner import ConnectionOwner, Handler
from ponty.core.connections.limits import Limits
from ponty.core.connections.protocol_errors import LONGEST_KEPT, fault_of_target
from ponty.core.errors.closing_answer import ClosingAnswer
from ponty.core.log_lines import log_error
from ponty.core.time_left import Deadline, holding
from ponty.core.wire.head_requests import send_no_body
from ponty.core.wire.late_handlers import cancel_late
from ponty.core.wire.server_state import ServerState
from ponty.core.wire.server_writer import ServerWriter, server_writer

logger: logging.Logger = logging.getLogger("ponty.core")


class Server(ConnectionOwner):
    """Makes a connection for each socket, and checks all of them at intervals.

    Args:
        inner: aiohttp's server of the same application; its handler and its class of requests are used.
        loop: The event loop.
        limits: The limits for clients.
        state: The state that the application shares.
        options: The options of aiohttp's connections.
        answers_all: Whether the application answers each exception.
        sends_plain: Whether plain answers may be sent at once, since no code of the application changes them then.
        is_proxy: Functions that return whether a trusted proxy is at the other end of a transport.
    """

    LONGEST_LOOK = 1.0
    """The most seconds between two checks of the connections."""

    MOST_HOSTS = 256
    """The most values of the Host header that are remembered as valid."""

    MAKE_ROOM = 16
    """One in this many waiting connections is closed at once to make room for new ones."""

    def __init__(
        self,
        inner: web.Server,
        *,
        loop: asyncio.AbstractEventLoop,
        limits: Limits,
        state: ServerState,
        options: dict[str, Any],
        answers_all: bool,
        sends_plain: bool = False,
        is_proxy: Iterable[Callable[[asyncio.BaseTransport], bool]] = (),
    ) -> None:
        handler = inner.request_handler
        if not answers_all:
            handler = functools.partial(_answered, handler)
        if limits.handler_seconds is not None:
            handler = functools.partial(self._in_time, handler, limits.handler_seconds)
        self._answer_known = handler
        super().__init__(
            functools.partial(self._handle, handler),
            request_factory=self._begin,
            handler_cancellation=inner.handler_cancellation,
            loop=loop,
        )
        self.limits = limits
        self.state = state
        self.sends_plain = sends_plain
        self.clock: Callable[[], float] = loop.time
        self._make = inner.request_factory
        self._running = loop
        self._options = options
        self._open = 0
        self.attended: set[Connection] = set()
        self._hosts: set[tuple[tuple[bytes, bytes], ...]] = set()
        """The first headers of valid requests, if these are the Host header."""
        self._short = min(limits.line_bytes, limits.path_bytes or limits.line_bytes)
        self._is_proxy = tuple(is_proxy)
        self._look_every = min(self.LONGEST_LOOK, limits.shortest_seconds / 4)
        self._looking: asyncio.TimerHandle | None = None
        self._no_room_until = 0.0

    def __call__(self) -> web.RequestHandler:
        """Make a connection for a new socket."""
        return Connection(self, self._running, self._options)

    def connection_made(self, handler: web.RequestHandler, transport: asyncio.Transport) -> None:
        """Count a connection."""
        connection = cast("Connection", handler)
        self._open += 1
        connection.is_counted = True
        self.attended.add(connection)
        if self._has_one_client(transport):
            self.state.enter(_address(transport))
        if self._looking is None:
            self._looking = self._running.call_later(self._look_every, self._look_again)
        super().connection_made(handler, transport)

    def connection_lost(self, handler: web.RequestHandler, exc: BaseException | None = None) -> None:
        """Stop counting a connection."""
        connection = cast("Connection", handler)
        self._open -= connection.is_counted
        connection.is_counted = False
        self.attended.discard(connection)
        wire = connection.wire
        if wire is not None and self._has_one_client(wire):
            self.state.leave(_address(wire))
        super().connection_lost(handler, exc)

    def refuses(self, transport: asyncio.Transport) -> str | None:
        """Return the name of the limit that a new connection would exceed; None if it may begin."""
        limits = self.limits
        if self._has_one_client(transport) and not self.state.has_room(_address(transport)):
            return "connections_per_client"
        if limits.connections is None or self._open < limits.connections:
            return None
        self._make_room()
        return None if self._open < limits.connections else "connections"

    def _has_one_client(self, transport: asyncio.Transport) -> bool:
        """Return whether connections per client are limited, and this one is not from a proxy of many clients."""
        limit = self.limits.connections_per_client
        return limit is not None and not any(is_proxy(transport) for is_proxy in self._is_proxy)

    def _make_room(self) -> None:
        """Close some of the waiting connections, those that have waited longest."""
        now = self.clock()
        if now < self._no_room_until:
            return
        waiting = [
            (since, connection)
            for connection in cast("list[Connection]", self.connections)
            if (since := connection.waits_since()) is not None
        ]
        if not waiting:
            self._no_room_until = now + self._look_every  # until then, the search is not repeated
            return
        waiting.sort(key=lambda each: each[0])
        for _, connection in waiting[: 1 + len(waiting) // self.MAKE_ROOM]:
            self.state.refusals["connections"] += 1
            connection.force_close()
            # It is lost a moment later, but its place is free now.
            self._open -= connection.is_counted
            connection.is_counted = False

    def _begin(
        self,
        message: RawRequestMessage,
        payload: StreamReader,
        protocol: web.RequestHandler,
        writer: AbstractStreamWriter,
        task: "asyncio.Task[None]",
    ) -> web.BaseRequest:
        """Make the request from a complete head."""
        del writer
        path = message.path
        if path[:1] != "/" and message.url.raw_path == "/" and message.method != hdrs.METH_CONNECT:
            # An absolute target without a path means the root (RFC 9110 §4.2.3), which aiohttp would not find.
            message = message._replace(url=URL.build(path="/", query_string=message.url.query_string))
        if message.version.major != 1:
            # aiohttp would answer in the version of the request: 0.9, which has no head, or 2.0, which is not text.
            message = message._replace(version=HttpVersion11, path="", should_close=True)
        own = server_writer(protocol, self._running, self.state)
        if message.method == hdrs.METH_HEAD:
            send_no_body(own)
        request = self._make(message, payload, protocol, own, task)
        connection: Any = protocol
        # aiohttp's placeholder for a request that could not be read has a dictionary there.
        first = message.raw_headers[:1] if message.raw_headers else ()
        connection.is_known = first in self._hosts and path[:1] == "/" and len(path) <= self._short
        connection.begin(request)
        return request

    def begin_whole(
        self,
        message: RawRequestMessage,
        payload: StreamReader,
        connection: Connection,
        writer: ServerWriter,
        task: "asyncio.Task[None]",
    ) -> tuple[web.BaseRequest, Handler]:
        """Return the request for a usual head (HTTP/1.1, a path, no HEAD) with a whole body, and its handler."""
        request = self._make(message, payload, connection, writer, task)
        headers = message.raw_headers[:1]
        connection.is_known = is_known = headers in self._hosts and len(message.path) <= self._short
        connection.begin(request)
        return request, self._answer_known if is_known else self.request_handler

    def _handle(self, handler: Handler, request: web.BaseRequest) -> Awaitable[web.StreamResponse]:
        connection: Any = request.protocol
        if not connection.is_known:
            fault = fault_of_target(request, self.limits.path_bytes)
            if fault is not None:
                return self._refuse(*fault)
            headers = request.raw_headers
            if (
                headers
                and headers[0][0] == b"Host"
                and len(headers[0][1]) <= LONGEST_KEPT
                and len(self._hosts) < self.MOST_HOSTS
            ):
                self._hosts.add(headers[:1])
        wire: asyncio.Transport | None = connection.wire
        if wire is not None and wire.get_write_buffer_size() > self.MOST_UNSENT:
            return self._handle_later(handler, request, wire)
        return handler(request)

    async def _handle_later(
        self, handler: Handler, request: web.BaseRequest, wire: asyncio.Transport
    ) -> web.StreamResponse:
        """Handle a request when its client has taken the earlier answers, which would fill memory otherwise."""
        await asyncio.sleep(0)  # meanwhile, uvloop sends what it can
        with contextlib.suppress(ConnectionError):
            await request.writer.drain()
        if wire.is_closing():
            return ClosingAnswer(503, server=self.state.name)  # the client has left and will not get it
        return await handler(request)

    async def _refuse(self, status: int, detail: str) -> web.StreamResponse:
        if status == 414:
            self.state.refusals["path_bytes"] += 1
        return ClosingAnswer(status, detail=detail, server=self.state.name)

    async def _in_time(self, handler: Handler, seconds: float, request: web.BaseRequest) -> web.StreamResponse:
        """Cancel a handler that has not begun its answer in time."""
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - a coroutine runs in one
        is_late = False
        timer: asyncio.TimerHandle

        def look() -> None:
            nonlocal is_late, timer
            if not request.content.is_eof():
                deadline.move(self._running.time() + seconds)
                timer = self._running.call_later(seconds, look)  # the client is still sending the body
            elif not request.writer.output_size:
                is_late = True
                self.state.refusals["handler_seconds"] += 1
                cancel_late(task)

        deadline = Deadline(self._running, self._running.time() + seconds, functools.partial(_has_begun, request))
        timer = self._running.call_later(seconds, look)
        try:
            with holding(deadline):
                answer = await handler(request)
        except asyncio.CancelledError:
            if not is_late or task.uncancel():
                raise
            return self._too_late(request)
        finally:
            timer.cancel()
        if is_late and task.cancelling():
            task.uncancel()  # the handler has answered nevertheless
        return answer

    def _too_late(self, request: web.BaseRequest) -> web.StreamResponse:
        logger.warning("%s %s was cancelled: it took longer than handler_seconds", request.method, "(a handler)")
        return ClosingAnswer(503, headers={hdrs.RETRY_AFTER: "1"}, server=self.state.name)

    def look(self) -> None:
        """Check each connection that is not quiet, and end those whose client is too slow."""
        now = self.clock()
        for connection in tuple(self.attended):
            connection.look(now)
            if connection.is_quiet(now):
                self.attended.discard(connection)

    def _look_again(self) -> None:
        self.look()
        again = bool(self.connections)
        self._looking = self._running.call_later(self._look_every, self._look_again) if again else None


def _has_begun(request: web.BaseRequest) -> bool:
    return bool(request.writer.output_size)


async def _answered(handler: Handler, request: web.BaseRequest) -> web.StreamResponse:
    """Answer exceptions that are not an `Exception`, for applications that do not: they would end the connection."""
    try:
        return await handler(request)
    except (Exception, asyncio.CancelledError, KeyboardInterrupt):
        raise
    except BaseException as error:
        log_error(logger, "%s %s failed", request.method, "(an application's own handler)", error=error)
        if request.writer.output_size:
            raise ConnectionError("the answer failed after it had begun") from error
        return ClosingAnswer(500)


def _address(transport: asyncio.Transport) -> object:
    """Return the address of a client, without its port."""
    peer = transport.get_extra_info("peername")
    return peer[0] if isinstance(peer, tuple) and peer else peer
