"""Files that were sent while they were prepared, as aiohttp does with them."""

from aiohttp import web
from aiohttp.abc import AbstractStreamWriter


class SentFile(web.StreamResponse):
    """In place of a file, which is sent while it is prepared: to be prepared once more, it would fail.

    Args:
        answer: The file that was sent.
    """

    def __init__(self, answer: web.FileResponse) -> None:
        super().__init__(status=answer.status, reason=answer.reason, headers=answer.headers)
        self._answer = answer

    @property
    def prepared(self) -> bool:
        """Return that its head was sent."""
        return True

    @property
    def keep_alive(self) -> bool | None:
        """Return whether the connection stays open, as the file's answer has it."""
        return self._answer.keep_alive

    @property
    def body_length(self) -> int:
        """Return the number of bytes that were sent, for the access log."""
        return self._answer.body_length

    async def prepare(self, request: web.BaseRequest) -> AbstractStreamWriter | None:
        """Do nothing: it is prepared."""
        del request
        return None

    async def write_eof(self, data: bytes = b"") -> None:
        """End the answer, unless its file has: that to a HEAD, or a 304, has no file."""
        await self._answer.write_eof(data)
