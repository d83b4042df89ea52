"""Checks that the defaults of parameters are of their type, and adds them to the schema."""

import collections
from collections.abc import Mapping
from typing import Any

from ponty.request.errors import InvalidField
from ponty.request.parsing.classes.defaults import json_form
from ponty.request.texts.converters import CAST_ERRORS
from ponty.request.texts.form import TextForm
from ponty.request.texts.plain_texts import type_name
from ponty.request.texts.text_writing import written


def check_default(place: str, form: TextForm, default: object) -> None:
    """Check that a default is of its type, by writing it as text and reading it again; None always is.

    Raises:
        TypeError: The default is of another type.
        ValueError: The default is not within the bounds of its type.
    """
    if default is None:
        return
    is_one = isinstance(form.type, type) and isinstance(default, form.type)  # for example, it lacks an offset
    expected = form.expected if is_one else f"of the type {type_name(form.type)}"
    wrong = TypeError(f"{place}: the default {default!r} is not {expected}")
    try:
        text: Any = [*map(written, default)] if form.is_list and isinstance(default, _LISTS) else written(default)
        value = text if form.read is None else form.read(text)
    except CAST_ERRORS:
        raise wrong from None
    except InvalidField as invalid:
        raise ValueError(f"{place}: the default {default!r} {invalid.detail}") from None
    is_alike = isinstance(default, type(value)) or (isinstance(value, float) and isinstance(default, int))
    if value != default or not is_alike:
        raise wrong


def described(form: TextForm, default: object) -> Mapping[str, object]:
    """Return the schema of a parameter, with its default unless that is None."""
    return form.schema if default is None else {**form.schema, "default": json_form(default)}


_LISTS = (list, tuple, set, frozenset, collections.deque)
