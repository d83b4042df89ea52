"""A Lua script, which Redis runs atomically."""

import hashlib
from typing import Final


class Script:
    """A script, and the digest by which Redis finds it in its script cache.

    Args:
        name: The name of the script for messages.
        source: The source in Lua.
        done_once: Whether a second run answers zero after a successful first run. Then zero as the answer to a
            repetition does not say whether the script was successful.
    """

    __slots__ = ("digest", "done_once", "name", "source")

    def __init__(self, name: str, source: str, *, done_once: bool = False) -> None:
        self.name: Final = name
        self.done_once: Final = done_once
        self.source: Final = source
        self.digest: Final = hashlib.sha1(source.encode()).hexdigest()  # noqa: S324 - EVALSHA takes a SHA-1 digest
