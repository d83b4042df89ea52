"""Headers as they are written, each a line of its own.

Most answers of an application carry the same headers again and again, so their lines are kept: no more than so many,
and of one name no more than a few, so that values which are new each time fill no memory. A line is kept only if it
says nothing of the framing of an answer and holds no control character. So whatever is found among those kept may be
written as it is.
"""

from collections.abc import Iterable

from multidict import CIMultiDict, istr

CONTROLS = bytes({*range(32), 127} - {ord("\t")})
"""The bytes that no header has in it (RFC 9110 §5.5)."""


TEXTS = frozenset({str, istr})
"""The classes whose objects are written as what they hold; one that is derived of them may write itself otherwise."""


class _NotPlainError(Exception):
    """A header is for aiohttp to write, or to refuse."""


def written(items: Iterable[tuple[str, str]]) -> bytes | None:
    """Return headers as they are written, each behind a line break; None where they are for aiohttp to write.

    Those are for aiohttp that say something of the framing or the connection, hold a control character or half of one,
    or are no text.
    """
    try:
        return b"".join(map(_line, items))
    except (_NotPlainError, TypeError):  # what cannot be a key is no text
        return None


def are_clean(headers: CIMultiDict[str]) -> bool:
    """Return whether no control character is in `headers`, so that each is one line.

    Raises:
        ValueError: A header holds what UTF-8 cannot hold.
        TypeError: A name or a value is no text.
    """
    return is_clean("\r\n".join(["", *map(": ".join, headers.items())]).encode(), len(headers))


def is_clean(lines: bytes, number: int) -> bool:
    """Return whether `lines` have no more line breaks than there are headers, and no other control character."""
    return len(lines) - len(lines.translate(None, CONTROLS)) == 2 * number


class _Starts(dict[str, tuple[bytes, list[None]]]):
    """The bytes before the values of headers, by name; and a list, as long as more values of that name may be kept."""

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
    """The lines of headers, by name and value."""

    def __missing__(self, header: tuple[str, str]) -> bytes:
        name, value = header
        # A subclass may write itself otherwise.
        if type(value) not in TEXTS or (not value.isprintable() and _has_controls(value)):
            raise _NotPlainError
        start, left = _STARTS[name]
        line = start + value.encode()
        if left and len(line) <= LONGEST:
            del left[-1:]  # which another thread may have emptied
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
"""How many names are kept."""
MOST_VALUES = 16
"""How many values of a name are kept."""
LONGEST = 512
"""How many bytes a line that is kept has at most, so that all of them have half a megabyte."""
