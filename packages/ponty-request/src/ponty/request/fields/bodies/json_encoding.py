"""How the fields of JSON write a body: its media type, and its bytes."""

from collections.abc import Callable
from typing import Any

from ponty.request.errors import InvalidField

MEDIA_TYPE = "application/json"


def encoded(encode: Callable[[Any], bytes], value: Any) -> bytes:
    """Encode a value as JSON.

    Raises:
        InvalidField: It is none of JSON.
    """
    try:
        return encode(value)
    except (TypeError, ValueError, OverflowError, RecursionError):
        raise InvalidField("must be a value of its type that JSON can hold") from None
