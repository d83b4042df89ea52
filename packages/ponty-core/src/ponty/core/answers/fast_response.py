"""Plain answers: those that Ponty itself makes, sent in one write where nobody has changed more than their headers.

aiohttp prepares a response in many steps, so that a program may have its say at each of them. Of an answer that Ponty
makes, all but the body is known beforehand. Its states:

- *as made*: a head and a body.
- *carrying*: somebody has asked for its headers or set a cookie. Whatever these hold by then is written with the rest,
  in aiohttp's order. What is read besides (status, body, media type) changes nothing.
- *ready*: it was prepared for a request, and is to be sent as it is. Nothing is out yet.
- *sent*: the server has ended it, and all of it is out. It may still be read, by who logs it.
- *changed*: somebody has set something else of it. If it is not sent yet, it is a response like any other of aiohttp's
  from then on, and is prepared and sent as such.

What aiohttp's response keeps in the dictionary of an instance is put there when it is first read, so nothing can be
read that is not there; and what was set before stays as it was set. Until it is sent, that dictionary tells whether the
answer was changed. The headers, the cookies and the body stand apart from it, so that they can be had without.
"""

import functools
import re
import time
from collections.abc import Callable
from email.utils import formatdate
from http.cookies import SimpleCookie
from typing import TYPE_CHECKING, Any

from aiohttp import HttpVersion11, hdrs, web
from aiohttp.abc import AbstractStreamWriter
from aiohttp.http import StreamWriter
from multidict import CIMultiDict, getversion

from ponty.core.answers.errors import check_status, title
from ponty.core.wire.server_state import SERVER_NAME
from ponty.core.wire.server_writer import ServerWriter

BODILESS_STATUSES = frozenset({204, 205, 304})
"""The statuses whose answer has no content (RFC 9110 §6.4.1, §15.3.6)."""


class Head:
    """What comes before the body of answers that differ in nothing else.

    Args:
        status: The HTTP status.
        content_type: The value of the header; None where there is no body.

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
        start = self.line
        if content_type is not None:
            self.headers[hdrs.CONTENT_TYPE] = content_type
            start += f"\r\n{hdrs.CONTENT_TYPE}: {content_type}".encode("ascii")
        self._start = start + f"\r\n{hdrs.CONTENT_LENGTH}: ".encode("ascii") if self.has_length else start
        self._second: int = -1
        self.server: str | None = None
        """How the server was named in the last answer."""
        self._end = b""

    def before(self, body: bytes, server: str | None = SERVER_NAME) -> bytes:
        """Return the bytes of a whole answer (RFC 9112 §2.1), with the headers in aiohttp's order."""
        second = int(time.time())
        end = self._end if second == self._second and server is self.server else self._ending(second, server)
        return b"%b%d%b%b" % (self._start, len(body), end, body) if self.has_length else self._start + end

    def _ending(self, second: int, server: str | None) -> bytes:
        if second != self._second or server is not self.server:
            self._end = f"\r\n{hdrs.DATE}: {_date(second)}{_server_line(server)}\r\n\r\n".encode("ascii")
            self._second = second
            self.server = server
        return self._end

    def before_with(
        self,
        headers: CIMultiDict[str],
        lines: bytes,
        cookies: SimpleCookie | None,
        body: bytes,
        server: str | None = SERVER_NAME,
    ) -> bytes:
        """Return the bytes of a whole answer that carries headers and cookies, likewise.

        Args:
            headers: All headers of the answer but those of its framing, and `Date` and `Server` where they are fixed.
            lines: The same as they are written, without the last line break.
            cookies: The cookies.
            body: The body.
            server: The name of the server; None where it has none.
        """
        length = _LENGTH % len(body) if self.has_length else b""
        more = b"".join([_COOKIE % text.encode() for text in _cookie_texts(cookies)]) if cookies else b""
        if hdrs.DATE in headers or hdrs.SERVER in headers:
            date = b"" if hdrs.DATE in headers else f"\r\n{hdrs.DATE}: {_date(int(time.time()))}".encode()
            name = b"" if hdrs.SERVER in headers else _server_line(server).encode()
            end = b"%b%b\r\n\r\n" % (date, name)
        else:
            end = self._ending(int(time.time()), server)
        return b"%b%b%b%b%b%b" % (self.line, lines, length, more, end, body if self.has_length else b"")


@functools.lru_cache(maxsize=2)
def _date(second: int) -> str:
    return formatdate(second, usegmt=True)


def _cookie_texts(cookies: SimpleCookie) -> list[str]:
    return [cookie.OutputString() for cookie in cookies.values()]


def _server_line(name: str | None) -> str:
    return "" if name is None else f"\r\n{hdrs.SERVER}: {name}"


_LENGTH = f"\r\n{hdrs.CONTENT_LENGTH}: %d".encode("ascii")
_COOKIE = f"\r\n{hdrs.SET_COOKIE}: %b".encode("ascii")

