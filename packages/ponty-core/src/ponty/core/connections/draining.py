"""Letting the requests in flight finish while a server stops.

Each answer that begins from now on says that its connection closes, and it does: see
`ponty.core.connections.connection`.
A connection of a stopping server is in one of these states:

- *quiet*: it waits for a request, or for the rest of a head, and nothing has happened on it for `QUIET_SECONDS`. It is
  closed. One that was busy a moment ago is not: its next request may be on its way.
- *arriving*: a request's body is on its way. It is left open, since aiohttp drops what a closing connection still
  sends. When less than `Limits.body_rate` has come for `STALL_SECONDS` though the server was reading, it is cut.
- *answering*: the request is whole. It is left to its handler. When the client takes none of an answer that waits
  for `CLOSE_SECONDS`, it is cut.
- *closing*: what waits to be sent has `CLOSE_SECONDS`, and so has a client to say that it has seen the end, over TLS.

So a request is answered once its head was sent before its connection was closed, and none outlives the deadline by
`drain`'s doing: what is left then is for the caller to cancel.
"""

import asyncio
import contextlib
import logging
from typing import cast

from ponty.core.connections.connection import Connection
from ponty.core.connections.server import Server

logger: logging.Logger = logging.getLogger("ponty.core")

QUIET_SECONDS = 0.5
"""How long a connection that waits may have been quiet before it is closed."""

STALL_SECONDS = 3.0
"""How long a body may come too slowly while the server stops."""

CLOSE_SECONDS = 3.0
"""How long a client may take nothing of what is left to send."""

LOOK_SECONDS = 0.05
"""How long lies between two looks at the connections; aiohttp tells nobody when one closes."""


async def drain(server: Server, *, deadline: float, hurry: asyncio.Event) -> None:
    """Close the connections of `server` as their requests finish.

    Args:
        server: A server that accepts no more connections, and whose state says that it is stopping.
        deadline: When to give up on those that have not finished, on the clock of the event loop.
        hurry: Gives up on them at once, when it is set.
    """
    stalls: dict[Connection, _Stall] = {}
    while True:
        # What has come is read before anything is closed; an event loop may run its timers first.
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
    """Closes a connection, or cuts it, when too little has happened on it for too long."""

    def __init__(self, connection: Connection, now: float, *, least: float) -> None:
        self._connection = connection
        self._least = least
        self._received = connection.received
        self._progress: object = None
        self._since = now

    def look(self, now: float) -> None:
        """Look at the connection, at the time `now`."""
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
