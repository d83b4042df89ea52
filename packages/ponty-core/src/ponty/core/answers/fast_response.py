"""Plain answers: those that Ponty itself makes, sent in one write where nobody has laid a hand on them.

aiohttp prepares a response in many steps, so that a program may have its say at each of them. Of an answer that Ponty
makes, all but the body is known beforehand. Its states:

- *as made*: a head and a body.
- *ready*: it was prepared for a request, and is to be sent as it was made. Nothing is out yet.
- *sent*: the server has ended it, and all of it is out. It may still be built, for who logs it.
- *built*: somebody has read or changed something of it. If it is not sent yet, it is a response like any other of
  aiohttp's from then on, and is looked through, prepared and sent as such.

Building it is also what an attribute does that aiohttp's response has and that is not there yet, so nothing can be read
that is not built; and what was set before stays as it was set. Until it is sent, whatever is found in the dictionary of
the instance tells that it is not as it was made.
"""

import functools
import time
from collections.abc import Callable, Mapping
from email.utils import formatdate
from typing import TYPE_CHECKING, Any

from aiohttp import HttpVersion11, hdrs, payload, web
from aiohttp.abc import AbstractStreamWriter
from aiohttp.http import SERVER_SOFTWARE, StreamWriter
from multidict import CIMultiDict

from ponty.core.answers.errors import check_status, title
from ponty.core.answers.merging import merge_headers


class Head:
    """What comes before the body of answers that differ in nothing else.

    Args:
        status: The HTTP status.
        content_type: The value of the header.

    Raises:
        ValueError: `status` is outside 200 to 599.
    """

    def __init__(self, status: int, content_type: str) -> None:
        check_status(status)
        self.status: int = status
        self.content_type: str = content_type
        self.has_body: bool = status not in {204, 304}  # RFC 9110 §6.4.1
        self._second: int = -1
        line = f"HTTP/1.1 {status} {title(status)}"
        self._start = f"{line}\r\n{hdrs.CONTENT_TYPE}: {content_type}\r\n{hdrs.CONTENT_LENGTH}: ".encode("ascii")
        self._end = b""

    def before(self, body: bytes, further: dict[str, str] | None = None) -> bytes:
        """Give the bytes of a whole answer (RFC 9112 §2.1), with the headers in aiohttp's order, and then `further`."""
        second = int(time.time())
        if second != self._second:
            self._end = f"\r\n{hdrs.DATE}: {_date(second)}\r\n{hdrs.SERVER}: {SERVER_SOFTWARE}\r\n\r\n".encode("ascii")
            self._second = second
        if further:
            lines = "".join(f"\r\n{name}: {value}" for name, value in further.items()).encode()
            return b"%b%d%b%b%b" % (self._start, len(body), lines, self._end, body)
        return b"%b%d%b%b" % (self._start, len(body), self._end, body)

    def sent_before(self, body: bytes) -> dict[str, str]:
        """Give the headers that were last sent before `body`."""
        return {
            hdrs.CONTENT_TYPE: self.content_type,
            hdrs.CONTENT_LENGTH: str(len(body)),
            hdrs.DATE: _date(self._second),
            hdrs.SERVER: SERVER_SOFTWARE,
        }


def _date(second: int) -> str:
    return formatdate(second, usegmt=True)


head: Callable[[int, str], Head] = functools.lru_cache(maxsize=None, typed=True)(Head)
"""Give the one head of its kind."""


