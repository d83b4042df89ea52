"""`ParsedForm`: a form as an instance of a dataclass."""

import types
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from aiohttp import hdrs, web

from ponty.request.content.body_chunks import announces_more
from ponty.request.content.charsets import check_encoding
from ponty.request.content.media_types import boundary, charset, essence
from ponty.request.errors import InvalidField
from ponty.request.fields.base import Description, Field
from ponty.request.fields.outgoing import Outgoing
from ponty.request.forms.limits import FormLimits, too_large

if TYPE_CHECKING:
    from ponty.request.forms.form_writer import FormWriter

_T_co = TypeVar("_T_co", covariant=True)

_URLENCODED = "application/x-www-form-urlencoded"
_MULTIPART = "multipart/form-data"


class ParsedForm(Field[_T_co], Generic[_T_co]):
    """A form as an instance of a dataclass of texts, numbers and other scalars, lists of these, and uploads.

    Both media types of forms are accepted, `application/x-www-form-urlencoded` and `multipart/form-data`; any other is
    a 415. Files can come only in `multipart/form-data`. Faults are reported as for a JSON body, all in one answer.

    ::

        @dataclasses.dataclass
        class SignUp:
            name: str
            age: Annotated[int, Annotation(minimum=18)]
            tags: list[str] = dataclasses.field(default_factory=list[str])
            photo: Upload | None = None

        class PostSignUp(Request):
            form = ParsedForm(SignUp)

    If a limit is exceeded, the answer is a 413 that names the limit.

    Args:
        cls: The dataclass.
        max_size: The most bytes of the whole form, after its content encoding is undone; by default the limit of the
            route or the application for any body (1 MiB).
        max_file_size: The most bytes of one file; by default as many as the form.
        max_field_size: The most bytes of the text of one field; 256 KiB by default.
        max_text_size: The most bytes of all texts together; 1 MiB by default.
        max_parts: The most fields and files together; 1000 by default.

    Raises:
        TypeError: The class has a field that a form cannot hold; the message names it.
        ValueError: A limit is below 1, or JSON cannot hold a default.
    """

    takes_stream = True

    def __init__(
        self,
        cls: type[_T_co] | types.GenericAlias,
        *,
        max_size: int | None = None,
        max_file_size: int | None = None,
        max_field_size: int = 256 * 1024,
        max_text_size: int = 1024 * 1024,
        max_parts: int = 1000,
    ) -> None:
        # Only programs that have forms import these.
        from ponty.request.forms.entries import Entries  # noqa: PLC0415
        from ponty.request.forms.form_type import FormType  # noqa: PLC0415
        from ponty.request.forms.multipart_reader import read_multipart  # noqa: PLC0415
        from ponty.request.forms.urlencoded_reader import read_urlencoded  # noqa: PLC0415

        self.limits: FormLimits = FormLimits(max_size, max_file_size, max_field_size, max_text_size, max_parts)
        self.max_size = max_size
        self._type = cls
        self._form: FormType = FormType(cls)
        self._writer: FormWriter | None = None
        self._make_entries = Entries
        self._read_multipart = read_multipart
        self._read_urlencoded = read_urlencoded

    async def extract(self, request: web.Request) -> _T_co:
        """Read and validate the form, and build the instance.

        Raises:
            InvalidField: The form has another media type, is malformed, too large or not valid, or the instance cannot
                be built.
        """
        content_type = request.headers.get(hdrs.CONTENT_TYPE, "")
        media_type = essence(content_type)
        if media_type not in {_URLENCODED, _MULTIPART}:
            accepted = f"{_MULTIPART}, {_URLENCODED}"
            detail = f"must have the media type {_MULTIPART} or {_URLENCODED}"
            raise InvalidField(detail, status=415, headers={hdrs.ACCEPT: accepted}, code="media_type")
        if charset(content_type) not in {None, "utf-8", "utf8"}:
            raise InvalidField("must be in the charset UTF-8", status=415, code="charset")
        check_encoding(request)
        max_size = request.client_max_size if self.limits.max_size is None else self.limits.max_size
        too_much = f"has more than {max_size} bytes"
        if announces_more(request, max_size):
            raise too_large(too_much)
        entries = self._make_entries(self._form, self.limits)
        try:
            if media_type == _URLENCODED:
                await self._read_urlencoded(request, entries, max_size)
            elif (separator := boundary(content_type)) is not None:
                await self._read_multipart(request, entries, separator, max_size)
            else:
                detail = "must name a boundary of 1 to 70 characters in its Content-Type (RFC 2046)"
                raise InvalidField(detail, code="malformed")
        except web.HTTPRequestEntityTooLarge:
            raise too_large(too_much) from None
        return self._form.build(entries.values, entries.faults)  # type: ignore[no-any-return]

    def insert(self, value: Any, into: Outgoing) -> None:
        """Write the form: as `multipart/form-data` if it has files, else URL-encoded.

        Raises:
            InvalidField: The value is of another class, or not valid.
        """
        from ponty.request.forms.form_writer import FormWriter  # noqa: PLC0415 - a server sends none

        if self._writer is None:
            self._writer = FormWriter(self._type, self._form)
        written = self._writer.write(value)
        into.set_body(written.body, written.media_type)

    def describe(self) -> Description:
        """Describe the form by its schema."""
        return Description("body", self.name, schema=self._form.schema, media_types=(_MULTIPART, _URLENCODED))