head: Callable[[int, str | None], Head] = functools.lru_cache(maxsize=None, typed=True)(Head)
"""Return the one head of its kind."""

# All that no line has in it but the tab (RFC 9110 §5.5).
_CONTROLS = bytes({*range(32), 127} - {ord("\t")})
_UNPRINTABLE = re.compile("[\0-\x08\x0a-\x1f\x7f\ud800-\udfff]").search

# What reading leaves in the dictionary of an instance, and what the body's setter does.
_BY_READING = frozenset({"_content_type", "_content_dict", "_stored_content_type", "_compressed_body"})


class PlainResponse(web.Response):
    """An answer of a head and a body.

    Args:
        head: What comes before the body.
        body: What comes then.
    """

    # The dictionary of an instance holds only what is not as it was made.
    __slots__ = (
        "_body",
        "_cookies",
        "_head",
        "_is_built",
        "_is_sent",
        "_is_told",
        "_length",
        "_lines",
        "_own_headers",
        "_ready_for",
        "is_conditional",
    )

    __http_exception__ = False  # as aiohttp asks of each response

    _body: Any
    _cookies: SimpleCookie | None

    is_conditional: bool
    """Whether a request may ask for it only if it has changed: it has an entity tag that was made of its value."""

    def __init__(self, head: Head, body: bytes) -> None:
        self._head = head
        self._body = body
        self._own_headers: CIMultiDict[str] | None = None
        self._lines: tuple[int, bytes] | None = None
        self._cookies = None
        self._is_built = False
        self._ready_for: web.BaseRequest | None = None
        self._is_sent = False
        self._is_told = False
        self._length = 0
        self.is_conditional = False

    def is_as_made(self) -> bool:
        """Return whether nobody has changed or prepared it, or asked for its headers."""
        return not (
            self.__dict__
            or self._own_headers is not None
            or self._cookies is not None
            or self._is_sent
            or self._ready_for is not None
        )

    def is_sendable(self) -> bool:
        """Return whether no more was set than headers and cookies, and these hold no control character.

        Raises:
            ValueError: A header holds what UTF-8 cannot hold.
        """
        if self.__dict__ and self._is_changed():
            return False
        headers, cookies = self._own_headers, self._cookies
        if headers is not None:
            lines = self._written(headers)
            if len(lines) - len(lines.translate(None, _CONTROLS)) != 2 * (len(headers) - 1 if headers else 0):
                return False
        return not cookies or not any(map(_UNPRINTABLE, _cookie_texts(cookies)))

    def _written(self, headers: CIMultiDict[str]) -> bytes:
        """Return the lines of headers, which are made again only where these have changed."""
        version = getversion(headers)  # type: ignore[arg-type]  # of whatever values
        if self._lines is None or self._lines[0] != version:
            self._lines = version, "\r\n".join(map(": ".join, headers.items())).encode()
        return self._lines[1]

    def _is_changed(self) -> bool:
        changed = self.__dict__
        return bool(changed) and not changed.keys() <= _BY_READING

    async def prepare(self, request: web.BaseRequest) -> AbstractStreamWriter | None:
        """Be ready to be sent as it is, if that may be; else do as aiohttp does."""
        if self._is_sent:
            return None
        if self._ready_for is not None:
            return self._ready_for.writer
        body, headers = self._body, self._own_headers
        if (
            (self.__dict__ and self._is_changed())
            or type(body) is not bytes
            or len(body) > _LARGEST
            or (headers is not None and not _are_plain(headers, body))
            or not _goes_plain(request)
        ):
            return await self._prepare_as_aiohttp(request)
        self._ready_for = request
        return request.writer

    async def write_eof(self, data: bytes = b"") -> None:
        """Send the whole as it is, where that may be still; else do as aiohttp does."""
        if self._is_sent:
            return
        request = self._ready_for
        body, headers, cookies = self._body, self._own_headers, self._cookies
        if (
            request is None
            or data
            or (self.__dict__ and self._is_changed())
            or type(body) is not bytes
            or (headers is not None and not _are_plain(headers, body))
        ):
            await self._leave_plain_way()
            await super().write_eof(data)
            return
        writer = request.writer
        server = writer.state.name if type(writer) is ServerWriter else SERVER_NAME
        if headers is None and cookies is None:
            whole = self._head.before(body, server)
        else:
            headers = self._headers
            lines = b"\r\n" + self._written(headers) if headers else b""
            whole = self._head.before_with(headers, lines, cookies, body, server)
        self._ready_for = None
        self._is_sent = True
        await writer.write_eof(whole)
        self._length = writer.output_size

    async def write(self, data: bytes | bytearray | memoryview) -> None:
        """Write more, as aiohttp does."""
        await self._leave_plain_way()
        await super().write(data)

    async def _leave_plain_way(self) -> None:
        request, self._ready_for = self._ready_for, None
        if request is not None:
            await self._prepare_as_aiohttp(request)

    async def _prepare_as_aiohttp(self, request: web.BaseRequest) -> AbstractStreamWriter | None:
        self.headers.setdefault(hdrs.SERVER, SERVER_NAME)
        return await super().prepare(request)

    @property
    def status(self) -> int:
        """The status, also of an answer that is not built."""
        status: int = self.__dict__.get("_status", self._head.status)
        return status

    @property
    def prepared(self) -> bool:
        """Whether it was sent, or is about to be."""
        return self._is_sent or self._ready_for is not None or super().prepared

    @property
    def keep_alive(self) -> bool | None:
        """Whether the connection stays open; None where that is not known yet."""
        plain = self._is_sent or self._ready_for is not None
        if plain and not self.__dict__:
            return True
        keep_alive = super().keep_alive
        return True if plain and keep_alive is None else keep_alive

    @property
    def body_length(self) -> int:
        """How many bytes were sent, the head included, as aiohttp counts."""
        return self._length or super().body_length

    @property
    def headers(self) -> CIMultiDict[str]:
        """The headers; they may be changed."""
        return self._headers

    @property  # type: ignore[override]  # an attribute of aiohttp's
    def _headers(self) -> CIMultiDict[str]:
        headers = self._own_headers
        if headers is None:
            headers = self._own_headers = self._head.headers.copy()
        if self._is_sent and not self._is_told:
            self._tell_headers(headers)
        return headers

    @_headers.setter
    def _headers(self, headers: CIMultiDict[str]) -> None:  # pyright: ignore[reportIncompatibleVariableOverride]
        self._own_headers = headers

    def _tell_headers(self, headers: CIMultiDict[str]) -> None:
        """Add what was sent with the rest, for who logs it."""
        self._is_told = True
        if self._head.has_length:
            headers[hdrs.CONTENT_LENGTH] = str(len(self._body))
        for cookie in (self._cookies or {}).values():
            headers.add(hdrs.SET_COOKIE, cookie.OutputString())
        headers.setdefault(hdrs.DATE, _date(int(time.time())))
        if self._head.server is not None:
            headers.setdefault(hdrs.SERVER, self._head.server)

    def _build(self) -> None:
        """Put all there that aiohttp's response has."""
        self._is_built = True
        headers, cookies, body = self._headers, self._cookies, self._body
        changed = dict(self.__dict__)  # by what sets without a look, as `set_status` does
        super().__init__(status=self._head.status, reason=title(self._head.status) or None)
        self._headers, self._cookies, self._body = headers, cookies, body
        self.__dict__.update(changed)

    def __repr__(self) -> str:
        if self._is_sent or self._ready_for is not None:
            return f"<{type(self).__name__} {self.reason} {'eof' if self._is_sent else 'prepared'}>"
        return super().__repr__()

    if not TYPE_CHECKING:  # type checkers would take any name for an attribute's

        def __getattr__(self, name: str) -> Any:
            """Return an attribute that aiohttp's response has once it is built."""
            if name.startswith("__") or name in PlainResponse.__slots__ or self._is_built:
                raise AttributeError(f"{type(self).__qualname__!r} object has no attribute {name!r}")
            self._build()
            return getattr(self, name)


