"""The reader of a body whose values msgspec builds by itself; it runs the checks that are left: see `columns`."""

from collections.abc import Callable
from typing import Any

import msgspec

from ponty.request.content.json_decoder import MAX_DEPTH
from ponty.request.parsing.msgspec_path.decoder import of_utf8
from ponty.request.parsing.msgspec_path.own_types import OwnType
from ponty.request.parsing.msgspec_path.paused_collection import with_collection_paused

Read = Callable[[bytes], Any]


def make_own_reader(own: OwnType, strict: Read | None) -> Read:
    """Make the reader that decodes and builds in one pass; it raises ValueError for a body that must go the longer way.

    Args:
        own: The type.
        strict: Reads bytes of the same type, and refuses properties that the type does not have. It is called if
            counting leaves a doubt: a member may have been given its default, or a text may have a colon.
    """
    decode: Read = with_collection_paused(msgspec.json.Decoder(own.form.form).decode)
    columns = own.columns
    if own.form.contains_any:
        decode = of_utf8(decode)
    check, properties, brackets = columns.check, columns.properties, columns.brackets
    is_lax = columns.is_lax
    # Ignored values may be deep. Values of the type may be deep only if the type says so, which is checked before this
    # is called.
    may_be_deep = columns.passes_over and own.is_bounded
    spare = MAX_DEPTH - columns.levels
    if check is None and not is_lax and not may_be_deep:
        return decode

    def read(body: bytes) -> Any:
        value = decode(body)
        if check is not None:
            check((value,))
        if is_lax and not _has_no_more(body, properties.of(value)):
            if strict is None:
                raise ValueError("there may be other properties")
            strict(body)
        if may_be_deep and body.count(b"[") + body.count(b"{") > brackets.of(value) + spare:
            raise ValueError("there may be deep values")
        return value

    return read


_BLANKS = b" \t\n\r"


def _has_no_more(body: bytes, properties: int) -> bool:
    """Return whether JSON text surely has no more properties than so many.

    Each property has its own colon. If texts have colons, too, only those are counted that follow a quotation mark
    without blanks, as those of properties do.
    """
    return body.count(b":") <= properties or body.translate(None, _BLANKS).count(b'":') <= properties
