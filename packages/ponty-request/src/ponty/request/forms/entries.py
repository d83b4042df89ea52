"""The fields of a form as they arrive: kept if the form has a place for them, and counted against the limits.

A fault of one field is noted, and the rest of the form is read, so that one answer names all faults. A form that
exceeds a limit is not read any further.
"""

from ponty.request.forms.form_type import FormType, Place
from ponty.request.forms.limits import MAX_NAME, FormLimits, too_large
from ponty.request.forms.upload import Upload
from ponty.request.validation.explanations.messages import Reason, reason
from ponty.request.validation.explanations.pointer import pointer

_MAX_FAULTS = 51  # one more than an answer lists


class Entries:
    """The fields of one form, as they arrive.

    Args:
        form: The type of the form.
        limits: The limits.
    """

    def __init__(self, form: FormType, limits: FormLimits) -> None:
        self.form = form
        self.limits = limits
        self.values: dict[str, list[str | Upload]] = {}
        self.faults: dict[str, Reason] = {}
        self._parts = 0
        self._text_size = 0

    def count_part(self) -> None:
        """Count a field or a file, whatever it is.

        Raises:
            InvalidField: There are too many.
        """
        self._parts += 1
        if self._parts > self.limits.max_parts:
            raise too_large(f"has more than {self.limits.max_parts} fields and files")

    def begin(self, name: str, *, is_file: bool) -> Place | None:
        """Return the place for a name; None if the field is not to be kept.

        Raises:
            InvalidField: There are too many, or the name is too long.
        """
        self.count_part()
        if len(name) > MAX_NAME:
            raise too_large(f"has a field whose name has more than {MAX_NAME} characters")
        place = self.form.places.get(name)
        if place is None:
            if not self.form.is_open:
                self.note(pointer([name]), reason("additionalProperties", None))
            return None
        if place.is_upload is not is_file:
            self.refuse(name, *(_FILE_DUE if place.is_upload else _TEXT_DUE))
            return None
        if name in self.values and not place.is_list:
            self.note(pointer([name]), Reason("must be given once", "repeated"))
            return None
        return place

    def note(self, where: str, why: Reason) -> None:
        """Note a fault; if there are several at one place, the first counts."""
        if len(self.faults) < _MAX_FAULTS:
            self.faults.setdefault(where, why)

    def refuse(self, name: str, detail: str, code: str) -> None:
        """Note a fault of the next entry with this name, and keep an empty text in its place."""
        place = self.form.places.get(name)
        number = len(self.values.get(name, ()))
        is_list = place is not None and place.is_list
        self.note(pointer([name, number] if is_list else [name]), Reason(detail, code))
        if is_list or not number:
            self.keep(name, "")

    def keep(self, name: str, value: str | Upload) -> None:
        """Keep an entry."""
        self.values.setdefault(name, []).append(value)

    def keep_text(self, name: str, text: bytes | bytearray, codec: str) -> None:
        """Decode and keep a text."""
        try:
            decoded = text.decode(codec)
        except UnicodeError:
            detail = "is not valid UTF-8" if codec == "utf-8" else "is not valid in its charset"
            self.refuse(name, detail, "encoding")
        else:
            self.keep(name, decoded)

    def count_text(self, name: str, size: int, added: int) -> None:
        """Count the bytes of a text.

        Args:
            name: The name of its field.
            size: How many bytes of it have come.
            added: How many of them are new.

        Raises:
            InvalidField: There are too many.
        """
        if size > self.limits.max_field_size:
            raise too_large(f"has more than {self.limits.max_field_size} bytes", pointer([name]))
        self._text_size += added
        if self._text_size > self.limits.max_text_size:
            raise too_large(f"has more than {self.limits.max_text_size} bytes of text")

    def count_file(self, name: str, size: int) -> None:
        """Check that a file is not too large.

        Raises:
            InvalidField: The file has too many bytes.
        """
        limit = self.limits.max_file_size
        if limit is not None and size > limit:
            raise too_large(f"has more than {limit} bytes", pointer([name]))


_FILE_DUE = Reason("must be a file, as multipart/form-data has it, with a filename", "file")
_TEXT_DUE = Reason("must be a text, not a file", "text")