def _are_plain(headers: CIMultiDict[str], body: bytes) -> bool:
    """Return whether `headers` leave the framing of the answer, and its connection, as they are."""
    return not (
        hdrs.CONTENT_LENGTH in headers
        or hdrs.TRANSFER_ENCODING in headers
        or hdrs.CONNECTION in headers
        or (body and hdrs.CONTENT_TYPE not in headers)
    )


def _goes_plain(request: web.BaseRequest) -> bool:
    """Return whether an answer to `request` is sent in the one usual way, and nobody else has a say in it."""
    writer: Any = request.writer
    kind = type(writer)
    if not (
        request.version == HttpVersion11
        and request.keep_alive
        and request.method not in _BODILESS_METHODS
        # A server that stops says so in each head.
        and (kind is StreamWriter or (kind is ServerWriter and not writer.state.is_stopping))
        # No part of another answer is out, or waits to be.
        and not (writer.output_size or writer.chunked)
        and writer.length is None
        and isinstance(request, web.Request)
    ):
        return False
    for app in request.match_info.apps:
        receivers = app.on_response_prepare
        if receivers and not (len(receivers) == 1 and getattr(receivers[0], "__ponty_for_streams__", False)):
            return False
    return True


_LARGEST = 2**16
"""How many bytes a body may have to be copied behind its head; copying more costs more than it saves."""

_BODILESS_METHODS = frozenset({hdrs.METH_HEAD, hdrs.METH_CONNECT})
