"""`Outgoing`: a request that a client sends; fields write their values into it.

What is written is what the server reads. A text that would arrive as another text, or that would end the place where it
stands, is refused here; the error does not repeat it. So nothing that a program sends can become a second header,
another path or another parameter.
"""

import re
import urllib.parse
from collections.abc import AsyncIterable, Sequence

from aiohttp import hdrs

from ponty.request.errors import InvalidField

_CONTROLS = re.compile("[\\x00-\\x08\\x0a-\\x1f\\x7f]")
_CONTROLS_OR_TAB = re.compile("[\\x00-\\x1f\\x7f]")
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_PLAIN_COOKIE = re.compile(r"[!#$%&'()*+./:<=>?@A-Z\[\]^_`a-z{|}~0-9-]*")
_NOT_IN_A_COOKIE = re.compile('[",;\\\\]')
_NO_CONTROLS = "must have no line breaks or other control characters: it is a"
_OWN_HEADERS = {
    name.lower() for name in (hdrs.HOST, hdrs.CONTENT_LENGTH, hdrs.TRANSFER_ENCODING, hdrs.CONNECTION, hdrs.COOKIE)
}


class Outgoing:
    """A request that a client sends, while fields write their values into it.

    `Field.insert` gets one. Two fields may write to the same place only if they write the same.
    """

    def __init__(self) -> None:
        self.path: dict[str, str] = {}
        self.query: dict[str, Sequence[str]] = {}
        self.headers: dict[str, str] = {}
        self.cookies: dict[str, str] = {}
        self.body: bytes | AsyncIterable[bytes] | None = None
        self.media_type: str | None = None

    def set_path(self, name: str, text: str) -> None:
        """Write a variable part of the path.

        Raises:
            InvalidField: The text is empty, UTF-8 cannot hold it, or another field has written another text.
        """
        if not text:
            raise InvalidField("must not be empty: it is a part of the path")
        self._set(self.path, name, urllib.parse.quote(_sound(text), safe=""))

    def set_query(self, name: str, texts: Sequence[str]) -> None:
        """Write a query parameter, once for each text.

        Raises:
            InvalidField: UTF-8 cannot hold a text, or another field has written other texts.
        """
        for text in (name, *texts):
            _sound(text)
        before = self.query.setdefault(name, (*texts,))
        if before != (*texts,):
            raise _twice(name)

    def set_header(self, name: str, text: str) -> None:
        """Write a header.

        Raises:
            InvalidField: The text has control characters, or blanks around it, or UTF-8 cannot hold it; no header can
                have this name; the HTTP client writes this header itself; or another field has written another text.
        """
        if name.lower() in _OWN_HEADERS:
            raise InvalidField(f"is written as the header {name}, which the client writes itself")
        if _CONTROLS.search(_sound(text)):
            raise InvalidField(f"{_NO_CONTROLS} header")
        if text != text.strip(" \t"):
            raise InvalidField("must have no blanks around it: it is a header")
        if not _TOKEN.fullmatch(name):
            raise InvalidField(f"is written as {name!r}, which is not a valid name of a header")
        self._set(self.headers, name.lower(), text)

    def set_cookie(self, name: str, text: str) -> None:
        """Write a cookie; quotes, commas, semicolons and backslashes are quoted as `http.cookies` quotes them.

        Raises:
            InvalidField: The text has control characters, which RFC 6265 §4.1.1 forbids and newer releases of
                `http.cookies` drop, or UTF-8 cannot hold it; no cookie can have this name; or another field has written
                another text.
        """
        if not _TOKEN.fullmatch(name):
            raise InvalidField(f"is written as {name!r}, which is not a valid name of a cookie")
        if _CONTROLS_OR_TAB.search(_sound(text)):
            raise InvalidField(f"{_NO_CONTROLS} cookie")
        if not _PLAIN_COOKIE.fullmatch(text):
            text = f'"{_NOT_IN_A_COOKIE.sub(_escaped, text)}"'
        self._set(self.cookies, name, text)

    def set_body(self, body: bytes | AsyncIterable[bytes], media_type: str) -> None:
        """Write the body.

        Raises:
            InvalidField: Another field has written another body.
        """
        if self.body is not None and self.body != body:
            raise InvalidField("cannot be written, because another field has written the body already")
        self.body = body
        self.media_type = media_type

    def _set(self, texts: dict[str, str], name: str, text: str) -> None:
        if texts.setdefault(name, text) != text:
            raise _twice(name)


def _sound(text: str) -> str:
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError:
            raise InvalidField("must be a text that UTF-8 can hold, without lone surrogates", code="encoding") from None
    return text


def _escaped(match: re.Match[str]) -> str:
    return f"\\{ord(match[0]):03o}"


def _twice(name: str) -> InvalidField:
    return InvalidField(f"is written as {name!r}, and another field writes something else there")
