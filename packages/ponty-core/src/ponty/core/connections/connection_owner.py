"""What a connection asks of the server that it belongs to."""

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
    """With how many bytes of earlier answers that wait to be sent the next request is handled nevertheless."""

    limits: Limits
    """What a client may take up."""

    state: ServerState
    """Shared with the application."""

    sends_plain: bool
    """Whether no program has a say in plain answers when they are sent."""

    clock: Callable[[], float]
    """The clock of the event loop, in seconds."""

    attended: set[Any]
    """The connections that are to be looked at: all but the quiet ones."""

    @abc.abstractmethod
    def refuses(self, transport: asyncio.Transport) -> str | None:
        """Return the limit that a new connection would be over, if there is no room for it."""

    @abc.abstractmethod
    def begin_whole(
        self,
        message: RawRequestMessage,
        payload: StreamReader,
        connection: Any,
        writer: ServerWriter,
        task: "asyncio.Task[None]",
    ) -> tuple[web.BaseRequest, Handler]:
        """Make the request of a usual head (HTTP/1.1, a path, no HEAD) whose body is there, and say what handles it."""
