"""Faults: what is wrong with a request.

A program sees them as tuples of `Fault`. Most faults are only sent to the client. So the faults of a refused part are
kept and written in the form in which they were found, and become `Fault` objects only when a program asks for them.
"""

from collections.abc import Sequence
from typing import Literal

import msgspec

Location = Literal["path", "query", "header", "cookie", "body"]
"""The part of a request where a `Fault` is."""


class Fault(msgspec.Struct, frozen=True):
    """One thing that is wrong with a request, as the client sees it.

    Args:
        location: The part of the request.
        name: The name of the parameter, header or cookie.
        detail: What is wrong and what would be right, in words that do not repeat the value.
        pointer: The place within a JSON value, as a JSON Pointer (RFC 6901). The empty pointer is the whole value.
        code: The kind of fault, for programs. It stays the same when the words change: the keyword of JSON Schema that
            was not met, or another name such as `missing`. If it is empty, it is not sent.
    """

    location: Location
    name: str
    detail: str
    pointer: str = ""
    code: str = ""


Found = tuple[str, tuple[str, str]]
"""The place of a fault, as a JSON Pointer, and the pair of its detail and code, which many faults share."""


class FoundFaults(msgspec.Struct, frozen=True, gc=False):
    """The faults of one part of a request.

    Args:
        location: The part.
        name: The name of the parameter, header or cookie.
        found: What is wrong with it, in order.
    """

    location: Location
    name: str
    found: Sequence[Found]

    def told(self) -> tuple[Fault, ...]:
        """Return the faults as programs see them."""
        location, name = self.location, self.name
        return tuple([Fault(location, name, detail, pointer, code) for pointer, (detail, code) in self.found])
