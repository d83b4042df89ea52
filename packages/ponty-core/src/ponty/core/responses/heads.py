"""Heads: the bytes before the body of a plain answer, which are made once.

The status line, the media type and the name of the server are the same in all answers of a kind, and the date is the
same for a second. So an answer without further headers is made of a few ready pieces.
"""

import functools
import time
from collections.abc import Callable
from email.utils import formatdate

from aiohttp import hdrs
from multidict import CIMultiDict

from ponty.core.responses.statuses import check_status, title
from ponty.core.wire.server_state import SERVER_NAME

BODILESS_STATUSES = frozenset({204, 205, 304})
"""The statuses whose answers have no content (RFC 9110 §6.4.1, §15.3.6)."""


class Head:
    """The bytes before the body, the same for all answers of a kind.

    Args:
        status: The HTTP status.
        content_type: The value of `Content-Type`; None if there is no body.

    Raises:
        ValueError: `status` is outside 200 to 599.
    """

    def __init__(self, status: int, content_type: str | None) -> None:
        check_status(status)
        self.status: int = status
        self.content_type: str | None = content_type
        self.has_length: bool = status not in {204, 304}  # RFC 9110 §8.6, §15.4.5
        self.line: bytes = f"HTTP/1.1 {status} {title(status)}".encode("ascii")
        self.headers: CIMultiDict[str] = CIMultiDict()
        self.lines: bytes = b""
        """The encoded `headers`, each after a line break."""
        if content_type is not None:
            self.headers[hdrs.CONTENT_TYPE] = content_type
            self.lines = f"\r\n{hdrs.CONTENT_TYPE}: {content_type}".encode("ascii")
        start = self.line + self.lines
        self._start = start + f"\r\n{hdrs.CONTENT_LENGTH}: ".encode("ascii") if self.has_length else start
        self._second: int = -1
        self.server: str | None = None
        """The name of the server in the last answer."""
        self._end = b""

    def before(self, body: bytes, server: str | None = SERVER_NAME) -> bytes:
        """Return the bytes of a whole answer (RFC 9112 §2.1), with the headers in aiohttp's order."""
        second = int(time.time())
        end = self._end if second == self._second and server is self.server else self._ending(second, server)
        return b"%b%d%b%b" % (self._start, len(body), end, body) if self.has_length else self._start + end

    def before_with(
        self,
        lines: bytes,
        cookies: bytes,
        body: bytes,
        server: str | None = SERVER_NAME,
        fixed: CIMultiDict[str] | None = None,
    ) -> bytes:
        """Return the bytes of a whole answer with headers and cookies, in aiohttp's order.

        Args:
            lines: All encoded headers except those of the framing, each after a line break.
            cookies: The encoded cookies, in the same form.
            body: The body.
            server: The name of the server; None to send no name.
            fixed: The headers, if `Date` or `Server` is among them.
        """
        second = int(time.time())
        if fixed is not None:
            end = _ending_but(fixed, second, server)
        else:
            end = self._end if second == self._second and server is self.server else self._ending(second, server)
        if not self.has_length:
            return b"%b%b%b%b" % (self.line, lines, cookies, end)
        return b"%b%b\r\nContent-Length: %d%b%b%b" % (self.line, lines, len(body), cookies, end, body)

    def alone(
        self, lines: bytes, cookies: bytes, length: int, server: str | None, fixed: CIMultiDict[str] | None
    ) -> bytes:
        """Return the bytes before a body of `length` bytes, which is written separately; see `before_with`."""
        second = int(time.time())
        end = self._ending(second, server) if fixed is None else _ending_but(fixed, second, server)
        return b"%b%b\r\nContent-Length: %d%b%b" % (self.line, lines, length, cookies, end)

    def _ending(self, second: int, server: str | None) -> bytes:
        self._end = f"\r\n{hdrs.DATE}: {date(second)}{_server_line(server)}\r\n\r\n".encode("ascii")
        self._second = second
        self.server = server
        return self._end


head: Callable[[int, str | None], Head] = functools.lru_cache(maxsize=None, typed=True)(Head)
"""Return the head for a status and a media type; there is only one of each kind."""


@functools.lru_cache(maxsize=2)
def date(second: int) -> str:
    """Return the value of `Date` at a second of the epoch."""
    return formatdate(second, usegmt=True)


def _server_line(name: str | None) -> str:
    return "" if name is None else f"\r\n{hdrs.SERVER}: {name}"


def _ending_but(fixed: CIMultiDict[str], second: int, server: str | None) -> bytes:
    day = "" if hdrs.DATE in fixed else f"\r\n{hdrs.DATE}: {date(second)}"
    name = "" if hdrs.SERVER in fixed else _server_line(server)
    return f"{day}{name}\r\n\r\n".encode("ascii")
