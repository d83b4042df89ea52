"""What a header and a cookie have in common: one text that may be missing, and its value."""

from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec

from ponty.request.errors import InvalidField
from ponty.request.texts.converters import CAST_ERRORS
from ponty.request.texts.text_defaults import check_default, described
from ponty.request.texts.text_forms import text_form
from ponty.request.texts.text_writing import write

ABSENT: Final = object()
"""In place of an argument that is not given."""


class TextParameter(msgspec.Struct, frozen=True):
    """A text of a type.

    Args:
        type: The type of its values.
        schema: The JSON Schema of its values.
        required: Whether a request without it is refused.
        default: The value without it.
        expected: What it must be, for messages.
        read: Makes a value of the text; None where it is the text itself.
        code: The code of the fault of a text that is none.
    """

    type: Any
    schema: Mapping[str, object]
    required: bool
    default: Any
    expected: str = ""
    read: Callable[[str], Any] | None = None
    code: str = "cast"

    @classmethod
    def make(cls, place: str, of: Any, *, required: bool, default: Any) -> "TextParameter":
        """Make it of the arguments of a field.

        Raises:
            ValueError: Beside a type, neither `required` nor a default is given, or both; or the default is not within
                the bounds of the type.
            TypeError: The type is no scalar, or the default is not of it.
        """
        if of is ABSENT:
            tp = str | None if default is None else str
            return cls(tp, {"type": "string"}, required, "" if default is ABSENT else default)
        if required is (default is not ABSENT):
            raise ValueError(f"{place}: give required=True or a default, not {'both' if required else 'neither'}")
        form = text_form(of)
        if form.is_list:
            raise TypeError(f"{place}: {of} is a list, and only a query has those")
        if required:
            return cls(of, form.schema, required, None, form.expected, form.read, form.code)
        check_default(place, form, default)
        tp = of if default is not None else of | None
        return cls(tp, described(form, default), required, default, form.expected, form.read, form.code)

    def absent(self) -> Any:
        """Return the default.

        Raises:
            InvalidField: It is required.
        """
        if self.required:
            raise InvalidField("is required", code="missing")
        return self.default

    def default_value(self) -> Any:
        """Return the default.

        Raises:
            LookupError: There is none.
        """
        if self.required:
            raise LookupError
        return self.default

    def text(self, value: Any) -> str | None:
        """Return the text of a value; None where the value is that of a request without one.

        Raises:
            InvalidField: It is no value that is read of a text.
        """
        if value is None and self.default is None and not self.required:
            return None
        return write(value, self.read, self.expected or "a text")

    def value(self, text: str) -> Any:
        """Read the text.

        Raises:
            InvalidField: It is not of the type.
        """
        if self.read is None:
            return text
        try:
            return self.read(text)
        except CAST_ERRORS:
            raise InvalidField(f"must be {self.expected}", code=self.code) from None
