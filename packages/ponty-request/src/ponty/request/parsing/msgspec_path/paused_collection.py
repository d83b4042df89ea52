"""The garbage collector stands still while one body is decoded.

Up to Python 3.11 it looks for circles each time some hundreds of objects were made, and an object of JSON has none: in
a large body it would go through the same objects again and again, for half of the time that the body takes. msgspec
makes them in one call, in which nothing else runs, so nothing that others leave behind has to wait longer than that.
Later Pythons wait for the end of such a call by themselves.
"""

import gc
import sys
from collections.abc import Callable
from typing import Any

_LEAST = 4096
"""From how many bytes on a body has enough objects for that to matter."""


if sys.version_info >= (3, 12):

    def with_collection_paused(decode: Callable[[bytes], Any]) -> Callable[[bytes], Any]:
        """Return `decode` as it is: the collector waits by itself."""
        return decode

else:

    def with_collection_paused(decode: Callable[[bytes], Any]) -> Callable[[bytes], Any]:
        """Make a function that decodes as `decode` does, and lets the collector wait until it has."""

        def decode_at_once(body: bytes) -> Any:
            if len(body) < _LEAST or not gc.isenabled():
                return decode(body)
            gc.disable()
            try:
                return decode(body)
            finally:
                gc.enable()

        return decode_at_once
