"""A script in Lua, which Redis runs whole, with nothing in between."""

import hashlib
from typing import Final


class Script:
    """A script with its digest, by which Redis knows it once it has seen it."""

    __slots__ = ("digest", "name", "source")

    def __init__(self, name: str, source: str) -> None:
        self.name: Final = name
        self.source: Final = source
        self.digest: Final = hashlib.sha1(source.encode()).hexdigest()  # noqa: S324 - what Redis knows scripts by
