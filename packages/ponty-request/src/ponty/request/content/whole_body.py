"""A request's body as one piece of bytes, with its Content-Encoding undone.

aiohttp undoes the encodings that it knows while it reads. It does not know the old name of gzip, `x-gzip`, which means
the same (RFC 9110 §8.4.1.3).
"""

import asyncio
import zlib

from aiohttp import hdrs, web

from ponty.request.errors import InvalidField

X_GZIP = "x-gzip"

_PIECE = 256 * 1024
"""How many bytes are unpacked at once."""


def whole_at_hand(request: web.Request) -> bytes | None:
    """Return the body if all of it has arrived, it is not encoded, and it is not too large; otherwise None.

    Afterwards the request looks as if aiohttp had read it: reading it again returns the same bytes.
    """
    content = request.content
    if (
        request._read_bytes is not None  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
        or not content.is_eof()
        or content.exception() is not None
        or hdrs.CONTENT_ENCODING in request.headers
        or 0 < request.client_max_size < content.total_bytes
    ):
        return None
    body = content.read_nowait()
    request._read_bytes = body  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
    return body


async def read_whole(request: web.Request) -> bytes:
    """Read the body.

    Raises:
        InvalidField: The body is not valid in its Content-Encoding.
        aiohttp.web.HTTPRequestEntityTooLarge: The body has more bytes than the application or its route allows.
    """
    if hdrs.CONTENT_ENCODING not in request.headers:
        return await request.read()
    body = await _read_encoded(request)
    if request.headers[hdrs.CONTENT_ENCODING].lower() == X_GZIP:
        return await _gunzip(body, request.client_max_size)
    return body


async def _read_encoded(request: web.Request) -> bytes:
    """Do the same as `request.read()`, but in pieces; it would unpack all at once, and other requests would wait."""
    content, limit = request.content, request.client_max_size
    if request._read_bytes is not None or content.at_eof():  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
        return await request.read()
    chunks: list[bytes] = []
    size = told = 0
    while chunk := await content.readany():
        chunks.append(chunk)
        size += len(chunk)
        if 0 < limit < size:
            raise web.HTTPRequestEntityTooLarge(limit)
        # Bytes that come from unpacking are returned without waiting.
        if size - told >= _PIECE:
            told = size
            await asyncio.sleep(0)
    # From now on, `request.read()` returns it.
    request._read_bytes = body = b"".join(chunks)  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
    return body


async def _gunzip(body: bytes, limit: int) -> bytes:
    """Unpack, and let other requests have their turn between the pieces."""
    decompressor = zlib.decompressobj(16 + zlib.MAX_WBITS)
    unpacked = bytearray()
    try:
        while body and not decompressor.eof:
            unpacked += decompressor.decompress(body, _PIECE)
            if 0 < limit < len(unpacked):
                raise web.HTTPRequestEntityTooLarge(limit, len(unpacked))
            body = decompressor.unconsumed_tail
            if body:
                await asyncio.sleep(0)
        unpacked += decompressor.flush()
    except zlib.error:
        raise InvalidField("could not be read", code="unreadable") from None
    if 0 < limit < len(unpacked):
        raise web.HTTPRequestEntityTooLarge(limit, len(unpacked))
    if not decompressor.eof or decompressor.unused_data:
        raise InvalidField("could not be read", code="unreadable")
    return bytes(unpacked)
