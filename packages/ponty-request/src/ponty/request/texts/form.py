"""`TextForm`: how the values of a type are read of text."""

from collections.abc import Callable
from typing import Any

import msgspec

from ponty.request.content.json_decoder import Json


class TextForm(msgspec.Struct, frozen=True, kw_only=True):
    """How the values of a type are read of text.

    Args:
        type: The type.
        schema: The JSON Schema of its values.
        expected: What a text must be, for messages.
        pattern: What matches the texts and perhaps others, for the path of a route; no text takes it more than one
            pass.
        code: The code of the fault of a text that is none.
        read: Makes a value of a text, or of a list of texts where the form is a list; None where it is the text itself.
            Raises one of `CAST_ERRORS`, or an InvalidField that says more.
        is_list: Whether it is written as several texts.
    """

    type: Any
    schema: dict[str, Json]
    expected: str
    pattern: str
    read: Callable[[Any], Any] | None
    code: str = "cast"
    is_list: bool = False
