"""A lazy answer: it makes the attributes of aiohttp's response only when they are first read.

It is made from a head and a body. Its headers are encoded again only if they have changed, which their version shows.
Further headers, from middlewares, are kept apart from the answer's own as long as no name is in both. When some code
reads or has changed the headers, they are merged. A cookie is kept as its encoded line, and the values from which the
line was made. When some code reads the cookies, or sets another one of the same name, all of them are put into a cookie
jar, as in aiohttp.

aiohttp's response keeps its attributes in the dictionary of the instance. Here they are put there when one of them is
first read, so none is ever missing; attributes that were set before keep their values. Until the answer is sent, this
dictionary shows whether the answer was changed. Headers, cookies and body are kept outside of it, so they can be used
without building the rest.
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

# The attributes that reading, or the setter of the body, leaves in the dictionary of an instance.
_BY_READING = frozenset({"_content_type", "_content_dict", "_stored_content_type", "_compressed_body"})


class _SetCookie(msgspec.Struct, gc=False):
    """A cookie that was set: its encoded line, and the arguments of `set_cookie`.

    Args:
        name: The name.
        value: The value.
        attributes: The other arguments.
        line: The encoded line.
    """

    name: str
    value: str
    attributes: CookieAttributes
    line: bytes


class LazyResponse(web.Response):
    """An answer made from a head and a body, with what was added to them.

    Args:
        head: The bytes before the body.
        body: The body.
    """

    # The dictionary of an instance is only for attributes that were built or changed.
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

    __http_exception__ = False  # aiohttp expects this of each response

    _body: Any

    is_conditional: bool
    """Whether a conditional request may get a 304: the answer has an entity tag that was made from its value."""

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
        """The status, also if the attributes of aiohttp's response are not built."""
        status: int = self.__dict__.get("_status", self._head.status)
        return status

    @property
    def headers(self) -> CIMultiDict[str]:
        """The headers; they may be changed."""
        shown = self._shown
        return self._show() if shown is None else shown

    def _show(self) -> CIMultiDict[str]:
        """Return the headers, with further ones merged in."""
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
        """Return the answer's own encoded headers; they are encoded again only if they have changed.

        Returns:
            The lines; None if aiohttp has to write them.
        """
        if self._version != getversion(headers):  # type: ignore[arg-type]  # values of any type
            self._look_through(headers)
        return self._lines

    def _look_through(self, headers: CIMultiDict[str]) -> None:
        if self._further:
            self._take_in(headers)  # a header that is new here may be among the further ones
        self._lines = lines_of(headers)
        self._version = getversion(headers)  # type: ignore[arg-type]  # values of any type

    def carry(self, further: FurtherHeaders) -> None:
        """Add further headers, unless the answer was sent or prepared already."""
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
        """Add several sets of further headers; the last set is written first."""
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
        """Set a cookie, as aiohttp does; its object is made only when some code reads the cookies."""
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
        """Add the headers that were sent besides, so that a log can show them."""
        self._is_told = True
        if self._head.has_length:
            headers[hdrs.CONTENT_LENGTH] = str(len(self._body))
        for cookie in (self._cookies or {}).values():
            headers.add(hdrs.SET_COOKIE, cookie.OutputString())
        headers.setdefault(hdrs.DATE, date(int(time.time())))
        if self._head.server is not None:
            headers.setdefault(hdrs.SERVER, self._head.server)

    def build(self) -> None:
        """Make all attributes of aiohttp's response, if they are not there yet."""
        if self._is_built:
            return
        self._is_built = True
        headers, jar, made, body = self._headers, self._jar, self._set_cookies, self._body
        changed = dict(self.__dict__)  # by methods that set attributes without reading any, such as `set_status`
        super().__init__(status=self._head.status, reason=title(self._head.status) or None)
        self._headers, self._jar, self._set_cookies, self._body = headers, jar, made, body  # pyright: ignore[reportIncompatibleVariableOverride]
        self.__dict__.update(changed)


class _Built:
    """An attribute of aiohttp's response: reading it builds all attributes in the dictionary of the instance.

    A `__getattr__` would do the same, but it makes all attributes of its class slower to read.

    Args:
        name: The name of the attribute.
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
