"""Text forms: how the values of a type are written in a query, a path, a header or a cookie, one form for each type.

The form of a plain scalar stands here. What compiles all others is imported where there is one: most programs have no
parameter but texts and numbers.
"""

from collections.abc import Callable
from typing import Any

import msgspec

from ponty.request.content.json_decoder import Json
from ponty.request.texts.plain_texts import OF_TYPES

_PLAIN = {bool: "boolean", float: "number", int: "integer", str: "string"}
"""The types of which the form is known, and those of JSON that they have."""


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


def text_form(tp: Any) -> TextForm:
    """Return the form of a type: a scalar, a scalar or None, or a list of scalars.

    Raises:
        TypeError: It has no text form.
        ValueError: An Annotation is not valid.
    """
    plain = _PLAIN.get(tp) if isinstance(tp, type) else None
    if plain is not None:
        kind = OF_TYPES[plain]
        return TextForm(type=tp, schema={"type": plain}, expected=kind.expected, pattern=kind.pattern, read=kind.read)
    from ponty.request.texts.compiled_forms import compiled_form  # noqa: PLC0415 - imports all that compiles a body

    return compiled_form(tp)
