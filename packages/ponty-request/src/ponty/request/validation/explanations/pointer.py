"""JSON Pointers (RFC 6901): a place within a JSON value."""

from collections.abc import Iterable
from typing import Any

MAX_LENGTH = 256
"""The most characters of a pointer."""


def pointer(path: Iterable[str | int]) -> str:
    """Write the pointer to the value at `path`, cut as in `within`."""
    text = ""
    for step in path:
        text += token(step)
    return _cut(text)


def token(step: str | int) -> str:
    """Write one step of a pointer."""
    return f"/{step.replace('~', '~0').replace('/', '~1')}" if isinstance(step, str) else f"/{step}"


def within(outer: str, inner: str) -> str:
    """Join two pointers.

    The names in them may come from a client, so a pointer with more than 256 characters is cut to that of the nearest
    ancestor that fits.
    """
    text = outer + inner
    return text if len(text) <= MAX_LENGTH else _cut(text)


def _cut(text: str) -> str:
    return text if len(text) <= MAX_LENGTH else text[: text.rindex("/", 0, MAX_LENGTH + 1)]


def find(value: Any, reference: str) -> Any:
    """Return the target of a reference within `value` (`#` and a pointer); None if it is not so simple."""
    if not reference.startswith("#") or "%" in reference or (reference != "#" and reference[1] != "/"):
        return None
    for step in reference.split("/")[1:]:
        name = step.replace("~1", "/").replace("~0", "~")
        try:
            value = value[int(name)] if isinstance(value, list) else value[name]
        except (LookupError, TypeError, ValueError):
            return None
    return value
