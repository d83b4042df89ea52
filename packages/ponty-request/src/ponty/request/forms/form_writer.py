"""A form that is to be sent: URL-encoded if it has only texts, in parts if it has files (RFC 7578)."""

import re
import secrets
import urllib.parse
from collections.abc import AsyncIterator, Iterable
from typing import Any, NamedTuple, cast

from ponty.request.errors import InvalidField
from ponty.request.forms.form_type import FormType
from ponty.request.forms.upload import Upload
from ponty.request.texts.member_texts import MemberTexts, texts_of
from ponty.request.texts.text_writing import is_same

_PLAIN_NAME = re.compile(r"[\x20-\x7e]*")
_MEDIA_TYPE = re.compile(r"[\x21-\x7e](?:[\x20-\x7e\t]*[\x21-\x7e])?")


class WrittenForm(NamedTuple):
    """A form as it is sent."""

    body: bytes | AsyncIterator[bytes]
    """Its bytes; if it has files, an iterator, which can be sent only once."""

    media_type: str
    """Its media type, with the boundary of its parts."""


class FormWriter:
    """Writes the instances of a class as forms.

    Args:
        cls: The class.
        form: The type that reads such forms.
    """

    def __init__(self, cls: Any, form: FormType) -> None:
        self._members = MemberTexts(cls)
        self._form = form

    def write(self, value: Any) -> WrittenForm:
        """Write an instance.

        Raises:
            InvalidField: The value is of another class, is not valid, or would be read as another value.
        """
        entries = {name: self._entries(name, member) for name, member in self._members.values(value).items()}
        present = {name: several for name, several in entries.items() if several}
        again = self._form.build(present, {})
        has_files = any(isinstance(entry, Upload) for several in present.values() for entry in several)
        if not has_files and not is_same(value, again):
            raise InvalidField("has a member that a form cannot hold, or that would be read as another value")
        if has_files:
            boundary = secrets.token_hex(16)
            return WrittenForm(_parts(present, boundary), f"multipart/form-data; boundary={boundary}")
        pairs = [(name, cast("str", entry)) for name, several in present.items() for entry in several]
        return WrittenForm(_urlencoded(pairs), "application/x-www-form-urlencoded")

    def _entries(self, name: str, member: Any) -> list[str | Upload]:
        """Return the entries of a member in the form."""
        place = self._form.places.get(name)
        if place is None:
            raise InvalidField(f"has a member {name!r}, which the form does not have")
        if place.is_upload and member is not None:
            uploads: list[str | Upload] = list(member) if place.is_list else [member]
            for upload in uploads:
                _check_upload(name, upload)
            return uploads
        if member is None:
            return [""] if place.empty_is_null and not place.is_list else []
        return [*texts_of(name, member)]


def _check_upload(name: str, upload: object) -> None:
    if not isinstance(upload, Upload):
        raise InvalidField(f"has a member {name!r} that is not an Upload")
    if not upload.filename and not upload.size:
        raise InvalidField(f"has an Upload {name!r} without name and content, which would be read as no file")
    if not _MEDIA_TYPE.fullmatch(upload.content_type):
        raise InvalidField(f"has an Upload {name!r} whose content_type is not a media type")


def _urlencoded(pairs: Iterable[tuple[str, str]]) -> bytes:
    try:
        return urllib.parse.urlencode([*pairs]).encode()
    except UnicodeEncodeError:
        raise InvalidField("has a text that UTF-8 cannot hold, with lone surrogates") from None


def _parts(entries: dict[str, list[str | Upload]], boundary: str) -> AsyncIterator[bytes]:
    """Return the parts of a form, files in pieces; a text that UTF-8 cannot hold is refused before the first part."""
    heads: list[tuple[bytes, str | Upload]] = []
    try:
        for name, several in entries.items():
            for entry in several:
                disposition = f"form-data; {_parameter('name', name)}"
                head = f"--{boundary}\r\nContent-Disposition: {disposition}"
                if isinstance(entry, Upload):
                    head += f"; {_parameter('filename', entry.filename)}\r\nContent-Type: {entry.content_type}"
                else:
                    entry.encode()
                heads.append((f"{head}\r\n\r\n".encode(), entry))
    except UnicodeEncodeError:
        raise InvalidField("has a text that UTF-8 cannot hold, with lone surrogates") from None

    async def chunks() -> AsyncIterator[bytes]:
        for head, entry in heads:
            yield head
            if isinstance(entry, Upload):
                async for chunk in entry.chunks():
                    yield chunk
            else:
                yield entry.encode()
            yield b"\r\n"
        yield f"--{boundary}--\r\n".encode()

    return chunks()


def _parameter(key: str, text: str) -> str:
    """Write a parameter as browsers do; if readers may differ, add it as RFC 8187 writes it."""
    quoted = text.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")
    if _PLAIN_NAME.fullmatch(text) and not set(text) & {'"', "\\", "%"}:
        return f'{key}="{quoted}"'
    quoted = "".join(c if c.isprintable() and c != "\\" else "_" for c in quoted)
    return f"{key}=\"{quoted}\"; {key}*=UTF-8''{urllib.parse.quote(text, safe='')}"
