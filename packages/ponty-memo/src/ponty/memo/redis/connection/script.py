"""A script in Lua, which Redis runs whole, with nothing in between."""

import hashlib
from typing import Final


class Script:
    """A script with its digest, by which Redis knows it once it has seen it.

    Args:
        name: Its name in messages.
        source: Its text.
        done_once: Whether it answers with zero where it was done before, so that an answer of zero to its repetition
            does not say whether it was done.
    """

    __slots__ = ("digest", "done_once", "name", "source")

    def __init__(self, name: str, source: str, *, done_once: bool = False) -> None:
        self.name: Final = name
        self.done_once: Final = done_once
        self.source: Final = source
        self.digest: Final = hashlib.sha1(source.encode()).hexdigest()  # noqa: S324 - what Redis knows scripts by
