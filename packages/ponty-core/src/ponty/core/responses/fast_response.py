"""Plain answers: those that Ponty itself makes, sent in one write where nobody has changed more than their headers.

aiohttp prepares a response in many steps, so that a program may have its say at each of them. Of an answer that Ponty
makes, all but the body is known beforehand. Its states:

- *as made*: a head and a body.
- *carrying*: somebody has asked for its headers, set a cookie, or sends further headers along. Whatever these hold by
  then is written with the rest, in aiohttp's order. What is read besides (status, body, media type) changes nothing.
  A cookie that was set is a line, and what the line was made of, until somebody asks for the cookies or sets another of
  its name: then all of them are set once more, in a jar as aiohttp has it.
- *ready*: it was prepared for a request, and is to be sent as it is. Nothing is out yet.
- *sent*: the server has ended it, and all of it is out. It may still be read, by who logs it.
- *changed*: somebody has set something else of it. If it is not sent yet, it is a response like any other of aiohttp's
  from then on, and is prepared and sent as such.

What aiohttp's response keeps in the dictionary of an instance is put there when it is first read, so nothing can be
read that is not there; and what was set before stays as it was set. Until it is sent, that dictionary tells whether the
answer was changed. The headers, the cookies and the body stand apart from it, so that they can be had without.

Headers are looked through and encoded when they were changed, which their version tells, and not at each step. Further
headers stand beside the answer's own as long as no name is in both; when somebody asks for the headers, or has changed
them, they are among them. Nothing that holds a control character is ever written here.
"""

import time
from collections.abc import Sequence
from http.cookies import SimpleCookie
from typing import Any

import msgspec
from aiohttp import HttpVersion11, hdrs, web
from aiohttp.abc import AbstractStreamWriter
from aiohttp.http import StreamWriter
from multidict import CIMultiDict, getversion

from ponty.core.responses.further_headers import FurtherHeaders, are_apart
from ponty.core.responses.header_sets import HeaderLines, lines_of
from ponty.core.responses.heads import Head, date
from ponty.core.responses.noted_headers import add_noted_headers
from ponty.core.responses.statuses import title
from ponty.core.responses.written_cookies import CookieAttributes, by_name, written_cookie, written_cookies
from ponty.core.responses.written_headers import are_clean
from ponty.core.wire.server_state import SERVER_NAME
from ponty.core.wire.server_writer import ServerWriter

# What reading leaves in the dictionary of an instance, and what the body's setter does.
_BY_READING = frozenset({"_content_type", "_content_dict", "_stored_content_type", "_compressed_body"})


class _SetCookie(msgspec.Struct, gc=False):
    """A cookie that was set, as it is written, and what it was set by.

    Args:
        name: Its name.
        value: Its value.
        attributes: The rest.
        line: What is written.
    """

    name: str
    value: str
    attributes: CookieAttributes
    line: bytes


