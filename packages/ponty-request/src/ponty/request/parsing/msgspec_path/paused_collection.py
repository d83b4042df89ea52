"""The garbage collector is paused while one body is decoded.

Up to Python 3.11 it searches for reference cycles each time some hundreds of objects were made, and objects of JSON
have none: in a large body it would go through the same objects again and again, for half of the time that the body
takes. msgspec makes them in one call, in which nothing else runs, so other garbage does not have to wait longer than
that. Later Pythons wait for the end of such a call by themselves.
"""

import gc
import sys
from collections.abc import Callable
from typing import Any

_LEAST = 4096
"""The number of bytes from which on a body has enough objects for this to matter."""


if sys.version_info >= (3, 12):

    def with_collection_paused(decode: Callable[[bytes], Any]) -> Callable[[bytes], Any]:
        """Return `decode` unchanged: the collector waits by itself."""
        return decode

else:

    def with_collection_paused(decode: Callable[[bytes], Any]) -> Callable[[bytes], Any]:
        """Make a function that decodes as `decode` does, and pauses the collector meanwhile."""

        def decode_at_once(body: bytes) -> Any:
            if len(body) < _LEAST or not gc.isenabled():
                return decode(body)
            gc.disable()
            try:
                return decode(body)
            finally:
                gc.enable()

        return decode_at_once
