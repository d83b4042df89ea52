"""`TextForm`: how the values of a type are read from text."""

from collections.abc import Callable
from typing import Any

import msgspec

from ponty.request.content.json_decoder import Json


class TextForm(msgspec.Struct, frozen=True, kw_only=True):
    """How the values of a type are read from text.

    Args:
        type: The type.
        schema: The JSON Schema of its values.
        expected: What a text must be, for messages.
        pattern: A regular expression for the path of a route. It matches all texts of the type, and perhaps others; no
            text takes it more than one pass.
        code: The code of the fault if a text is not valid.
        read: Makes a value from a text, or from a list of texts if the form is a list; None if the value is the text
            itself. It raises one of `CAST_ERRORS`, or an InvalidField that says more.
        is_list: Whether a value is written as several texts.
    """

    type: Any
    schema: dict[str, Json]
    expected: str
    pattern: str
    read: Callable[[Any], Any] | None
    code: str = "cast"
    is_list: bool = False
