"""Headers as they are written, and what they say of the answer they belong to.

Most answers of an application carry the same headers again and again, so what was made of them is kept: of the sets of
headers seen last, and no more than so many, so that values which are new each time fill no memory.
"""

from aiohttp import hdrs
from multidict import CIMultiDict

CONTROLS = bytes({*range(32), 127} - {ord("\t")})
"""The bytes that no header has in it (RFC 9110 §5.5)."""


class WrittenHeaders:
    """The lines of headers.

    Args:
        items: The headers, in order.

    Raises:
        ValueError: A header holds what UTF-8 cannot hold.
        TypeError: A name or a value is no text.
    """

    __slots__ = ("has_type", "is_clean", "is_dated_or_named", "is_plain", "lines")

    def __init__(self, items: tuple[tuple[str, str], ...]) -> None:
        self.lines: bytes = "\r\n".join(["", *map(": ".join, items)]).encode()
        """Each header behind a line break."""
        self.is_clean: bool = is_clean(self.lines, len(items))
        """Whether no control character is in them, so that each is one line."""
        names = {name.lower() for name, _ in items}
        self.has_type: bool = _TYPE in names
        self.is_plain: bool = self.is_clean and names.isdisjoint(_OF_THE_FRAMING)
        """Whether the framing of the answer, and its connection, stay as they are, besides."""
        self.is_dated_or_named: bool = not names.isdisjoint(_OF_THE_SERVER)


def written(headers: CIMultiDict[str]) -> WrittenHeaders:
    """Return how `headers` are written.

    Raises:
        ValueError: A header holds what UTF-8 cannot hold.
        TypeError: A name or a value is no text.
    """
    items = tuple(headers.items())
    known = _KNOWN.get(items)
    return _remembered(items) if known is None else known


def is_clean(lines: bytes, number: int) -> bool:
    """Return whether `lines` have no more line breaks than there are headers, and no other control character."""
    return len(lines) - len(lines.translate(None, CONTROLS)) == 2 * number


def _remembered(items: tuple[tuple[str, str], ...]) -> WrittenHeaders:
    made = WrittenHeaders(items)
    if len(made.lines) <= _LONGEST:
        if len(_KNOWN) >= _MOST:
            _KNOWN.clear()
        _KNOWN[items] = made
    return made


_KNOWN: dict[tuple[tuple[str, str], ...], WrittenHeaders] = {}
_MOST = 256
_LONGEST = 2048  # so half a megabyte at most

_TYPE = hdrs.CONTENT_TYPE.lower()
_OF_THE_FRAMING = frozenset({"connection", "content-length", "transfer-encoding"})
_OF_THE_SERVER = frozenset({"date", "server"})
