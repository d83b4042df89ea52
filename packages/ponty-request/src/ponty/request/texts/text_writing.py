"""Writes a value as the text from which it is read.

A text is sent only if it was read again, in the same way as the server reads it, and gave the same value. So a value of
another type, or one that is not within its bounds, is refused by the client.
"""

from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from ponty.request.errors import InvalidField
from ponty.request.parsing.classes.defaults import json_form
from ponty.request.texts.converters import CAST_ERRORS


def written(value: object) -> str:
    """Return the text of a scalar.

    Raises:
        TypeError: The type of the value cannot be written as text.
    """
    if type(value) in _AS_THEY_ARE:
        return str(value)
    plain = json_form(value)
    return plain if isinstance(plain, str) else msgspec.json.encode(plain).decode()


_AS_THEY_ARE = (str, int)


def write(value: Any, read: Callable[[str], Any] | None, expected: str) -> str:
    """Return the text of a value.

    Args:
        value: The value.
        read: Reads the text; None if the value is the text itself.
        expected: What the text must be, for messages.

    Raises:
        InvalidField: No text reads as this value, or it is not within the bounds of its type.
    """
    if read is None and type(value) is str:
        return value
    try:
        text = written(value)
        again = text if read is None else read(text)
    except (*CAST_ERRORS, RecursionError):
        raise _refusal(expected) from None
    if not is_same(value, again):
        raise _refusal(expected)
    return text


def write_all(values: Any, read: Callable[[list[str]], Any], expected: str) -> list[str]:
    """Return the texts of the elements of a collection.

    Args:
        values: The collection.
        read: Makes the collection from the texts.
        expected: What a text must be, for messages.

    Raises:
        InvalidField: The value is no collection, or no text reads as one of its elements.
    """
    try:
        if isinstance(values, str | bytes):
            raise TypeError
        texts = [written(value) for value in values]
        again = read(texts)
    except (*CAST_ERRORS, RecursionError):
        raise InvalidField(f"must be a collection, each element of which is {expected}") from None
    if not is_same(values, again):
        raise InvalidField(f"must be a {type(again).__qualname__}, each element of which is {expected}")
    return texts


def is_same(value: object, again: object) -> bool:
    """Return whether a value equals the value that was read again, as far as their class compares values."""
    if type(value) is type(again) and type(again) in _AS_THEY_ARE:
        return bool(value == again)
    if isinstance(value, int) and not isinstance(value, bool) and isinstance(again, float):
        return value == again  # pyright: ignore[reportUnnecessaryComparison]  # 1 equals 1.0
    if not isinstance(value, type(again)):
        return False
    if isinstance(value, Sequence) and isinstance(again, Sequence) and not isinstance(value, str | bytes):
        return len(value) == len(again) and all(map(is_same, value, again))
    return type(again).__eq__ is object.__eq__ or bool(value == again)


def _refusal(expected: str) -> InvalidField:
    return InvalidField(f"must be {expected}" if expected else "must be a value that its field can read from text")