class PlainResponse(web.Response):
    """An answer of a head and a body.

    Args:
        head: What comes before the body.
        body: What comes then.
    """

    # The dictionary of an instance holds only what is not as it was made.
    __slots__ = (
        "_body",
        "_further",
        "_further_lines",
        "_head",
        "_is_built",
        "_is_sent",
        "_is_told",
        "_jar",
        "_length",
        "_lines",
        "_own_headers",
        "_ready_for",
        "_set_cookies",
        "_shown",
        "_version",
        "is_conditional",
    )

    __http_exception__ = False  # as aiohttp asks of each response

    _body: Any

    is_conditional: bool
    """Whether a request may ask for it only if it has changed: it has an entity tag that was made of its value."""

    def __init__(self, head: Head, body: bytes) -> None:
        self._head = head
        self._body = body
        self._own_headers: CIMultiDict[str] | None = None
        self._shown: CIMultiDict[str] | None = None
        self._version = -1
        self._lines: HeaderLines | None = None
        self._further: tuple[FurtherHeaders, ...] = ()
        self._further_lines = b""
        self._jar: SimpleCookie | None = None
        self._set_cookies: tuple[_SetCookie, ...] = ()
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
            or self._further
            or self._set_cookies
            or self._jar is not None
            or self._is_sent
            or self._ready_for is not None
        )

    def is_settled(self) -> bool:
        """Return whether nothing more than good headers was set, and nobody has sent it or has to be asked about it.

        Raises:
            ValueError: A header holds what UTF-8 cannot hold.
            TypeError: The value of a header is no text.
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
        if self._further or self._version != getversion(headers):  # type: ignore[arg-type]  # of whatever values
            self._look_through(headers)
        return self._lines is not None or are_clean(headers)

    def is_sendable(self) -> bool:
        """Return whether no more was set than headers and cookies, and these hold no control character.

        Raises:
            ValueError: A header holds what UTF-8 cannot hold.
            TypeError: The value of a header is no text.
        """
        if self.__dict__ and self._is_changed():
            return False
        headers, cookies = self._own_headers, self._jar
        if headers is not None and self._own_lines(headers) is None and not are_clean(headers):
            return False
        return not cookies or written_cookies(cookies) is not None

    def _own_lines(self, headers: CIMultiDict[str]) -> HeaderLines | None:
        """Return its own headers as they are written, which are looked at again only where they have changed.

        Returns:
            The lines; None where they are for aiohttp to write.
        """
        if self._version != getversion(headers):  # type: ignore[arg-type]  # of whatever values
            self._look_through(headers)
        return self._lines

    def _look_through(self, headers: CIMultiDict[str]) -> None:
        if self._further:
            self._take_in(headers)  # what has come may be one of these
        self._lines = lines_of(headers)
        self._version = getversion(headers)  # type: ignore[arg-type]  # of whatever values

    def carry(self, further: FurtherHeaders) -> None:
        """Send further headers along, unless it was sent or prepared already."""
        if self._is_sent or self._ready_for is not None:
            return
        if self.__dict__ and self._is_changed():
            if not self.prepared:
                further.merge_into(self.headers)
            return
        headers = self._own_headers
        if headers is not None and further.tagged is not None and hdrs.ETAG in headers:
            further = further.tagged
        if (
            further.is_apart
            and all(further.names.isdisjoint(other.names) for other in self._further)
            and (headers is None or self._are_apart(headers, further))
        ):
            self._further = (*self._further, further)
            self._further_lines += further.lines
            self._shown = None
        else:
            further.merge_into(self.headers)

    def carry_all(self, further: Sequence[FurtherHeaders]) -> None:
        """Send several sets of further headers along, of which the last comes first."""
        if (
            self.__dict__
            or self._own_headers is not None
            or self._further
            or self._is_sent
            or self._ready_for is not None
            or not are_apart(further)
        ):
            for more in reversed(further):
                self.carry(more)
        elif len(further) == 1:
            self._further = (further[0],)
            self._further_lines = further[0].lines
        else:
            self._further = (*reversed(further),)
            self._further_lines = b"".join([more.lines for more in self._further])

    def _are_apart(self, headers: CIMultiDict[str], further: FurtherHeaders) -> bool:
        return self._own_lines(headers) is not None and not any(name in headers for name in further.headers)

    def _take_in(self, headers: CIMultiDict[str]) -> None:
        further, self._further, self._further_lines = self._further, (), b""
        for more in further:
            more.merge_into(headers)

    def _is_changed(self) -> bool:
        changed = self.__dict__
        return bool(changed) and not changed.keys() <= _BY_READING

    async def prepare(self, request: web.BaseRequest) -> AbstractStreamWriter | None:
        """Be ready to be sent as it is, if that may be; else do as aiohttp does."""
        if self._is_sent:
            return None
        if self._ready_for is not None:
            return self._ready_for.writer
        body = self._body
        if (  # its headers are looked at when they are written
            (self.__dict__ and self._is_changed()) or type(body) is not bytes or not _goes_plain(request)
        ):
            return await self._prepare_as_aiohttp(request)
        self._ready_for = request
        return request.writer

    async def write_eof(self, data: bytes = b"") -> None:
        """Send the whole as it is, where that may be still; else do as aiohttp does."""
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
        """Send the whole as it is, where that may be, and return whether it was.

        It spares the steps of `prepare` and `write_eof`.

        Args:
            request: One of HTTP/1.1 that is not HEAD, after which its connection stays open, in an application that
                has no say in plain answers.

        Raises:
            ConnectionResetError: The client has left.
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
        self._is_sent = True
        self._shown = None
        writer.write_whole(whole)
        self._length = len(whole)
        return True

    def _whole(self, writer: AbstractStreamWriter) -> bytes | None:
        """Return the bytes of the whole answer; None where it has to be sent as aiohttp does.

        A body that is too large to be copied is left to be sent behind them.
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
        shown = self._shown
        return self._show() if shown is None else shown

    def _show(self) -> CIMultiDict[str]:
        """Return the headers, with all that is among them."""
        headers = self._own_headers
        if headers is None:
            headers = self._own_headers = self._head.headers.copy()
        if self._further:
            self._take_in(headers)
        if self._is_sent and not self._is_told:
            self._tell_headers(headers)
        self._shown = headers
        return headers

    @property  # type: ignore[override]  # an attribute of aiohttp's
    def _headers(self) -> CIMultiDict[str]:
        return self.headers

    @_headers.setter
    def _headers(self, headers: CIMultiDict[str]) -> None:
        self._own_headers = headers
        self._shown = None
        self._version = -1

    def set_cookie(
        self,
        name: str,
        value: str,
        *,
        expires: str | None = None,
        domain: str | None = None,
        max_age: int | str | None = None,
        path: str = "/",
        secure: bool | None = None,
        httponly: bool | None = None,
        version: str | None = None,
        samesite: str | None = None,
        partitioned: bool | None = None,
    ) -> None:
        """Set a cookie, as aiohttp does; it is not made before somebody asks for the cookies."""
        attributes = (expires, domain, max_age, path, secure, httponly, version, samesite, partitioned)
        known = self._set_cookies
        if self._jar is None and not (known and any(cookie.name == name for cookie in known)):
            line = written_cookie(name, value, attributes)
            if line is not None:
                self._set_cookies = (*known, _SetCookie(name, value, attributes, line))
                return
        super().set_cookie(name, value, **by_name(attributes))

    @property
    def _cookies(self) -> SimpleCookie | None:
        if self._set_cookies:
            made, self._set_cookies = self._set_cookies, ()
            for cookie in made:
                super().set_cookie(cookie.name, cookie.value, **by_name(cookie.attributes))
        return self._jar

    @_cookies.setter
    def _cookies(self, cookies: SimpleCookie | None) -> None:  # pyright: ignore[reportIncompatibleVariableOverride]
        self._jar = cookies
        self._set_cookies = ()

    def _tell_headers(self, headers: CIMultiDict[str]) -> None:
        """Add what was sent with the rest, for who logs it."""
        self._is_told = True
        if self._head.has_length:
            headers[hdrs.CONTENT_LENGTH] = str(len(self._body))
        for cookie in (self._cookies or {}).values():
            headers.add(hdrs.SET_COOKIE, cookie.OutputString())
        headers.setdefault(hdrs.DATE, date(int(time.time())))
        if self._head.server is not None:
            headers.setdefault(hdrs.SERVER, self._head.server)

    def build(self) -> None:
        """Put all there that aiohttp's response has, if it is not there yet."""
        if self._is_built:
            return
        self._is_built = True
        headers, jar, made, body = self._headers, self._jar, self._set_cookies, self._body
        changed = dict(self.__dict__)  # by what sets without a look, as `set_status` does
        super().__init__(status=self._head.status, reason=title(self._head.status) or None)
        self._headers, self._jar, self._set_cookies, self._body = headers, jar, made, body  # pyright: ignore[reportIncompatibleVariableOverride]
        self.__dict__.update(changed)

    def __repr__(self) -> str:
        if self._is_sent or self._ready_for is not None:
            return f"<{type(self).__name__} {self.reason} {'eof' if self._is_sent else 'prepared'}>"
        return super().__repr__()


