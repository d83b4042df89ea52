"""A change between two descriptions, and its place in the first."""

from typing import Any, Literal, NamedTuple

import msgspec

Json = Any
Direction = Literal["taken", "sent"]
"""The direction of a value: from the client to the program, or back."""


class Change(msgspec.Struct, frozen=True):
    """A difference between two descriptions.

    Args:
        place: The place: an operation, and the part of it.
        what: The difference.
        breaks: Whether a client that was written for the first description may fail with the second.
        pointer: The place in the first document, as a JSON Pointer (RFC 6901). An addition has the pointer that it
            would have there.
        instead: A change that would have broken no client; empty if `breaks` is false.
    """

    place: str
    what: str
    breaks: bool
    pointer: str = ""
    instead: str = ""

    def __str__(self) -> str:
        return f"{self.place}: {self.what}"


class Place(NamedTuple):
    """The place of a comparison, in words and in the first document.

    Args:
        text: An operation, and the part of it.
        pointer: The same place as a JSON Pointer.
    """

    text: str
    pointer: str

    def named(self, name: str, *steps: object) -> "Place":
        """Return a part of this place, with its name in the words."""
        return Place(f"{self.text}, {name}", self.at(*steps).pointer)

    def at(self, *steps: object) -> "Place":
        """Return a part of this place whose words are the same."""
        written = (str(step).replace("~", "~0").replace("/", "~1") for step in steps)
        return Place(self.text, "/".join([self.pointer, *written]))

    def change(self, what: str, *, breaks: bool, instead: str = "") -> Change:
        """Return a difference at this place."""
        return Change(self.text, what, breaks, self.pointer, instead if breaks else "")

    def directed(self, what: str, on: Direction, *, narrower: bool, wider: bool, instead: str) -> Change:
        """Return a difference that breaks clients if it narrows what is taken, or widens what is sent."""
        return self.change(what, breaks=narrower if on == "taken" else wider, instead=instead)
