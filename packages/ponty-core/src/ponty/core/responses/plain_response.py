"""Plain answers: those that Ponty itself makes, sent in one write if no more than their headers was changed.

aiohttp prepares a response in many steps, so that a program can change something at each of them. In an answer that
Ponty makes, all but the body is known beforehand. Its states:

- *as made*: a head and a body.
- *carrying*: a program has read its headers, set a cookie, or added further headers. Their values at the end are
  written with the rest, in aiohttp's order. Reading the status, the body or the media type changes nothing.
- *ready*: it was prepared for a request, and will be sent as it is. Nothing is written yet.
- *sent*: the server has ended it, and all of it is written. It may still be read, by an access log.
- *changed*: a program has set something else. If the answer is not sent yet, it is now like any response of aiohttp,
  and is prepared and sent in aiohttp's way.

Headers with control characters are never written here.
"""

from aiohttp import hdrs, web
from aiohttp.abc import AbstractStreamWriter
from multidict import getversion

from ponty.core.responses.lazy_response import LazyResponse
from ponty.core.responses.noted_headers import noted, noted_sets
from ponty.core.responses.plain_way import goes_plain
from ponty.core.responses.written_cookies import written_cookies
from ponty.core.responses.written_headers import are_clean
from ponty.core.wire.server_state import SERVER_NAME
from ponty.core.wire.server_writer import ServerWriter


class PlainResponse(LazyResponse):
    """An answer made from a head and a body, and sent in one write if possible."""

    __slots__ = ()

    def is_as_made(self) -> bool:
        """Return whether the answer is unchanged and unprepared, and its headers were not read."""
        return not (
            self.__dict__
            or self._own_headers is not None
            or self._further
            or self._set_cookies
            or self._jar is not None
            or self._is_sent
            or self._ready_for is not None
        )

    def is_settled(self) -> bool:
        """Return whether only valid headers were set, and the answer is neither sent, prepared nor conditional.

        Raises:
            ValueError: A header holds half a character, which UTF-8 cannot encode.
            TypeError: The value of a header is not a text.
        """
        if (
            self.__dict__
            or self._jar is not None
            or self._ready_for is not None
            or self._is_sent
            or self.is_conditional
        ):
            return False
        headers = self._own_headers
        if headers is None:
            return True
        if self._further or self._version != getversion(headers):  # type: ignore[arg-type]  # values of any type
            self._look_through(headers)
        return self._lines is not None or are_clean(headers)

    def is_sendable(self) -> bool:
        """Return whether only headers and cookies were set, and these have no control characters.

        Raises:
            ValueError: A header holds half a character, which UTF-8 cannot encode.
            TypeError: The value of a header is not a text.
        """
        if self.__dict__ and self._is_changed():
            return False
        headers, cookies = self._own_headers, self._jar
        if headers is not None and self._own_lines(headers) is None and not are_clean(headers):
            return False
        return not cookies or written_cookies(cookies) is not None

    async def prepare(self, request: web.BaseRequest) -> AbstractStreamWriter | None:
        """Get ready to be sent in one write, if possible; otherwise prepare as aiohttp does."""
        if self._is_sent:
            return None
        if self._ready_for is not None:
            return self._ready_for.writer
        body = self._body
        if (  # the headers are checked when they are written
            (self.__dict__ and self._is_changed()) or type(body) is not bytes or not goes_plain(request)
        ):
            return await self._prepare_as_aiohttp(request)
        if noted.get(None) is not None:  # by middlewares to which the handler has not returned
            for further in noted_sets():
                self.carry_all(further)
        self._ready_for = request
        return request.writer

    async def write_eof(self, data: bytes = b"") -> None:
        """Send the whole answer in one write, if that is still possible; otherwise do as aiohttp does."""
        if self._is_sent:
            return
        request = self._ready_for
        whole = None if request is None or data else self._whole(request.writer)
        if request is None or whole is None:
            await self._leave_plain_way()
            await super().write_eof(data)
            return
        writer = request.writer
        if len(self._body) > _LARGEST_COPIED:
            await writer.write(whole)
            whole = self._body
        self._ready_for = None
        self._is_sent = True
        self._shown = None
        await writer.write_eof(whole)
        self._length = writer.output_size

    def send(self, request: web.BaseRequest) -> bool:
        """Send the whole answer in one write if possible, and return whether it was sent.

        This is faster than `prepare` and `write_eof`.

        Args:
            request: A request of HTTP/1.1, not HEAD, whose connection stays open, in an application that does not
                change plain answers (see `has_a_say`).
        """
        writer, body = request.writer, self._body
        if (
            self._is_sent
            or self._ready_for is not None
            or type(body) is not bytes
            or len(body) > _LARGEST
            or type(writer) is not ServerWriter
            or not writer.is_fresh()
        ):
            return False
        whole = self._whole(writer)
        if whole is None:
            return False
        try:
            writer.write_whole(whole)
        except ConnectionError:  # the client has left; aiohttp notices and logs that
            return False
        self._is_sent = True
        self._shown = None
        self._length = len(whole)
        return True

    def _whole(self, writer: AbstractStreamWriter) -> bytes | None:
        """Return the bytes of the whole answer; None if it has to be sent as aiohttp does.

        A body that is too large to be copied is left out, and has to be sent after them.
        """
        head, body, headers, cookies = self._head, self._body, self._own_headers, b""
        lines, fixed = head.lines, None
        if headers is not None:
            own = self._own_lines(headers)
            if own is None or not (own.has_type or not body):
                return None
            lines = own.lines
            if own.is_fixed:
                fixed = headers
        if self._set_cookies:
            cookies = b"".join([cookie.line for cookie in self._set_cookies])
        elif self._jar:
            written = written_cookies(self._jar)
            if written is None:
                return None
            cookies = written
        if type(body) is not bytes or (self.__dict__ and self._is_changed()):
            return None
        server = writer.state.name if type(writer) is ServerWriter else SERVER_NAME
        more = self._further_lines
        if len(body) > _LARGEST:
            start = head.alone(lines + more, cookies, len(body), server, fixed)
            return start if len(body) > _LARGEST_COPIED else b"".join((start, body))
        if headers is not None or more or cookies:
            return head.before_with(lines + more if more else lines, cookies, body, server, fixed)
        return head.before(body, server)

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
    def prepared(self) -> bool:
        """Whether the answer was sent, or is ready to be sent."""
        return self._is_sent or self._ready_for is not None or super().prepared

    @property
    def keep_alive(self) -> bool | None:
        """Whether the connection stays open; None if that is not known yet."""
        plain = self._is_sent or self._ready_for is not None
        if plain and not self.__dict__:
            return True
        keep_alive = super().keep_alive
        return True if plain and keep_alive is None else keep_alive

    @property
    def body_length(self) -> int:
        """The number of bytes that were sent, with the head, as aiohttp counts."""
        return self._length or super().body_length

    def __repr__(self) -> str:
        if self._is_sent or self._ready_for is not None:
            return f"<{type(self).__name__} {self.reason} {'eof' if self._is_sent else 'prepared'}>"
        return super().__repr__()


_LARGEST = 2**16
"""The most bytes of a body that is formatted together with its head, which copies the body several times."""

_LARGEST_COPIED = 2**18
"""The most bytes of a body that is copied into one piece with its head; copying more is slower than a second write."""
