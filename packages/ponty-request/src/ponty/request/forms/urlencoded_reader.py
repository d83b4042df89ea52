"""`application/x-www-form-urlencoded` (the URL standard §5.1), read pair by pair as it arrives.

The standard, which is made for browsers, replaces bytes that are not UTF-8; here they are refused.
"""

import asyncio
import re
import urllib.parse

from aiohttp import web

from ponty.request.content.body_chunks import body_chunks
from ponty.request.errors import InvalidField
from ponty.request.forms.entries import Entries
from ponty.request.forms.limits import MAX_NAME, too_large

_CHARSET_FIELD = "_charset_"
_NOTHING_BETWEEN = re.compile(rb"&{2,}")
_SLICE = 32 * 1024  # how many bytes are decoded before other requests have their turn


async def read_urlencoded(request: web.Request, entries: Entries, max_size: int) -> None:
    """Read a form to its end.

    Args:
        request: The request.
        entries: Collects the fields of the form.
        max_size: The most bytes of the body; 0 for no limit.

    Raises:
        InvalidField: A name is not UTF-8, or the form exceeds a limit.
        aiohttp.web.HTTPRequestEntityTooLarge: The body has more than `max_size` bytes.
    """
    longest = 3 * (entries.limits.max_field_size + 4 * MAX_NAME)  # each byte is written as three at most
    begun = bytearray()
    async for chunk in body_chunks(request, max_size):
        pairs = _NOTHING_BETWEEN.sub(b"&", chunk).split(b"&")  # a million empty pairs are skipped in one step
        for pair in pairs[:-1]:
            begun += pair
            await _add(entries, bytes(begun))
            begun.clear()
        begun += pairs[-1]
        if len(begun) > longest:
            raise too_large(f"has a field of more than {entries.limits.max_field_size} bytes")
    await _add(entries, bytes(begun))


async def _add(entries: Entries, pair: bytes) -> None:
    if not pair:
        return
    written_name, _, written_value = pair.partition(b"=")
    try:
        name = (await _decoded(written_name)).decode()
    except UnicodeDecodeError:
        raise InvalidField("has a name that is not valid UTF-8", code="encoding") from None
    if name == _CHARSET_FIELD and name not in entries.form.places:
        entries.count_part()
        if written_value.strip().lower() not in {b"utf-8", b"utf8", b"us-ascii"}:
            raise InvalidField("must be in UTF-8", status=415, code="charset")
        return
    if entries.begin(name, is_file=False) is not None:
        value = await _decoded(written_value)
        entries.count_text(name, len(value), len(value))
        entries.keep_text(name, value, "utf-8")


async def _decoded(written: bytes) -> bytes:
    if len(written) <= _SLICE:
        return urllib.parse.unquote_to_bytes(written.replace(b"+", b" "))
    decoded = bytearray()
    start = 0
    while start < len(written):
        end = start + _SLICE
        end -= (written[end - 2 : end - 1] == b"%") * 2 or (written[end - 1 : end] == b"%") * 1
        decoded += urllib.parse.unquote_to_bytes(written[start:end].replace(b"+", b" "))
        start = end
        await asyncio.sleep(0)
    return bytes(decoded)
