"""Standing in for an object in a key, without keeping the object alive.

An object that is equal to nothing but itself could be keyed by its `id()`, were it not that ids are used again after an
object has gone. Each such object gets one `Identity` for as long as it lives instead, and no two ever share one. Keys
hold the identity; the identity does not hold the object.
"""

import os
import weakref
from collections import deque
from itertools import count

_serials = count(1)
_token = os.urandom(8).hex()


class Identity:
    """The stand-in for one object in a key.

    When the object goes, its identity is put into each of the `graves`; the cache that owns the grave drops what it has
    stored for the object when it next has something to do. Nothing is dropped at once, because an object may go at any
    moment, in the middle of that cache's own work.
    """

    __slots__ = ("_serial", "graves")

    def __init__(self) -> None:
        self._serial = next(_serials)
        self.graves: dict[int, deque[Identity]] = {}

    @property
    def name(self) -> str:
        """A name that no other object has, in no other process."""
        return f"{_token}.{os.getpid()}.{self._serial}"


def is_of_this_process(text: str) -> bool:
    """Return whether the name of an identity stands in `text`, which no other process would make, then."""
    return f"@{_token}." in text


_known: "dict[int, tuple[weakref.ref[object], Identity]]" = {}


def known_identity(thing: object) -> Identity | None:
    """Return the identity of `thing` if it has got one."""
    known = _known.get(id(thing))
    return known[1] if known is not None and known[0]() is thing else None


def identity_of(thing: object) -> Identity | None:
    """Return the identity of `thing`, or None if `thing` cannot be referred to weakly."""
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
