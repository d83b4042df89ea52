"""An answer that holds no more than was asked of it: what aiohttp's response keeps is made when it is first read.

It is made of a head and a body. Headers are looked through and encoded when they were changed, which their version
tells, and not at each step. Further headers stand beside the answer's own as long as no name is in both; when somebody
asks for the headers, or has changed them, they are among them. A cookie that was set is a line, and what the line was
made of, until somebody asks for the cookies or sets another of its name: then all of them are set once more, in a jar
as aiohttp has it.

What aiohttp's response keeps in the dictionary of an instance is put there when it is first read, so nothing can be
read that is not there; and what was set before stays as it was set. Until it is sent, that dictionary tells whether the
answer was changed. The headers, the cookies and the body stand apart from it, so that they can be had without.
"""

import time
from collections.abc import Sequence
from http.cookies import SimpleCookie
from typing import Any

import msgspec
from aiohttp import hdrs, web
from multidict import CIMultiDict, getversion

from ponty.core.responses.further_headers import FurtherHeaders, are_apart
from ponty.core.responses.header_sets import HeaderLines, lines_of
from ponty.core.responses.heads import Head, date
from ponty.core.responses.statuses import title
from ponty.core.responses.written_cookies import CookieAttributes, by_name, written_cookie

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


class LazyResponse(web.Response):
    """An answer of a head and a body, and of what was added to them.

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

    @property
    def status(self) -> int:
        """The status, also of an answer that is not built."""
        status: int = self.__dict__.get("_status", self._head.status)
        return status

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


class _Built:
    """An attribute that aiohttp's response keeps in the dictionary of an instance: who reads it has that built.

    A `__getattr__` would do the same, and make each attribute of a class that has one slower to read.

    Args:
        name: Its name.
    """

    def __init__(self, name: str) -> None:
        self._name = name

    def __get__(self, answer: LazyResponse | None, kind: type[LazyResponse]) -> Any:
        if answer is None:
            return self
        answer.build()
        try:
            return vars(answer)[self._name]
        except KeyError:
            raise AttributeError(f"{kind.__qualname__!r} object has no attribute {self._name!r}") from None


for _name in vars(web.Response()):
    if not hasattr(LazyResponse, _name):
        setattr(LazyResponse, _name, _Built(_name))
