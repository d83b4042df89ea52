"""The names of keys and channels in Redis, in ASCII only, so that they look the same in every client."""

import hashlib
import re
from typing import Final

_LONGEST: Final = 400


class Names:
    """The names of one cache's values and locks, or of the locks of one namespace.

    Characters outside of printable ASCII are written as backslash escapes. No two keys share a name: colons are escaped
    in a part that a colon ends, and a long key is replaced by its digest.

    Args:
        namespace: The beginning of all names: letters, digits, and `_.-/`.
        area: The name of a cache; None for locks that belong to no cache.

    Raises:
        ValueError: The namespace has other characters.
    """

    __slots__ = ("_value", "area", "cleared", "drop", "epoch", "locks", "meta", "wake")

    def __init__(self, namespace: str, area: str | None = None) -> None:
        if not re.fullmatch(r"[\w./-]+", namespace, re.ASCII):
            raise ValueError(f"namespace: a namespace in Redis consists of letters, digits and _.-/, not {namespace!r}")
        part = "" if area is None else _plain(area).replace(":", r"\x3a") + ":"
        self.meta: Final = f"{namespace}:meta"
        self.wake: Final = f"{namespace}:wake"
        self.drop: Final = f"{namespace}:drop"
        self.epoch: Final = f"epoch:{part}"
        self.area: Final = f"{namespace}:value:{part}"
        self.cleared: Final = f"{self.area}@"  # never the name of a value, see `_short`
        self._value = self.area
        self.locks: Final = f"{namespace}:lock:" if area is None else f"{namespace}:value-lock:{part}"

    def value(self, key: str) -> str:
        """Return the name of the value of `key`."""
        return self._value + _short(key)

    def lock(self, key: str) -> str:
        """Return the name of the lock of `key`."""
        return self.locks + _short(key)


def _plain(text: str) -> str:
    return text if text.isascii() and text.isprintable() and "\\" not in text else _escaped(text)


def _escaped(text: str) -> str:
    return text.encode("unicode_escape").decode("ascii")


def _short(key: str) -> str:
    plain = _plain(key)
    if len(plain) <= _LONGEST:
        return "=" + plain
    return "#" + hashlib.blake2b(plain.encode(), digest_size=32).hexdigest()
