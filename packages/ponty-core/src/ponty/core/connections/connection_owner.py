"""The interface of a server that its connections use."""

import abc
import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import StreamReader, web
from aiohttp.http_parser import RawRequestMessage

from ponty.core.connections.limits import Limits
from ponty.core.wire.server_state import ServerState
from ponty.core.wire.server_writer import ServerWriter

Handler = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]


class ConnectionOwner(web.Server, abc.ABC):
    """A server, as its connections see it."""

    MOST_UNSENT = 2**16
    """The most bytes of earlier answers that may wait to be sent when the next request is handled."""

    limits: Limits
    """The limits for clients."""

    state: ServerState
    """The state that the application shares."""

    sends_plain: bool
    """Whether plain answers may be sent at once, since no code of the application changes them when they are sent."""

    clock: Callable[[], float]
    """The clock of the event loop, in seconds."""

    attended: set[Any]
    """The connections that need checks: all but the quiet ones."""

    @abc.abstractmethod
    def refuses(self, transport: asyncio.Transport) -> str | None:
        """Return the name of the limit that a new connection would exceed; None if it may begin."""

    @abc.abstractmethod
    def begin_whole(
        self,
        message: RawRequestMessage,
        payload: StreamReader,
        connection: Any,
        writer: ServerWriter,
        task: "asyncio.Task[None]",
    ) -> tuple[web.BaseRequest, Handler]:
        """Return the request for a usual head (HTTP/1.1, a path, no HEAD) with a whole body, and its handler."""
