"""Plain answers: those that Ponty itself makes, sent in one write where nobody has laid a hand on them.

aiohttp prepares a response in many steps, so that a program may have its say at each of them. Of an answer that Ponty
makes, all but the body is known beforehand. Its states:

- *as made*: a head and a body. It is sent as they are.
- *built*: somebody has read or changed something of it. From then on it is a response like any other of aiohttp's, and
  is looked through and sent as such. Building it is also what an attribute does that aiohttp's response has and that is
  not there yet, so nothing can be read or changed that is not built.
- *sent*: the server has sent it as it was made. It may still be built, for who logs it, and cannot be sent again.
"""

import functools
import time
from collections.abc import Callable
from email.utils import formatdate
from typing import TYPE_CHECKING, Any

from aiohttp import HttpVersion11, hdrs, payload, web
from aiohttp.abc import AbstractStreamWriter
from aiohttp.http import SERVER_SOFTWARE, StreamWriter
from multidict import CIMultiDict

from ponty.core.errors import check_status, title


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
        self._start = b""

    def before(self, body: bytes) -> bytes:
        """Give the bytes of a whole answer (RFC 9112 §2.1)."""
        second = int(time.time())
        if second != self._second:
            lines = [f"HTTP/1.1 {self.status} {title(self.status)}", *map(": ".join, self._fields(second))]
            self._start = "\r\n".join([*lines, f"{hdrs.CONTENT_LENGTH}: "]).encode("ascii")
            self._second = second
        return b"%b%d\r\n\r\n%b" % (self._start, len(body), body)

    def sent_before(self, body: bytes) -> list[tuple[str, str]]:
        """Give the headers that were last sent before `body`."""
        return [*self._fields(self._second), (hdrs.CONTENT_LENGTH, str(len(body)))]

    def _fields(self, second: int) -> list[tuple[str, str]]:
        return [
            (hdrs.CONTENT_TYPE, self.content_type),
            (hdrs.DATE, formatdate(second, usegmt=True)),
            (hdrs.SERVER, SERVER_SOFTWARE),
        ]


head: Callable[[int, str], Head] = functools.lru_cache(maxsize=None, typed=True)(Head)
"""Give the one head of its kind."""


class PlainResponse(web.Response):
    """An answer of a head and a body.

    Args:
        head: What comes before the body.
        body: What comes then.
    """

    __slots__ = ("_content", "_head", "_is_built", "_sent")  # so that a dictionary holds only what is not as made

    __http_exception__ = False  # as aiohttp asks of each response

    def __init__(self, head: Head, body: bytes) -> None:
        self._head = head
        self._content = body
        self._is_built = False
        self._sent = 0

    def is_as_made(self) -> bool:
        """Tell whether nobody has read or changed a part of it, and it was not sent."""
        return not (self.__dict__ or self._sent)

    async def prepare(self, request: web.BaseRequest) -> AbstractStreamWriter | None:
        """Send the whole as it was made, if it may be; else do as aiohttp does."""
        if self._sent:
            return None
        if self.__dict__ or not (self._head.has_body and _goes_plain(request)):
            return await super().prepare(request)
        message = self._head.before(self._content)
        self._sent = len(message)
        writer = request.writer
        await writer.write_eof(message)
        return writer

    async def write_eof(self, data: bytes = b"") -> None:
        """End the answer, as aiohttp does."""
        if not self._sent:
            await super().write_eof(data)

    @property
    def prepared(self) -> bool:
        """Whether it was sent, or is being sent."""
        return self._sent > 0 or super().prepared

    @property
    def keep_alive(self) -> bool | None:
        """Whether the connection stays open; None where that is not known yet."""
        return self._sent > 0 or super().keep_alive

    @property
    def body_length(self) -> int:
        """How many bytes were sent, the head included, as aiohttp counts."""
        return self._sent or super().body_length

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
            headers = head.sent_before(body) if self._sent else [(hdrs.CONTENT_TYPE, head.content_type)]
            changed = dict(self.__dict__)  # by what sets without a look, as `set_status` does
            super().__init__(status=head.status, headers=CIMultiDict(headers), body=body)
            self.__dict__.update(changed)

    if not TYPE_CHECKING:  # type checkers would take any name for an attribute's

        def __getattr__(self, name: str) -> Any:
            """Give an attribute that aiohttp's response has once it is built."""
            if self._is_built or name.startswith("__"):
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
    for app in request.match_info.apps:  # noqa: SIM110 - any() would make a generator for each request
        if app.on_response_prepare:
            return False
    return True


_BODILESS_METHODS = frozenset({hdrs.METH_HEAD, hdrs.METH_CONNECT})
