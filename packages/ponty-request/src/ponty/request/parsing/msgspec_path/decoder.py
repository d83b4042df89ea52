"""What decodes the bytes of a body by a form of msgspec's, and reads what was decoded."""

from collections.abc import Callable
from typing import Any

import msgspec

from ponty.request.parsing.compiled_types.compiled_type import MsgspecForm


def make_reader(msgspec_form: MsgspecForm) -> Callable[[bytes], Any] | None:
    """Make the reader of bytes; None if there are types in the form that msgspec cannot have side by side.

    It raises ValueError (msgspec's own errors are such) for what must go the longer way.
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
    """Make a decoder that takes UTF-8 alone; in what it passes over, msgspec does not look for that."""

    def decode_utf8(body: bytes) -> Any:
        if not body.isascii():
            body.decode()
        return decode(body)

    return decode_utf8
