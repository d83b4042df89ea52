"""A request's body as one piece of bytes, with its Content-Encoding undone.

aiohttp undoes the encodings that it knows while it reads. It does not know the old name of gzip, `x-gzip`, which means
the same (RFC 9110 §8.4.1.3).
"""

import zlib

from aiohttp import hdrs, web

from ponty.request.errors import InvalidField

X_GZIP = "x-gzip"


def whole_at_hand(request: web.Request) -> bytes | None:
    """Return the body where all of it has come, is not encoded, and may be as long as it is; None where it is not so.

    A request that was read is not told from one that aiohttp has read: what reads it again gets the same.
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
        InvalidField: It is not what its Content-Encoding says.
        aiohttp.web.HTTPRequestEntityTooLarge: It has more bytes than the application or its route allows.
    """
    body = await request.read()
    if hdrs.CONTENT_ENCODING in request.headers and request.headers[hdrs.CONTENT_ENCODING].lower() == X_GZIP:
        return _gunzip(body, request.client_max_size)
    return body


def _gunzip(body: bytes, limit: int) -> bytes:
    decompressor = zlib.decompressobj(16 + zlib.MAX_WBITS)
    try:
        unpacked = decompressor.decompress(body, limit + 1 if limit else 0)
    except zlib.error:
        raise InvalidField("could not be read", code="unreadable") from None
    if 0 < limit < len(unpacked):
        raise web.HTTPRequestEntityTooLarge(limit, len(unpacked))
    if not decompressor.eof or decompressor.unused_data:
        raise InvalidField("could not be read", code="unreadable")
    return unpacked
