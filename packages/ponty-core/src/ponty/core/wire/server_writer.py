"""The writer of answers: it adds the server's own headers to each head.

In aiohttp, each answer, also a stream or a websocket, writes its head with the writer of its request. So this is the
one place to name the server, and to announce that a connection closes, without a signal for each answer.
"""

import asyncio

from aiohttp import hdrs
from aiohttp.base_protocol import BaseProtocol
from aiohttp.http import SERVER_SOFTWARE, StreamWriter
from multidict import CIMultiDict

from ponty.core.wire.server_state import SERVER_NAME, ServerState

_UNNAMED = (SERVER_SOFTWARE, SERVER_NAME)


class ServerWriter(StreamWriter):
    """Writes the answer to one request; made by `server_writer`."""

    state: ServerState
    """The state of the server."""

    def is_fresh(self) -> bool:
        """Return whether nothing was written, no framing was set, and the server is not stopping."""
        return not (self.output_size or self.chunked or self.state.is_stopping) and self.length is None

    def write_whole(self, answer: bytes) -> None:
        """Write a whole answer, head and body, as `write_eof` does if no head is waiting.

        Raises:
            ConnectionResetError: The client has left.
        """
        self._write(answer)
        self._eof = True

    async def write_headers(self, status_line: str, headers: CIMultiDict[str]) -> None:
        """Write the head of an answer, with the name of the server instead of aiohttp's."""
        state = self.state
        if headers.get(hdrs.SERVER) in _UNNAMED:
            if state.name is None:
                del headers[hdrs.SERVER]
            else:
                headers[hdrs.SERVER] = state.name
        if state.is_stopping and headers.get(hdrs.CONNECTION, "keep-alive") == "keep-alive":
            headers[hdrs.CONNECTION] = "close"
        await super().write_headers(status_line, headers)


def server_writer(protocol: BaseProtocol, loop: asyncio.AbstractEventLoop, state: ServerState) -> ServerWriter:
    """Make the writer of an answer.

    Args:
        protocol: The connection.
        loop: Its event loop.
        state: The state of the server.
    """
    writer = ServerWriter(protocol, loop)
    writer.state = state
    return writer
