"""`multipart/form-data` (RFC 7578), read part by part as it arrives.

The package multipart parses the bytes and reports the parts; it waits for nothing and keeps nothing. This module does
the rest: the charset of a text, the name of a file, the limits.
"""

import abc
from collections.abc import Mapping

import multipart  # type: ignore[import-untyped]  # it has no types; what is used of it is tested
from aiohttp import web

from ponty.request.content.body_chunks import body_chunks
from ponty.request.content.charsets import codec_of
from ponty.request.content.media_types import charset, essence
from ponty.request.errors import InvalidField
from ponty.request.forms.disposition import parse_disposition
from ponty.request.forms.entries import Entries
from ponty.request.forms.holding import hold
from ponty.request.forms.limits import MAX_HEADER, MAX_HEADERS, too_large
from ponty.request.forms.upload import SpooledUpload

_CHARSET_FIELD = "_charset_"  # RFC 7578 §4.6
_MAX_LABEL = 64
_PLAIN_ENCODINGS = {"", "7bit", "8bit", "binary"}


async def read_multipart(request: web.Request, entries: Entries, boundary: str, max_size: int) -> None:
    """Read a form to its end.

    Args:
        request: The request.
        entries: Collects the fields of the form.
        boundary: The text between the parts.
        max_size: The most bytes of the body; 0 for no limit.

    Raises:
        InvalidField: The form is malformed, or exceeds a limit.
        aiohttp.web.HTTPRequestEntityTooLarge: The body has more than `max_size` bytes.
    """
    parser = multipart.PushMultipartParser(boundary, max_header_size=MAX_HEADER, max_header_count=MAX_HEADERS)
    parts = _Parts(request, entries)
    part: _Part | None = None
    try:
        async for chunk in body_chunks(request, max_size):
            for event in parser.parse(chunk):
                if isinstance(event, multipart.MultipartSegment):
                    part = parts.begin(event.headerlist)
                elif part is None:
                    continue
                elif event is None:
                    await part.end()
                elif part.add(event):
                    await part.write()
        parser.close()
    except multipart.ParserLimitReached:
        raise too_large(f"has a part with more than {MAX_HEADERS} headers, or one over {MAX_HEADER} bytes") from None
    except multipart.MultipartError:
        detail = "is not valid multipart/form-data, or ends before its last boundary"
        raise InvalidField(detail, code="malformed") from None


class _Part(abc.ABC):
    """A part that is kept, while it arrives."""

    @abc.abstractmethod
    def add(self, data: bytes) -> bool:
        """Add bytes, and return whether there are enough to write them."""

    async def write(self) -> None:
        """Write the bytes that were added."""
        raise NotImplementedError

    @abc.abstractmethod
    async def end(self) -> None:
        """Keep the part, now that it is complete."""


class _Parts:
    """The parts of a form; each begins with its headers."""

    def __init__(self, request: web.Request, entries: Entries) -> None:
        self.request = request
        self.entries = entries
        self.charset = "utf-8"

    def begin(self, headers: list[tuple[str, str]]) -> _Part | None:
        """Begin a part; return None if the part is not to be kept.

        Raises:
            InvalidField: Its headers are malformed, or there are too many parts.
        """
        known = {name.lower(): value for name, value in headers}
        if len(known) < len(headers):
            raise InvalidField("has a part with two headers of one name", code="malformed")
        disposition = parse_disposition(known.get("content-disposition", ""))
        if disposition is None:
            detail = "has a part whose Content-Disposition is not valid, or names no field"
            raise InvalidField(detail, code="malformed")
        name, filename = disposition.name, disposition.filename
        if name == _CHARSET_FIELD and filename is None and name not in self.entries.form.places:
            self.entries.count_part()
            return _CharsetPart(self)
        place = self.entries.begin(name, is_file=filename is not None)
        if place is None:
            return None
        if known.get("content-transfer-encoding", "").strip().lower() not in _PLAIN_ENCODINGS:
            self.entries.refuse(name, "must come as it is, without a Content-Transfer-Encoding", "content_encoding")
            return None
        if filename is not None:
            return _FilePart(self, name, filename, known)
        return self._begin_text(name, known)

    def _begin_text(self, name: str, headers: Mapping[str, str]) -> _Part | None:
        content_type = headers.get("content-type", "")
        if (essence(content_type) or "").startswith("multipart/"):
            self.entries.refuse(name, "must be a text, not a multipart of its own", "text")
            return None
        codec = codec_of(charset(content_type) or self.charset)
        if codec is None:
            self.entries.refuse(name, "must be in a well-known charset, say UTF-8", "charset")
            return None
        return _TextPart(self.entries, name, codec)


class _TextPart(_Part):
    def __init__(self, entries: Entries, name: str, codec: str) -> None:
        self._entries = entries
        self._name = name
        self._codec = codec
        self._text = bytearray()

    def add(self, data: bytes) -> bool:
        self._text += data
        self._entries.count_text(self._name, len(self._text), len(data))
        return False

    async def end(self) -> None:
        self._entries.keep_text(self._name, self._text, self._codec)


class _FilePart(_Part):
    def __init__(self, parts: _Parts, name: str, filename: str, headers: Mapping[str, str]) -> None:
        self._entries = parts.entries
        self._name = name
        self._spool = hold(parts.request)
        content_type = headers.get("content-type", "").strip()
        self._upload = SpooledUpload(filename, self._spool, content_type=content_type or "application/octet-stream")

    def add(self, data: bytes) -> bool:
        is_full = self._spool.add(data)
        self._entries.count_file(self._name, self._spool.size)
        return is_full

    async def write(self) -> None:
        await self._spool.write()

    async def end(self) -> None:
        if not self._upload.filename and not self._upload.size:
            return  # browsers send this for a file input without a file
        await self._spool.finish()
        self._entries.keep(self._name, self._upload)


class _CharsetPart(_Part):
    """The charset of the texts after it that name none."""

    def __init__(self, parts: _Parts) -> None:
        self._parts = parts
        self._label = bytearray()

    def add(self, data: bytes) -> bool:
        self._label += data
        if len(self._label) > _MAX_LABEL:
            raise InvalidField(f"has a {_CHARSET_FIELD} of more than {_MAX_LABEL} bytes", code="malformed")
        return False

    async def end(self) -> None:
        self._parts.charset = self._label.decode("latin-1").strip().lower()
