"""One connection, and the limits on how much of the server's time its client may use.

aiohttp's connection reads requests, calls the handler, and writes the answers. This subclass watches it. A connection
is in one of these states:

- *waiting*: for a request, or for the rest of a request's head (`head_since` is when its first byte came).
- *handling*: it has a `request`. Its body may still arrive, and its answer may wait for the client to take it.
- *closing*: nothing more is read or answered, but some of the last answer may still wait.
- *lost*: closed, though the handler of its last request may still run.

The server calls `look` at intervals, which checks whether the connection has been in one state for too long. A 408 is
never sent in the middle of an answer: it is only sent from *waiting*, or raised in the handler that reads the body.

A connection that has been *waiting* for a while after an answer needs no `look` until its client sends more. So many
idle clients cost nothing but memory.

After bytes that are not HTTP, nothing more is read. The parser reports them to the task that waits for the next
request, but not to a handler that waits for the rest of a body. That handler gets its error here.

A client that sends many small pieces, such as chunks of one byte, makes the parser work some microseconds for each. So
large data is given to the parser in parts with a limited number of line ends, one part in each turn of the loop.
Nothing more is read before the parser has had all parts.
"""

import asyncio
import logging
from typing import Any, cast

from aiohttp import EMPTY_PAYLOAD, StreamReader, hdrs, web
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.http_parser import RawRequestMessage

from ponty.core.connections.connection_owner import ConnectionOwner
from ponty.core.connections.prompt_connection import PromptConnection
from ponty.core.connections.protocol_errors import told_of
from ponty.core.errors.closing_answer import ClosingAnswer, closing_bytes
from ponty.core.log_lines import log_error
from ponty.core.wire.departures import has_left

logger: logging.Logger = logging.getLogger("ponty.core")


