"""Messages as JSON texts: those of a client are validated, and their faults reported, as those of bodies are."""

from collections.abc import Callable
from typing import Any

from ponty.core import encode_as, encode_json
from ponty.request.errors import InvalidField
from ponty.request.parsing.parser import Parser

_MOST_FAULTS = 50


class Messages:
    """The two types of a conversation.

    Args:
        takes: The type of the client's messages.
        sends: The type of the server's messages; None for any value that can be encoded.

    Raises:
        TypeError: A type has no form in JSON.
        ValueError: JSON cannot hold a default.
    """

    def __init__(self, takes: Any, sends: Any) -> None:
        self._sends = sends
        self.read: Callable[[bytes], Any] = Parser(takes).read

    def encode(self, value: object) -> bytes:
        """Encode a message, with the members that its type has.

        Raises:
            TypeError: The message cannot be encoded.
        """
        return encode_json(value) if self._sends is None else encode_as(self._sends, value)


def fault_message(invalid: InvalidField) -> bytes:
    """Return what is wrong with a message, as a problem document (RFC 9457) like that of a body."""
    errors = [
        {"in": "message", "name": "", "pointer": pointer, "detail": detail, "code": code}
        for pointer, detail, code in invalid.violations[:_MOST_FAULTS]
    ]
    return encode_json({"type": "about:blank", "title": "Bad Request", "status": 400, "errors": errors})
