"""Draining: let the requests in flight finish while a server stops.

Each answer that begins now says that its connection closes, and `ponty.core.connections.connection` closes it. A
connection of a stopping server is in one of these states:

- *quiet*: it waits for a request, or for the rest of a head, and nothing has happened on it for `QUIET_SECONDS`. It is
  closed. A connection that was busy a moment ago is kept, since its next request may be on its way.
- *arriving*: the body of a request is on its way. It is kept open, since aiohttp drops data that arrives on a closing
  connection. It is cut if less than `Limits.body_rate` has arrived for `STALL_SECONDS` while the server was reading.
- *answering*: the request is whole, and its handler runs. It is cut if the client takes nothing of a waiting answer for
  `CLOSE_SECONDS`.
- *closing*: the rest of the answer has `CLOSE_SECONDS` to be sent. Over TLS, the client has the same time to confirm
  the end.

So a request is answered if its head was sent before its connection was closed. `drain` never waits longer than the
deadline: the caller cancels the handlers that are left then.
"""

import asyncio
import contextlib
import logging
from typing import cast

from ponty.core.connections.connection import Connection
from ponty.core.connections.server import Server

logger: logging.Logger = logging.getLogger("ponty.core")

QUIET_SECONDS = 0.5
"""Seconds for which a waiting connection must have been quiet before it is closed."""

STALL_SECONDS = 3.0
"""Seconds for which a body may arrive too slowly while the server stops."""

CLOSE_SECONDS = 3.0
"""Seconds for which a client may take nothing of the rest of an answer."""

LOOK_SECONDS = 0.05
"""Seconds between two checks of the connections, since aiohttp does not report when one closes."""


async def drain(server: Server, *, deadline: float, hurry: asyncio.Event) -> None:
    """Close the connections of `server` as their requests finish.

    Args:
        server: A server that accepts no more connections, and whose state says that it is stopping.
        deadline: The time to give up on unfinished requests, by the clock of the event loop.
        hurry: An event that gives up on them at once, when it is set.
    """
    stalls: dict[Connection, _Stall] = {}
    while True:
        # Data that has arrived is read before anything is closed; an event loop may run its timers first.
        for _ in range(2):
            await asyncio.sleep(0)
        connections = cast("list[Connection]", server.connections)
        if not connections:
            return
        now = server.clock()
        if now >= deadline or hurry.is_set():
            logger.warning("stopping with %d connections unfinished", len(connections))
            return
        for connection in connections:
            if not connection.is_lost:
                stall = stalls.get(connection)
                if stall is None:
                    stall = stalls[connection] = _Stall(connection, now, least=server.limits.body_rate * STALL_SECONDS)
                stall.look(now)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(hurry.wait(), min(LOOK_SECONDS, deadline - now))


class _Stall:
    """Closes or cuts a connection when too little has happened on it for too long."""

    def __init__(self, connection: Connection, now: float, *, least: float) -> None:
        self._connection = connection
        self._least = least
        self._received = connection.received
        self._progress: object = None
        self._since = now

    def look(self, now: float) -> None:
        """Check the connection at the time `now`."""
        connection = self._connection
        wire, request = connection.wire, connection.request
        if wire is None:
            return
        if wire.is_closing():
            self._cut_after(CLOSE_SECONDS, ("closing", wire.get_write_buffer_size()), now)
        elif request is None:
            waits_since = connection.waits_since()
            if waits_since is not None and now - waits_since >= QUIET_SECONDS:
                connection.force_close()
        elif connection.writing_paused:
            self._cut_after(CLOSE_SECONDS, ("answering", wire.get_write_buffer_size()), now)
        elif request.content.is_eof() or not wire.is_reading():
            self._progress = None
        else:
            if connection.received - self._received >= self._least:
                self._received = connection.received
            self._cut_after(STALL_SECONDS, ("arriving", self._received), now)

    def _cut_after(self, seconds: float, progress: object, now: float) -> None:
        if progress != self._progress:
            self._progress = progress
            self._since = now
        elif now - self._since >= seconds and self._connection.wire is not None:
            self._connection.wire.abort()
