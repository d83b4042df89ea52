"""The head of an answer that is made, and not sent yet: until then, another answer may take its place.

aiohttp keeps a head until the first bytes of the body, where a response asks for it. It has no public way to let go of
it again.
"""

from typing import cast

from aiohttp import web
from aiohttp.http import StreamWriter


class WithheldResponse(web.StreamResponse):
    """A response whose head goes out with the first bytes of its body."""

    _send_headers_immediately = False


def drop_head(request: web.BaseRequest) -> None:
    """Let go of the head that waits to be sent to the client of `request`, and of the framing it announces."""
    writer = cast("StreamWriter", request.writer)
    writer.chunked = False
    writer.length = None
    vars(writer).update(_headers_buf=None, _headers_written=False)