class Connection(PromptConnection):
    """A connection of `server`.

    Args:
        server: The server.
        loop: The event loop.
        options: The options of aiohttp's connection.
    """

    MOST_LINES = 1024
    """The most line ends that the parser gets in one turn of the loop."""

    SOON_QUIET = 5.0
    """Seconds for which a connection is checked after an answer: longer than the rest of a body is skipped."""

    __slots__ = (
        "_backlog",
        "_body_from",
        "_body_since",
        "_feeding",
        "_held_back",
        "_held_back_since",
        "_is_late",
        "_is_out_of_step",
        "_unread",
        "head_since",
        "is_counted",
        "is_known",
        "is_lost",
        "received",
        "request",
        "since",
        "wire",
    )

    def __init__(self, server: ConnectionOwner, loop: asyncio.AbstractEventLoop, options: dict[str, Any]) -> None:
        super().__init__(server, loop, options)
        self.wire: asyncio.Transport | None = None
        self.is_lost: bool = False
        self.is_counted: bool = False
        """Whether it counts towards the limit of connections."""
        self.is_known: bool = False
        """Whether the target of its request needs no check, since its host was checked before and its path is short."""
        self.request: web.BaseRequest | None = None
        self.received: int = 0
        """The number of bytes that have arrived."""
        self.since: float = 0.0
        """The time when it began to wait."""
        self.head_since: float = 0.0
        """The time when the first byte of a head arrived; 0 if none has."""
        self._body_since = 0.0
        self._body_from = 0
        self._is_late = False
        self._is_out_of_step = False
        self._held_back = 0
        self._held_back_since = 0.0
        self._unread: StreamReader | None = None
        self._backlog = b""
        self._feeding: asyncio.Handle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin the connection, or refuse it if it is over a limit."""
        wire = cast("asyncio.Transport", transport)  # uvloop's has the same methods, but is not a subclass
        limit = self._server.refuses(wire)
        if limit is not None:
            refused = RefusedConnection(self._server, limit)
            wire.set_protocol(refused)
            refused.connection_made(wire)
            return
        self.wire = wire
        self.since = self._server.clock()
        super().connection_made(transport)
        self.peername  # noqa: B018 - reading it caches it, for the log of requests whose client has left

    def data_received(self, data: bytes) -> None:
        """Give data that has arrived to the parser, in parts if it has many lines."""
        size = len(data)
        self.received += size
        self._server.attended.add(self)
        if not size or not (self._backlog or (size > self.MOST_LINES and self._has_many_lines(data))):
            self._feed(data)
            return
        self._backlog += data
        if self.wire is not None:
            self.wire.pause_reading()
        self._feed_later()

    def _has_many_lines(self, data: bytes) -> bool:
        request = self.request
        if request is not None and hdrs.CONTENT_ENCODING not in request.headers:
            length = request.content_length
            if length is not None and length - request.content.total_bytes >= len(data):
                return False  # all of it is the body, which the parser does not split into lines
        return data.count(b"\n") > self.MOST_LINES

    def _feed(self, data: bytes) -> None:
        if self._is_out_of_step:
            return
        if self.request is None and data and not self.head_since:
            self.head_since = self._server.clock()
        super().data_received(data)
        messages = self._messages
        if messages and not isinstance(messages[-1][0], RawRequestMessage):
            self._is_out_of_step = True
            self._break_bodies()

    def may_be_prompt(self) -> bool:
        """Return whether the client has taken the earlier answers, which would fill memory otherwise."""
        wire = self.wire
        return wire is not None and wire.get_write_buffer_size() <= self._server.MOST_UNSENT

    def _feed_later(self) -> None:
        if self._feeding is None and not (self._reading_paused or self._buffer_paused):
            self._feeding = self._loop.call_soon(self._feed_part)

    def _feed_part(self) -> None:
        """Give the parser a part of the data, unless reading is paused."""
        self._feeding = None
        if self.is_lost or self._is_out_of_step:
            self._backlog = b""
        elif not (self._reading_paused or self._buffer_paused):
            end = _end_of_lines(self._backlog, self.MOST_LINES)
            part, self._backlog = self._backlog[:end], self._backlog[end:]
            self._feed(part)
            if self._backlog:
                self._feed_later()
            else:
                self._resume_transport_reading()

    def _resume_transport_reading(self) -> None:
        """Resume reading, if the parser has had all data that has arrived."""
        if self._backlog:
            self._feed_later()
        elif not (self._reading_paused or self._buffer_paused):
            super()._resume_transport_reading()

    def connection_lost(self, exc: BaseException | None) -> None:
        """End the connection."""
        self.is_lost = True
        self._backlog = b""
        if self._unread is not None and not self._unread.is_eof():
            self._unread.feed_eof()  # otherwise aiohttp would wait for the rest of it
        # An error raised in a coroutine that waits to write would refer to its frames, and so keep the answer until the
        # garbage is collected. Without it, the next write finds that the connection is closed.
        super().connection_lost(None if self.writing_paused else exc)

    def _break_bodies(self) -> None:
        """End the bodies of requests with an error, also of those that wait, since their rest will not arrive."""
        bodies = [payload for _, payload in self._messages]
        if self.request is not None:
            bodies.append(self.request.content)
        elif self._unread is not None and not self._unread.is_eof():
            self._unread.feed_eof()  # no handler reads it; aiohttp throws it away
        for body in bodies:
            if not body.is_eof():
                body.set_exception(web.RequestPayloadError("the rest of the input is not HTTP"))

    def begin(self, request: web.BaseRequest) -> None:
        """Note that `request`, whose head is complete, is now handled."""
        self.request = request
        self.head_since = 0.0
        self._is_late = False
        self._body_since = self._server.clock()
        self._body_from = self.received

    def log_access(self, request: web.BaseRequest, response: web.StreamResponse, time: float | None) -> None:
        """Log the end of a request, and wait for the next one."""
        content = request.content
        if content is not EMPTY_PAYLOAD and not content.is_eof():
            if content.exception() is not None or hdrs.CONTENT_ENCODING in request.headers:
                # Otherwise aiohttp would go on to read and decode the body, to throw it away.
                response.force_close()
                content.feed_eof()
            else:
                self._unread = content
                if response.keep_alive is False and self.wire is not None and self.wire.can_write_eof():
                    self.wire.write_eof()  # the client need not wait for the end until the rest is skipped
        if self._server.state.is_stopping:
            response.force_close()
        self.request = None
        self.since = self._server.clock()
        if self._logging_enabled:
            super().log_access(request, response, time)

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """Answer bytes that are not a request, and errors of an application that does not answer them itself.

        Raises:
            ConnectionError: A part of an answer is sent already.
        """
        del message  # it repeats what the client sent
        name = self._server.state.name
        if isinstance(exc, HttpProcessingError):
            status, detail, limit = told_of(exc, self._server.limits)
            if limit is not None:
                self._server.state.refusals[limit] += 1
            self.logger.info("a request was malformed: %s", type(exc).__name__)
            return ClosingAnswer(status, detail=detail, server=name)
        if isinstance(exc, web.RequestPayloadError) and not request.writer.output_size:
            return ClosingAnswer(400, detail="the body could not be read", server=name)
        if isinstance(exc, ConnectionError) and has_left(request):
            return ClosingAnswer(status, server=name)  # only for the log, since the client has left
        if exc is not None:
            log_error(logger, "%s %s failed", request.method, "(an application's own handler)", error=exc)
        if request.writer.output_size:
            raise ConnectionError("the answer failed after it had begun")
        return ClosingAnswer(status, server=name)

    def force_close(self) -> None:
        """Close the connection after the rest of the answer is sent."""
        if not self.is_lost:
            self._server.attended.add(self)
        super().force_close()

    def is_quiet(self, now: float) -> bool:
        """Return whether the connection needs no checks until the client sends more."""
        return self.is_lost or not (
            self.wire is None
            or self.request is not None
            or self.head_since
            or not self.received
            or self.writing_paused
            or self.wire.is_closing()
            or now - self.since < self.SOON_QUIET
        )

    def look(self, now: float) -> None:
        """Check whether the client is too slow, and end its request or connection if it is."""
        if self.is_lost or self.wire is None:
            return
        request, limits = self.request, self._server.limits
        if self._keeps_answer(now, self.wire):
            self._refuse("answer_seconds")
            self.wire.abort()
        elif request is not None:
            if not (self._is_late or request.content.is_eof()) and self._body_is_late(now, self.wire):
                self._is_late = True
                self._refuse("body_seconds")
                request.content.set_exception(web.HTTPRequestTimeout())
        elif limits.head_seconds is not None and not self.wire.is_closing():
            if self.head_since:
                if now - self.head_since >= limits.head_seconds:
                    self._refuse("head_seconds")
                    detail = f"the head of the request took more than {limits.head_seconds:g} seconds"
                    self.wire.write(closing_bytes(408, detail=detail, server=self._server.state.name))
                    self.force_close()
            elif not self.received and now - self.since >= limits.head_seconds:
                self._refuse("head_seconds")
                self.force_close()

    def waits_since(self) -> float | None:
        """Return the time since which it waits for a request or the rest of a head; None if it has a request."""
        if self.request is not None or self.wire is None or self.wire.is_closing():
            return None
        return self.head_since or self.since

    def _refuse(self, limit: str) -> None:
        self._server.state.refusals[limit] += 1
        logger.info("a client took too long: %s", limit)

    def _keeps_answer(self, now: float, wire: asyncio.Transport) -> bool:
        """Return whether the client has taken nothing of a waiting answer for too long."""
        if not (self.writing_paused or wire.is_closing()):
            self._held_back_since = 0.0
            return False
        held_back = wire.get_write_buffer_size()
        if not self._held_back_since or held_back != self._held_back:
            self._held_back = held_back
            self._held_back_since = now
            return False
        seconds = self._server.limits.answer_seconds
        return seconds is not None and now - self._held_back_since >= seconds

    def _body_is_late(self, now: float, wire: asyncio.Transport) -> bool:
        """Return whether too little of the body has arrived in the current period of time."""
        limits = self._server.limits
        if limits.body_seconds is None:
            return False
        if wire.is_reading():
            if now - self._body_since < limits.body_seconds:
                return False
            if self.received - self._body_from < limits.body_rate * limits.body_seconds:
                return True
        # A new period begins. The time in which the handler does not read the body is not counted.
        self._body_since = now
        self._body_from = self.received
        return False


def _end_of_lines(data: bytes, most: int) -> int:
    """Return the end of a part of `data` with at most `most` line ends, but not much fewer if `data` has more."""
    end, lines = most, data.count(b"\n", 0, most)
    while end < len(data):
        lines += data.count(b"\n", end, 2 * end)
        if lines > most:
            return end
        end *= 2
    return len(data)


class RefusedConnection(asyncio.Protocol):
    """A connection over a limit: it is answered 503 if it sends a request, and closed otherwise.

    Args:
        server: The server.
        limit: The name of the limit.
    """

    SECONDS = 1.0
    """Seconds that it has to send a request."""

    def __init__(self, server: ConnectionOwner, limit: str) -> None:
        self._server = server
        self._limit = limit
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Wait a moment for a request."""
        self._transport = wire = cast("asyncio.Transport", transport)
        self._server.state.refusals[self._limit] += 1
        logger.info("a client was refused: %s", self._limit)
        asyncio.get_running_loop().call_later(self.SECONDS, wire.abort)

    def data_received(self, data: bytes) -> None:
        """Answer any request with a 503."""
        del data
        transport = self._transport
        if transport is not None and not transport.is_closing():
            headers: dict[str, str] = {hdrs.RETRY_AFTER: "1"}
            transport.write(closing_bytes(503, headers=headers, server=self._server.state.name))
            transport.close()
