"""What a type is compiled to: the JSON Schema of its JSON form, and what builds its values from that form."""

from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from ponty.request.content.json_decoder import Json

Schema = dict[str, Json]
Build = Callable[[Any], Any]

KINDS: frozenset[str] = frozenset({"string", "integer", "number", "boolean", "null", "array", "object"})
"""The types of JSON values; an integer is a number, too."""


class Node(msgspec.Struct, eq=False):
    """The compiled form of a type.

    Args:
        schema: The JSON Schema of the values it admits.
        kinds: The types of JSON values among them.
        build: Makes a value of an admitted JSON value, and may take that one apart; None where it is the value itself.
        hashable: Whether the values have a hash of their own, that of their elements aside.
        elements: What else must be hashable for them to be elements of a set.
        direct: The shorter way from bytes to values, where there is one.
    """

    schema: Schema
    kinds: frozenset[str]
    build: Build | None = None
    hashable: bool = True
    elements: Sequence["Node"] = ()
    direct: "Direct | None" = None


def is_hashable(node: Node) -> bool:
    """Tell whether values can be elements of a set; to be asked when all is compiled."""
    seen: list[Node] = [node]
    for each in seen:
        if not each.hashable:
            return False
        seen += [element for element in each.elements if element not in seen]
    return True


class Direct(msgspec.Struct, frozen=True):
    """A form that msgspec decodes and checks, and what is left to do with what it decodes; see `msgspec_path`.

    Args:
        form: A type for msgspec.
        read: Checks and reads; raises ValueError where a value is not valid. None where nothing is left to check.
        make: Builds of what was read, as `build` of a node does; None where nothing is left to build.
        free: Whether the form has JSON of any kind in it, hence of any depth.
    """

    form: Any
    read: Build | None = None
    make: Build | None = None
    free: bool = False


class Unbuildable(Exception):
    """An admitted value that does not build: the class's own `__init__` refused it, or it is out of range.

    It carries the path to the value, innermost step first. What builds a scalar raises a ValueError instead, since it
    knows nothing of where that stands.
    """

    def __init__(self, *path: str | int) -> None:
        super().__init__()
        self.path: list[str | int] = list(path)
