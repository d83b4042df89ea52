"""HEAD requests: their answer ends after its head (RFC 9110 §9.3.2), also if the handler writes a body.

A route for GET also answers HEAD, with the same handler. A handler that streams would send its body after the head, and
the client would read that as the beginning of the next answer.
"""

from aiohttp.abc import AbstractStreamWriter
from aiohttp.http import StreamWriter


def send_no_body(writer: AbstractStreamWriter) -> None:
    """Change the writer of an answer to HEAD, so that it sends the head and drops the body."""
    if not isinstance(writer, StreamWriter) or "write_eof" in vars(writer):
        return
    end = writer.write_eof

    def change_nothing(*_args: object, **_options: object) -> None:
        """Do nothing, since there is no body to frame or encode."""

    async def write(*_args: object, **_options: object) -> None:
        writer.send_headers()

    async def write_eof(chunk: bytes = b"") -> None:
        del chunk
        await end()

    vars(writer).update(
        write=write, write_eof=write_eof, enable_chunking=change_nothing, enable_compression=change_nothing
    )