class _Built:
    """An attribute that aiohttp's response keeps in the dictionary of an instance: who reads it has that built.

    A `__getattr__` would do the same, and make each attribute of a class that has one slower to read.

    Args:
        name: Its name.
    """

    def __init__(self, name: str) -> None:
        self._name = name

    def __get__(self, answer: PlainResponse | None, kind: type[PlainResponse]) -> Any:
        if answer is None:
            return self
        answer.build()
        try:
            return vars(answer)[self._name]
        except KeyError:
            raise AttributeError(f"{kind.__qualname__!r} object has no attribute {self._name!r}") from None


for _name in vars(web.Response()):
    if not hasattr(PlainResponse, _name):
        setattr(PlainResponse, _name, _Built(_name))


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
        and (type(request) is web.Request or isinstance(request, web.Request))  # the latter is slow
    ):
        return False
    for app in request.match_info.apps:
        receivers = app.on_response_prepare
        # As `has_a_say` has it, without a call.
        if receivers and (receivers[0] is not add_noted_headers or len(receivers) > 1):
            return False
    return True


_LARGEST = 2**16
"""How many bytes a body may have to be formatted behind its head, which makes room for it several times."""

_LARGEST_COPIED = 2**18
"""How many bytes a body may have to be copied behind its head; copying more costs more than a second write."""

_BODILESS_METHODS = frozenset({hdrs.METH_HEAD, hdrs.METH_CONNECT})
