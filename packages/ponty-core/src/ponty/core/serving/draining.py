"""Letting the requests in flight finish while a server stops.

A connection of a stopping server is in one of these states:

- *idle*: it waits for a request, or for the rest of a request's head. It is closed at once.
- *arriving*: a request's body is on its way. It is left open, since aiohttp drops what a closing connection still
  sends. When nothing has come for `STALL_SECONDS` though the server was reading, it is cut.
- *answering*: the request is whole. The connection is told to close, which it does after the answer.

A connection that is told to close never takes another request, and none outlives the deadline by `drain`'s doing:
what is left then is for the caller to cancel.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable

from aiohttp import web

from ponty.core.wire.arriving_bodies import ArrivingBodies

logger: logging.Logger = logging.getLogger("ponty.core")

STALL_SECONDS = 3.0
"""How long a body may stand still while the server stops."""

LOOK_SECONDS = 0.05
"""How long lies between two looks at the connections; aiohttp tells nobody when one closes."""


async def drain(server: web.Server, arriving_bodies: ArrivingBodies, *, seconds: float, hurry: asyncio.Event) -> None:
    """Close the connections of `server` as their requests finish.

    Args:
        server: A server that accepts no more connections.
        arriving_bodies: The requests whose body is still arriving.
        seconds: When to give up on those that have not finished.
        hurry: Gives up on them at once, when it is set.
    """
    loop = asyncio.get_running_loop()
    deadline = loop.time() + seconds
    stalled = _Stalled(loop.time)
    closing: dict[web.RequestHandler, asyncio.Task[None]] = {}
    while server.connections:
        left = deadline - loop.time()
        if left <= 0 or hurry.is_set():
            logger.warning("stopping with %d connections unfinished", len(server.connections))
            break
        arriving = list(arriving_bodies)
        for request in arriving:
            if stalled(request):
                _cut(request)
        kept_open = {id(request.protocol) for request in arriving}
        for connection in server.connections:
            if id(connection) in kept_open:
                continue
            # Ends a connection that waits for a request; again at each look, since a new one may not have begun to
            # wait.
            connection.close()
            if connection not in closing:
                # Ends any other after its answer.
                closing[connection] = loop.create_task(connection.shutdown(left))
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(hurry.wait(), LOOK_SECONDS)
    for task in closing.values():
        task.cancel()
    await asyncio.gather(*closing.values(), return_exceptions=True)


def _cut(request: web.BaseRequest) -> None:
    """Close the connection of `request`, and end what waits for the rest of its body.

    A handler that reads the body is told by aiohttp that the client is gone. When a handler has answered without
    reading the body, aiohttp itself reads on, and nothing but the end of the body tells it to stop.
    """
    assert request.transport is not None  # noqa: S101 - so it was a moment ago
    request.transport.abort()

    def end() -> None:
        if request.transport is None:
            request.content.feed_eof()

    asyncio.get_running_loop().call_later(LOOK_SECONDS / 2, end)


class _Stalled:
    """Tells whether a body has stood still for `STALL_SECONDS`, from one look to the next."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._last_seen: dict[int, tuple[int, float]] = {}

    def __call__(self, request: web.BaseRequest) -> bool:
        now = self._clock()
        arrived = request.content.total_bytes
        before, since = self._last_seen.get(id(request), (-1, now))
        reading = request.transport is not None and request.transport.is_reading()
        if arrived != before or not reading:
            self._last_seen[id(request)] = (arrived, now)
            return False
        return now - since >= STALL_SECONDS
