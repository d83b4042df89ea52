"""The common part of headers and cookies: one text that may be missing, and its value."""

from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec

from ponty.request.errors import InvalidField
from ponty.request.texts.converters import CAST_ERRORS
from ponty.request.texts.text_defaults import check_default, described
from ponty.request.texts.text_forms import text_form
from ponty.request.texts.text_writing import write

ABSENT: Final = object()
"""Stands for an argument that is not given."""


class TextParameter(msgspec.Struct, frozen=True):
    """A text that is read as a value of a type.

    Args:
        type: The type of the values.
        schema: The JSON Schema of the values.
        required: Whether a request without the text is refused.
        default: The value if the text is missing.
        expected: What the text must be, for messages.
        read: Makes the value from the text; None if the value is the text itself.
        code: The code of the fault if the text is something else.
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
        """Make one from the arguments of a field.

        Raises:
            ValueError: With a type, both `required` and a default are given, or neither; or the default is not within
                the bounds of the type.
            TypeError: The type is no scalar, or the default is not of the type.
        """
        if of is ABSENT:
            tp = str | None if default is None else str
            return cls(tp, {"type": "string"}, required, "" if default is ABSENT else default)
        if required is (default is not ABSENT):
            raise ValueError(f"{place}: give required=True or a default, not {'both' if required else 'neither'}")
        form = text_form(of)
        if form.is_list:
            raise TypeError(f"{place}: {of} is a list, and only a query can have lists")
        if required:
            return cls(of, form.schema, required, None, form.expected, form.read, form.code)
        check_default(place, form, default)
        tp = of if default is not None else of | None
        return cls(tp, described(form, default), required, default, form.expected, form.read, form.code)

    def absent(self) -> Any:
        """Return the default.

        Raises:
            InvalidField: The text is required.
        """
        if self.required:
            raise InvalidField("is required", code="missing")
        return self.default

    def default_value(self) -> Any:
        """Return the default.

        Raises:
            LookupError: The text is required.
        """
        if self.required:
            raise LookupError
        return self.default

    def text(self, value: Any) -> str | None:
        """Return the text of a value; None if the value is the default None, for which no text is sent.

        Raises:
            InvalidField: No text reads as this value.
        """
        if value is None and self.default is None and not self.required:
            return None
        return write(value, self.read, self.expected or "a text")

    def value(self, text: str) -> Any:
        """Read the text.

        Raises:
            InvalidField: The text is not of the type.
        """
        if self.read is None:
            return text
        try:
            return self.read(text)
        except CAST_ERRORS:
            raise InvalidField(f"must be {self.expected}", code=self.code) from None