class PlainResponse(web.Response):
    """An answer of a head and a body.

    Args:
        head: What comes before the body.
        body: What comes then.
    """

    # The dictionary of an instance holds only what is not as it was made.
    __slots__ = ("_content", "_further", "_head", "_is_built", "_is_sent", "_length", "_ready_for")

    __http_exception__ = False  # as aiohttp asks of each response

    def __init__(self, head: Head, body: bytes) -> None:
        self._head = head
        self._content = body
        self._is_built = False
        self._ready_for: web.BaseRequest | None = None
        self._is_sent = False
        self._length = 0
        self._further: dict[str, str] | None = None

    def carry(self, headers: Mapping[str, str], *, keep: bool = False) -> None:
        """Carry further headers, other than those of the head, as long as it is as made.

        Args:
            headers: The headers. They hold nothing that a header cannot.
            keep: Whether a header that is carried already stays as it is.
        """
        if self._further is None:
            self._further = {}
        merge_headers(self._further, headers, keep=keep)

    def replace_body(self, body: bytes) -> None:
        """Have another body, as long as it is as made."""
        self._content = body

    def as_made(self) -> tuple[Head, bytes]:
        """Return what it was made of."""
        return self._head, self._content

    def is_as_made(self) -> bool:
        """Tell whether nobody has read, changed or prepared it."""
        return not (self.__dict__ or self._is_sent or self._ready_for is not None)

    async def prepare(self, request: web.BaseRequest) -> AbstractStreamWriter | None:
        """Be ready to be sent as it was made, if that may be; else do as aiohttp does."""
        if self._is_sent:
            return None
        if self._ready_for is not None:
            return self._ready_for.writer
        head, body = self._head, self._content
        if self.__dict__ or not (head.has_body and len(body) <= _LARGEST and _goes_plain(request)):
            return await super().prepare(request)
        self._ready_for = request
        return request.writer

    async def write_eof(self, data: bytes = b"") -> None:
        """Send the whole as it was made, where that is so still; else do as aiohttp does."""
        if self._is_sent:
            return
        request = self._ready_for
        if request is None or self.__dict__ or data:
            await self._leave_plain_way()
            await super().write_eof(data)
            return
        self._ready_for = None
        self._is_sent = True
        writer = request.writer
        await writer.write_eof(self._head.before(self._content, self._further))
        self._length = writer.output_size

    async def write(self, data: bytes | bytearray | memoryview) -> None:
        """Write more, as aiohttp does."""
        await self._leave_plain_way()
        await super().write(data)

    async def _leave_plain_way(self) -> None:
        request, self._ready_for = self._ready_for, None
        if request is not None:
            await super().prepare(request)

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
    def body(self) -> bytes | bytearray | payload.Payload | None:
        """The body, which aiohttp would find empty in what is not built."""
        self._build()
        return super().body

    @body.setter
    def body(self, body: Any) -> None:
        self._build()
        _body_of_aiohttp.__set__(self, body)

    @property
    def text(self) -> str | None:
        """The body as text, likewise."""
        self._build()
        return super().text

    @text.setter
    def text(self, text: str) -> None:
        _text_of_aiohttp.__set__(self, text)

    def _build(self) -> None:
        if not self._is_built:
            self._is_built = True
            head, body = self._head, self._content
            headers = head.sent_before(body) if self._is_sent else {hdrs.CONTENT_TYPE: head.content_type}
            headers |= self._further or {}
            changed = dict(self.__dict__)  # by what sets without a look, as `set_status` does
            super().__init__(status=head.status, headers=CIMultiDict(headers), body=body)
            self.__dict__.update(changed)

    def __repr__(self) -> str:
        if self._is_sent or self._ready_for is not None:
            return f"<{type(self).__name__} {self.reason} {'eof' if self._is_sent else 'prepared'}>"
        return super().__repr__()

    if not TYPE_CHECKING:  # type checkers would take any name for an attribute's

        def __getattr__(self, name: str) -> Any:
            """Give an attribute that aiohttp's response has once it is built."""
            if name.startswith("__") or name in PlainResponse.__slots__ or self._is_built:
                raise AttributeError(f"{type(self).__qualname__!r} object has no attribute {name!r}")
            self._build()
            return getattr(self, name)


_body_of_aiohttp: Any = web.Response.body
_text_of_aiohttp: Any = web.Response.text


def _goes_plain(request: web.BaseRequest) -> bool:
    """Tell whether an answer to `request` is sent in the one usual way, and nobody else has a say in it."""
    writer = request.writer
    if not (
        request.version == HttpVersion11
        and request.keep_alive
        and request.method not in _BODILESS_METHODS
        and type(writer) is StreamWriter
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
