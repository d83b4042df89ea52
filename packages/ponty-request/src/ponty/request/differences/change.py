"""A change between two descriptions, and where it stands in the first."""

from typing import Any, Literal, NamedTuple

import msgspec

Json = Any
Direction = Literal["taken", "sent"]
"""Which way a value goes: from the client to the program, or back."""


class Change(msgspec.Struct, frozen=True):
    """A difference between two descriptions.

    Args:
        place: Where it is: an operation, and the part of it.
        what: What is different.
        breaks: Whether a client that was written by the first may fail with the second.
        pointer: Where it is in the first, as a JSON Pointer (RFC 6901). What is new there has the pointer that it would
            have.
        instead: What would have broken no client; empty where `breaks` is false.
    """

    place: str
    what: str
    breaks: bool
    pointer: str = ""
    instead: str = ""

    def __str__(self) -> str:
        return f"{self.place}: {self.what}"


class Place(NamedTuple):
    """Where a comparison is: in words, and in the first document.

    Args:
        text: An operation, and the part of it.
        pointer: The same as a JSON Pointer.
    """

    text: str
    pointer: str

    def named(self, name: str, *steps: object) -> "Place":
        """Return a part of this place that has a name."""
        return Place(f"{self.text}, {name}", self.at(*steps).pointer)

    def at(self, *steps: object) -> "Place":
        """Return a part of this place that readers need no name for."""
        written = (str(step).replace("~", "~0").replace("/", "~1") for step in steps)
        return Place(self.text, "/".join([self.pointer, *written]))

    def change(self, what: str, *, breaks: bool, instead: str = "") -> Change:
        """Return a difference at this place."""
        return Change(self.text, what, breaks, self.pointer, instead if breaks else "")

    def directed(self, what: str, on: Direction, *, narrower: bool, wider: bool, instead: str) -> Change:
        """Return a difference that breaks what is taken where it is narrower, and what is sent where it is wider."""
        return self.change(what, breaks=narrower if on == "taken" else wider, instead=instead)
