"""The encoding of headers, each as a separate line.

Most answers of an application have the same headers again and again, so their lines are cached. The number of lines is
limited, in all and for each name, so that values which are new each time do not fill memory. A line is cached only if
it does not concern the framing of an answer, and has no control characters. So a cached line can always be written as
it is.
"""

from collections.abc import Iterable

from multidict import CIMultiDict, istr

CONTROLS = bytes({*range(32), 127} - {ord("\t")})
"""The bytes that a header must not contain (RFC 9110 §5.5)."""


TEXTS = frozenset({str, istr})
"""The classes whose objects are encoded as their characters; a subclass may encode itself differently."""


class _NotPlainError(Exception):
    """A header has to be written, or refused, by aiohttp."""


def written(items: Iterable[tuple[str, str]]) -> bytes | None:
    """Return the encoded headers, each after a line break; None if aiohttp has to write them.

    aiohttp has to write headers that concern the framing or the connection, hold a control character or half a
    character, or are not texts.
    """
    try:
        return b"".join(map(_line, items))
    except (_NotPlainError, TypeError):  # a value without a hash is not a text
        return None


def are_clean(headers: CIMultiDict[str]) -> bool:
    """Return whether `headers` have no control characters, so that each is one line.

    Raises:
        ValueError: A header holds half a character, which UTF-8 cannot encode.
        TypeError: A name or a value is not a text.
    """
    return is_clean("\r\n".join(["", *map(": ".join, headers.items())]).encode(), len(headers))


def is_clean(lines: bytes, number: int) -> bool:
    """Return whether `lines` have no control characters but one line break for each header."""
    return len(lines) - len(lines.translate(None, CONTROLS)) == 2 * number


class _Starts(dict[str, tuple[bytes, list[None]]]):
    """For each name, the bytes before the value, and a list as long as the number of values that may yet be cached."""

    def __missing__(self, name: str) -> tuple[bytes, list[None]]:
        if type(name) not in TEXTS or name.lower() in _OF_THE_FRAMING or _has_controls(name):
            raise _NotPlainError
        start = f"\r\n{name}: ".encode(), [None] * MOST_VALUES
        if len(name) <= LONGEST:
            if len(self) >= MOST:
                _LINES.clear()
                self.clear()
            self[name] = start
        return start


class _Lines(dict[tuple[str, str], bytes]):
    """The encoded lines of headers, by name and value."""

    def __missing__(self, header: tuple[str, str]) -> bytes:
        name, value = header
        # A subclass may encode itself differently.
        if type(value) not in TEXTS or (not value.isprintable() and _has_controls(value)):
            raise _NotPlainError
        start, left = _STARTS[name]
        line = start + value.encode()
        if left and len(line) <= LONGEST:
            del left[-1:]  # another thread may have emptied it
            self[header] = line
        return line


def _has_controls(text: str) -> bool:
    try:
        line = text.encode()
    except UnicodeEncodeError:  # half a character
        return True
    return not is_clean(line, 0)


_OF_THE_FRAMING = frozenset({"connection", "content-length", "transfer-encoding"})
_STARTS = _Starts()
_LINES = _Lines()
_line = _LINES.__getitem__

MOST = 64
"""The most names that are cached."""
MOST_VALUES = 16
"""The most values of a name that are cached."""
LONGEST = 512
"""The most bytes of a line that is cached, so that all lines together have at most half a megabyte."""
