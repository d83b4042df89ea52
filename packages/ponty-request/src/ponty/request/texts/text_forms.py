"""Text forms: how the values of a type are written in a query, a path, a header or a cookie, one form for each type.

This module has the forms of plain scalars. The compiler of all others is imported only if there is one: most programs
have no parameters but texts and numbers.
"""

from typing import Any

from ponty.request.texts.form import TextForm
from ponty.request.texts.plain_texts import OF_TYPES

_PLAIN = {bool: "boolean", float: "number", int: "integer", str: "string"}
"""The types whose form is known, with their JSON types."""


def text_form(tp: Any) -> TextForm:
    """Return the form of a type: a scalar, a scalar or None, or a list of scalars.

    Raises:
        TypeError: The type has no text form.
        ValueError: An Annotation is not valid.
    """
    plain = _PLAIN.get(tp) if isinstance(tp, type) else None
    if plain is not None:
        kind = OF_TYPES[plain]
        return TextForm(type=tp, schema={"type": plain}, expected=kind.expected, pattern=kind.pattern, read=kind.read)
    from ponty.request.texts.compiled_forms import compiled_form  # noqa: PLC0415 - imports all that compiles a body

    return compiled_form(tp)
