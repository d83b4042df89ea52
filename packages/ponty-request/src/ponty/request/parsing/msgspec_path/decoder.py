"""Decodes the bytes of a body with a form for msgspec, and reads what was decoded."""

from collections.abc import Callable
from typing import Any

import msgspec

from ponty.request.parsing.compiled_types.compiled_type import MsgspecForm


def make_reader(msgspec_form: MsgspecForm) -> Callable[[bytes], Any] | None:
    """Make the reader of bytes; return None if the form has types that msgspec does not support side by side.

    It raises ValueError, of which msgspec's errors are subclasses, for a body that must go the longer way.
    """
    try:
        decode: Callable[[bytes], Any] = msgspec.json.Decoder(msgspec_form.form).decode
    except (TypeError, ValueError):
        return None
    if msgspec_form.contains_any:
        decode = of_utf8(decode)
    read = msgspec_form.read
    return decode if read is None else lambda body: read(decode(body))


def of_utf8(decode: Callable[[bytes], Any]) -> Callable[[bytes], Any]:
    """Make a decoder that accepts only UTF-8; msgspec does not check this in values that it ignores."""

    def decode_utf8(body: bytes) -> Any:
        if not body.isascii():
            body.decode()
        return decode(body)

    return decode_utf8
