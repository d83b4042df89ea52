"""The bytes of a body as they arrive, up to a limit; other requests have their turn in between."""

import asyncio
from collections.abc import AsyncIterator

from aiohttp import hdrs, web

_TURN = 1024 * 1024
"""After how many bytes other requests have their turn, even if more bytes are there already."""


def announces_more(request: web.Request, max_size: int) -> bool:
    """Return whether the Content-Length of a body that is not encoded exceeds `max_size`; 0 means no limit."""
    if hdrs.CONTENT_ENCODING in request.headers:
        return False
    return 0 < max_size < (request.content_length or 0)


async def body_chunks(request: web.Request, max_size: int) -> AsyncIterator[bytes]:
    """Iterate over the body, with its content encoding undone.

    Args:
        request: The request. If its body was read before, it was read completely, by the method `read`.
        max_size: The most bytes of the body; 0 for no limit.

    Raises:
        aiohttp.web.HTTPRequestEntityTooLarge: It has more bytes.
    """
    content = request.content
    size = told = 0
    if content.at_eof() and (whole := await request.read()):  # a middleware has read it, and aiohttp keeps it
        if 0 < max_size < len(whole):
            raise web.HTTPRequestEntityTooLarge(max_size, len(whole))
        yield whole
        return
    while chunk := await content.readany():
        size += len(chunk)
        if 0 < max_size < size:
            raise web.HTTPRequestEntityTooLarge(max_size, size)
        yield chunk
        # Bytes that were read ahead, or that come from unpacking, are returned without waiting.
        if size - told >= _TURN:
            told = size
            await asyncio.sleep(0)
