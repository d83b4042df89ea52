"""Messages as JSON texts: those of a client are validated as bodies are, and a fault is told as that of a body is."""

from collections.abc import Callable
from typing import Any

from ponty.core import encode_as, encode_json
from ponty.request.errors import InvalidField
from ponty.request.parsing.parser import Parser

_MOST_FAULTS = 50


class Messages:
    """The two types of a conversation.

    Args:
        takes: The type of what the client sends.
        sends: The type of what it is sent; None for whatever encodes.

    Raises:
        TypeError: One has no form in JSON.
        ValueError: JSON cannot hold a default.
    """

    def __init__(self, takes: Any, sends: Any) -> None:
        self._sends = sends
        self.read: Callable[[bytes], Any] = Parser(takes).read

    def encode(self, value: object) -> bytes:
        """Encode what is sent: what its type has of it, and no more.

        Raises:
            TypeError: It does not encode.
        """
        return encode_json(value) if self._sends is None else encode_as(self._sends, value)


def fault_message(invalid: InvalidField) -> bytes:
    """Write what is wrong with a message, as the problem document (RFC 9457) of a body would say it."""
    errors = [
        {"in": "message", "name": "", "pointer": pointer, "detail": detail, "code": code}
        for pointer, detail, code in invalid.violations[:_MOST_FAULTS]
    ]
    return encode_json({"type": "about:blank", "title": "Bad Request", "status": 400, "errors": errors})
