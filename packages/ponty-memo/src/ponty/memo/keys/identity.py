"""Identities: they stand in for objects in keys, without keeping the objects alive.

For an object that is equal only to itself, `id()` could be the key. But an id is used again after its object was
garbage-collected. So each such object gets an `Identity` for its lifetime, and no two objects ever share one. A key
holds the identity, and the identity does not hold the object.
"""

import os
import weakref
from collections import deque
from itertools import count

_serials = count(1)
_token = os.urandom(8).hex()


class Identity:
    """Stands in for one object in keys.

    When the object is garbage-collected, its identity is put into each of the `graves`. The cache that owns a grave
    drops the values for the object in its next operation. It does not drop them at once, because an object may be
    collected at any moment, even in the middle of an operation of that cache.
    """

    __slots__ = ("_serial", "graves")

    def __init__(self) -> None:
        self._serial = next(_serials)
        self.graves: dict[int, deque[Identity]] = {}

    @property
    def name(self) -> str:
        """A name that no other object has, in this or any other process."""
        return f"{_token}.{os.getpid()}.{self._serial}"


def is_of_this_process(text: str) -> bool:
    """Return whether `text` contains the name of an identity, so that no other process can make the same text."""
    return f"@{_token}." in text


_known: "dict[int, tuple[weakref.ref[object], Identity]]" = {}


def known_identity(thing: object) -> Identity | None:
    """Return the identity of `thing` if it already has one, or else None."""
    known = _known.get(id(thing))
    return known[1] if known is not None and known[0]() is thing else None


def identity_of(thing: object) -> Identity | None:
    """Return the identity of `thing`, or None if there can be no weak reference to `thing`."""
    known = known_identity(thing)
    if known is not None:
        return known
    address = id(thing)
    identity = Identity()

    def bury(_: object) -> None:
        known = _known.get(address)
        if known is not None and known[1] is identity:
            del _known[address]
        for grave in identity.graves.values():
            grave.append(identity)

    try:
        _known[address] = weakref.ref(thing, bury), identity
    except TypeError:
        return None
    return identity
