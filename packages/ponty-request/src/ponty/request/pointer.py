"""JSON Pointers (RFC 6901): a place within a JSON value."""

from collections.abc import Iterable
from typing import Any

_MAX_LENGTH = 256


def pointer(path: Iterable[str | int]) -> str:
    """Write the pointer to the value at `path`.

    The names in it may be a client's, so it is cut to the nearest ancestor that fits into 256 characters.
    """
    text = ""
    for step in path:
        longer = f"{text}/{str(step).replace('~', '~0').replace('/', '~1')}"
        if len(longer) > _MAX_LENGTH:
            break
        text = longer
    return text


def find(value: Any, reference: str) -> Any:
    """Give what a reference to a place within `value`, `#` and a pointer, leads to; None where it is not so simple."""
    if not reference.startswith("#") or "%" in reference or (reference != "#" and reference[1] != "/"):
        return None
    for step in reference.split("/")[1:]:
        name = step.replace("~1", "/").replace("~0", "~")
        try:
            value = value[int(name)] if isinstance(value, list) else value[name]
        except (LookupError, TypeError, ValueError):
            return None
    return value
