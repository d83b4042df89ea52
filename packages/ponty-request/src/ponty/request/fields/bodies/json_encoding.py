"""The media type and the encoding of a JSON body that is sent."""

from collections.abc import Callable
from typing import Any

from ponty.request.errors import InvalidField

MEDIA_TYPE = "application/json"


def encoded(encode: Callable[[Any], bytes], value: Any) -> bytes:
    """Encode a value as JSON.

    Raises:
        InvalidField: JSON cannot hold the value.
    """
    try:
        return encode(value)
    except (TypeError, ValueError, OverflowError, RecursionError):
        raise InvalidField("must be a value of its type that JSON can hold") from None
