"""Headers as they are written, each a line of its own.

Most answers of an application carry the same headers again and again, so the lines of those seen last are kept: no more
than so many, so that values which are new each time fill no memory. A line is kept only if it says nothing of the
framing of an answer and holds no control character. So whatever is found among those kept may be written as it is.
"""

from aiohttp import hdrs
from multidict import CIMultiDict, istr

CONTROLS = bytes({*range(32), 127} - {ord("\t")})
"""The bytes that no header has in it (RFC 9110 §5.5)."""


class _NotPlainError(Exception):
    """A header is for aiohttp to write, or to refuse."""


def lines_of(headers: CIMultiDict[str]) -> bytes | None:
    """Return `headers` as they are written, each behind a line break; None where they are for aiohttp to write.

    Those are for aiohttp that say something of the framing or the connection, hold a control character or half of one,
    or are no text.
    """
    try:
        return b"".join(map(_line, headers.items()))
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


class _Lines(dict[tuple[str, str], bytes]):
    """The lines of headers, by name and value."""

    def __missing__(self, header: tuple[str, str]) -> bytes:
        name, value = header
        # A subclass may write itself otherwise.
        if type(value) not in _TEXTS or type(name) not in _TEXTS or name.lower() in _OF_THE_FRAMING:
            raise _NotPlainError
        text = f"{name}: {value}"
        if not text.isprintable() and _has_controls(text):
            raise _NotPlainError
        line = b"\r\n" + text.encode()
        if len(line) <= LONGEST:
            if len(self) >= MOST:
                self.clear()
            self[header] = line
        return line


def _has_controls(text: str) -> bool:
    try:
        line = text.encode()
    except UnicodeEncodeError:  # half a character
        return True
    return not is_clean(line, 0)


_TEXTS = frozenset({str, istr})
_OF_THE_FRAMING = frozenset({"connection", "content-length", "transfer-encoding"})
_LINES = _Lines()
_line = _LINES.__getitem__

MOST = 512
"""How many lines are kept."""
LONGEST = 1024
"""How many bytes one of them has at most."""

DATED_OR_NAMED = (hdrs.DATE, hdrs.SERVER)
