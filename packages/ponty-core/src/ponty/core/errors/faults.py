"""Faults: what is wrong with a request.

A program sees them as tuples of `Fault`. Most are seen by nobody but the client: until somebody asks for them, those of
a refused part stay as they were found, and are written as they are.
"""

from collections.abc import Sequence
from typing import Literal

import msgspec

Location = Literal["path", "query", "header", "cookie", "body"]
"""The part of a request that a `Fault` is in."""


class Fault(msgspec.Struct, frozen=True):
    """One thing that is wrong with a request, as it is told to the client.

    Args:
        location: The part of the request it is in.
        name: The name of the parameter, header or cookie there.
        detail: What is wrong and what would be right, in words that hold nothing of the value itself.
        pointer: The place within a JSON value, as a JSON Pointer (RFC 6901); the empty pointer is the whole value.
        code: The kind of fault, for programs, which stays when the words change: the keyword of JSON Schema that was
            not met, or another name such as `missing`; the client gets none where it is empty.
    """

    location: Location
    name: str
    detail: str
    pointer: str = ""
    code: str = ""


Found = tuple[str, tuple[str, str]]
"""The place of a fault, as a JSON Pointer; and its detail and its code, which many have in common."""


class FoundFaults(msgspec.Struct, frozen=True, gc=False):
    """The faults of one part of a request.

    Args:
        location: The part.
        name: The name there.
        found: What is wrong with it, in order.
    """

    location: Location
    name: str
    found: Sequence[Found]

    def told(self) -> tuple[Fault, ...]:
        """Return them as programs see them."""
        location, name = self.location, self.name
        return tuple([Fault(location, name, detail, pointer, code) for pointer, (detail, code) in self.found])
