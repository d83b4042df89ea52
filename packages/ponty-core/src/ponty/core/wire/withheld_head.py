"""The head of an answer that is made, and not sent yet: until then, another answer may take its place.

aiohttp keeps a head until the first bytes of the body, where a response asks for it. It has no public way to let go of
it again.
"""

from typing import cast

from aiohttp import web
from aiohttp.http import StreamWriter


class WithheldResponse(web.StreamResponse):
    """A response whose head goes out with the first bytes of its body, and whose last bytes go out with its end."""

    _send_headers_immediately = False

    rest: bytes = b""
    """What is still to be sent when it ends."""

    async def write_eof(self, data: bytes = b"") -> None:
        """End it."""
        rest, self.rest = self.rest, b""
        await super().write_eof(rest + data)


def drop_head(request: web.BaseRequest) -> None:
    """Let go of the head that waits to be sent to the client of `request`, and of the framing it announces."""
    writer = cast("StreamWriter", request.writer)
    writer.chunked = False
    writer.length = None
    vars(writer).update(_headers_buf=None, _headers_written=False)
