"""`BodyStream`: the body, read as it arrives."""

from collections.abc import AsyncIterable, AsyncIterator
from typing import Any

from aiohttp import web

from ponty.request.content.body_chunks import announces_more, body_chunks
from ponty.request.content.charsets import check_encoding
from ponty.request.errors import InvalidField
from ponty.request.fields.base import Description, Field
from ponty.request.fields.outgoing import Outgoing


class BodyStream(Field[AsyncIterator[bytes]]):
    """The body as an async iterator of bytes, for bodies that are too large for memory.

    ::

        class PutBackup(Request):
            backup = BodyStream(max_size=10 * 1024**3)

        @put("/backup")
        @expect(PutBackup)
        @render_json
        async def put_backup(backup: AsyncIterator[bytes]) -> int:
            size = 0
            async for chunk in backup:
                size += len(chunk)
            return size

    If the announced size is larger than `max_size`, the answer is a 413, and the handler is not called. If a body turns
    out to be larger while it is read, the iteration raises `aiohttp.web.HTTPRequestEntityTooLarge`, which is a 413 too.
    It also raises if the body breaks off. So a body is complete only if the iteration has reached its end.

    Args:
        max_size: The most bytes of the body, after its content encoding is undone, instead of the limit of the
            application.

    Raises:
        ValueError: `max_size` is below 1.
    """

    takes_stream = True
    __ponty_streams_body__ = True

    def __init__(self, *, max_size: int) -> None:
        if max_size < 1:
            raise ValueError(f"BodyStream: max_size must be at least 1, not {max_size!r}")
        self._limit = max_size
        self.max_size: int | None = max_size

    def extract(self, request: web.Request) -> AsyncIterator[bytes]:
        """Return the iterator.

        Raises:
            InvalidField: The announced size is too large, or the content encoding is unknown.
        """
        check_encoding(request)
        if announces_more(request, self._limit):
            raise InvalidField(f"has more than {self._limit} bytes", status=413, code="too_large")
        return body_chunks(request, self._limit)

    def insert(self, value: Any, into: Outgoing) -> None:
        """Write the body: bytes, or an async iterator of bytes, which can be sent only once.

        Raises:
            InvalidField: The value is neither, or has too many bytes.
        """
        if not isinstance(value, bytes | AsyncIterable):
            raise InvalidField("must be bytes, or an async iterator of them")
        if isinstance(value, bytes) and len(value) > self._limit:
            raise InvalidField(f"must have no more than {self._limit} bytes", code="too_large")
        into.set_body(value, "application/octet-stream")

    def describe(self) -> Description:
        """Describe the body."""
        return Description("body", self.name, refusals=(413, 415), media_types=("application/octet-stream",))
