"""HEAD: an answer ends with its head (RFC 9110 §9.3.2), also where a handler writes a body.

A route for GET answers HEAD as well, by the same handler. One that streams would send its body behind the head, and the
client would take that for the beginning of the next answer.
"""

from aiohttp.abc import AbstractStreamWriter
from aiohttp.http import StreamWriter


def send_no_body(writer: AbstractStreamWriter) -> None:
    """Have `writer`, of the answer to a HEAD request, send the head and drop what comes after it."""
    if not isinstance(writer, StreamWriter) or "write_eof" in vars(writer):
        return
    end = writer.write_eof

    def change_nothing(*_args: object, **_options: object) -> None:
        """Frame and encode no body, since there is none."""

    async def write(*_args: object, **_options: object) -> None:
        writer.send_headers()

    async def write_eof(chunk: bytes = b"") -> None:
        del chunk
        await end()

    vars(writer).update(
        write=write, write_eof=write_eof, enable_chunking=change_nothing, enable_compression=change_nothing
    )
