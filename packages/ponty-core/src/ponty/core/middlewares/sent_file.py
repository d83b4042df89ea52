"""Sent files: aiohttp sends the file of an answer while it is prepared."""

from aiohttp import web
from aiohttp.abc import AbstractStreamWriter


class SentFile(web.StreamResponse):
    """Replaces the answer of a file that was sent while it was prepared, since preparing it again would fail.

    Args:
        answer: The file that was sent.
    """

    def __init__(self, answer: web.FileResponse) -> None:
        super().__init__(status=answer.status, reason=answer.reason, headers=answer.headers)
        self._answer = answer

    @property
    def prepared(self) -> bool:
        """Return True, since its head was sent."""
        return True

    @property
    def keep_alive(self) -> bool | None:
        """Return whether the connection stays open, from the file's answer."""
        return self._answer.keep_alive

    @property
    def body_length(self) -> int:
        """Return the number of bytes that were sent, for the access log."""
        return self._answer.body_length

    async def prepare(self, request: web.BaseRequest) -> AbstractStreamWriter | None:
        """Do nothing, since it is prepared."""
        del request
        return None

    async def write_eof(self, data: bytes = b"") -> None:
        """End the answer, if the file has not: an answer to HEAD, or a 304, sends no file."""
        await self._answer.write_eof(data)
