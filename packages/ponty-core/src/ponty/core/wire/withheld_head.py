"""Withheld heads: the head of an answer is not sent before its body, so another answer may still replace it.

aiohttp keeps a head until the first bytes of the body if a response asks for that. It has no public way to drop the
head.
"""

from typing import cast

from aiohttp import web
from aiohttp.http import StreamWriter


class WithheldResponse(web.StreamResponse):
    """A response whose head is sent with the first bytes of its body, and whose last bytes are sent with its end."""

    _send_headers_immediately = False

    rest: bytes = b""
    """The last bytes, which are sent when the response ends."""

    async def write_eof(self, data: bytes = b"") -> None:
        """Send the last bytes, and end the response."""
        rest, self.rest = self.rest, b""
        await super().write_eof(rest + data)


def drop_head(request: web.BaseRequest) -> None:
    """Drop the head that waits to be sent to the client of `request`, and its framing."""
    writer = cast("StreamWriter", request.writer)
    writer.chunked = False
    writer.length = None
    vars(writer).update(_headers_buf=None, _headers_written=False)
