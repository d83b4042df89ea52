"""Where JSON text is cut: into runs of whole entries, in order, and the long arrays and objects around them.

An array or object that has more bytes than a piece is opened, and cut between its entries; an entry that is as long
itself is opened in turn. A long text or number is a run by itself, whatever its length.

Runs come without the brackets around them and the commas between them. These are right if all runs can be decoded: see
`outline`. If the text surely is not JSON, or ends too early, it is not cut any further: a `Rest` is the last cut.
"""

import re
from collections.abc import Generator, Iterator
from typing import Final, NamedTuple

from ponty.request.large.outline import Outline, closes_more


class Run(NamedTuple):
    """Entries of what was opened last, as the bytes from `start` to `end`; at the top, the only value."""

    start: int
    end: int


class Opened(NamedTuple):
    """A long array or object begins.

    Args:
        is_array: Whether it is an array.
        key: Its name, as it is written, if it is in an object.
        start: The place of its bracket.
    """

    is_array: bool
    key: bytes
    start: int


class Closed(NamedTuple):
    """The end of the array or object that was opened last.

    Args:
        end: The place after its bracket.
    """

    end: int


class Rest(NamedTuple):
    """From `start` on, the text is not JSON, or not complete.

    Args:
        start: The place where it begins.
        before: A text that can stand before it, so that a decoder finds the same error as in the whole text.
    """

    start: int
    before: bytes


Cut = Run | Opened | Closed | Rest

_BLANKS: Final = b" \t\n\r"
_BLANK = re.compile(rb"[ \t\n\r]*")
_TEXT = rb'"[^"\\]*(?:\\.[^"\\]*)*'
_NAME = re.compile(rb"[ \t\n\r]*(" + _TEXT + rb'")[ \t\n\r]*:[ \t\n\r]*', re.DOTALL)
_TOKEN = re.compile(_TEXT + rb'(?:"|\\?\Z)|[\[\]{},]', re.DOTALL)
_TEXT_END = re.compile(rb'[^"\\]*(?:\\.[^"\\]*)*"', re.DOTALL)
_MOST = 8000
"""About how many brackets and commas a run has at most: many small values take longer than few large ones."""

_PARTS = 16
"""Into how many parts a block is divided to find a comma."""

_TURN = 32
"""After how many blocks other requests may have their turn."""


class Cutter:
    """Cuts JSON text.

    Args:
        outline: Its outline.
        piece: About how many bytes a run has.
    """

    def __init__(self, outline: Outline, piece: int) -> None:
        self._outline = outline
        self._body = outline.body
        self._piece = piece
        self._opened: list[bool] = []  # whether each is an array
        self._clear = -1  # a block whose rest closes nothing that is open

    def cuts(self) -> Generator[Cut | None, None, None]:
        """Yield the cuts; None is a place where other requests may have their turn."""
        body, opened = self._body, self._opened
        place = yield from self._skipped(0)
        if body[place : place + 1] not in {b"[", b"{"}:
            yield Run(0, len(body))
            return
        opened.append(body[place] == _ARRAY)
        yield Opened(opened[-1], b"", place)
        place += 1
        is_first = True
        while opened:
            found: Cut | None = None
            for found in self._next(place, is_first=is_first):
                yield found
            if isinstance(found, Run):
                place, is_first = found.end, False
            elif isinstance(found, Opened):
                place, is_first = found.start + 1, True
                continue
            elif not isinstance(found, Closed):
                return
            else:
                place, is_first = found.end, False
            after = yield from self._after(place)
            if after is None:
                return
            place = after
        if (yield from self._skipped(place)) < len(body):
            yield Rest(place, b"[]")

    def _after(self, place: int) -> Generator[Cut | None, None, int | None]:
        """Go from the end of an entry to the next one, or to the end of all; return None if neither comes."""
        opened = self._opened
        while opened:
            place = yield from self._skipped(place)
            mark = self._body[place : place + 1]
            if mark == b",":
                return place + 1
            if mark != (b"]" if opened[-1] else b"}"):
                yield self._rest(place, b"[]")
                return None
            place += 1
            opened.pop()
            yield Closed(place)
        return place

    def _next(self, place: int, *, is_first: bool) -> Generator[Cut | None, None, None]:
        """Find the next run, or the next array or object that is opened or closed."""
        outline, depth = self._outline, len(self._opened)
        size, count = outline.size, len(outline.lows)
        first = place // size
        last = min((place + self._piece) // size, count - 1)
        if first >= count:
            yield self._rest(place, b"" if is_first else self._entry)
            return
        comma = close = None
        stop = min((first + 1) * size, len(self._body))
        if first != self._clear and not self._goes_on(place, stop):
            comma, close = self._look(place, stop, depth)
        candidates: list[int] = []
        block = first
        marks = outline.marks[first]
        while close is None and block < last:
            block += 1
            marks += outline.marks[block]
            if marks > _MOST and block > first + 1:
                break
            if outline.lows[block] < depth:
                comma, close = self._scan_block(block, depth)
                break
            if outline.lows[block] == depth:
                candidates.append(block)
        if close is not None:
            yield from self._closed(place, close, is_first=is_first)
            return
        comma = self._last_of(candidates, depth, comma)
        if comma is not None:
            yield self._run(place, comma, is_first=is_first)
            return
        yield from self._long(place, last, is_first=is_first)

    def _goes_on(self, place: int, stop: int) -> bool:
        """Return whether the entry that begins at a place is an array or an object that its block does not close.

        If so, its brackets are not checked one by one: many levels may begin in one block.
        """
        start = place
        if not self._opened[-1]:
            match = _NAME.match(self._body, place, stop)
            if match is None:
                return False
            start = match.end()
        start = self._skip(start)
        return self._body[start : start + 1] in {b"[", b"{"} and not closes_more(self._body[start + 1 : stop])

    def _long(self, place: int, block: int, *, is_first: bool) -> Generator[Cut | None, None, None]:
        """Open an entry that has more bytes than a piece, or find the end of a text or number that is as long."""
        outline, depth, key = self._outline, len(self._opened), b""
        start = yield from self._skipped(place)
        if not self._opened[-1]:
            if self._body[start : start + 1] == b"}":
                yield from self._closed(place, start, is_first=is_first)
                return
            match = _NAME.match(self._body, start)
            if match is None:
                yield self._rest(place, b"" if is_first else self._entry)
                return
            start, key = (yield from self._skipped(match.end())), match[1]
        mark = self._body[start : start + 1]
        if mark in {b"[", b"{"}:
            self._opened.append(mark == b"[")
            self._clear = -1
            yield Opened(mark == b"[", key, start)
            return
        while (block := block + 1) < len(outline.lows):
            if outline.lows[block] <= depth:
                comma, close = self._scan_block(block, depth, is_first_comma=True)
                if comma is not None:
                    yield self._run(place, comma, is_first=is_first)
                    return
                if close is not None:
                    yield from self._closed(place, close, is_first=is_first)
                    return
            if block % _TURN == 0:
                yield None
        yield self._rest(place, b"" if is_first else self._entry)

    def _closed(self, place: int, close: int, *, is_first: bool) -> Iterator[Cut]:
        """Yield the last run before a bracket that closes; the bracket itself is checked later."""
        if self._skip(place) < close:
            yield Run(place, close)
        elif is_first and self._body[close] == (_CLOSES_ARRAY if self._opened[-1] else _CLOSES_OBJECT):
            self._opened.pop()
            yield Closed(close + 1)
        else:
            yield self._rest(place, b"" if is_first else self._entry)

    def _run(self, place: int, comma: int, *, is_first: bool) -> Cut:
        if self._skip(place) < comma:
            return Run(place, comma)
        return self._rest(place, b"" if is_first else self._entry)

    @property
    def _entry(self) -> bytes:
        """An entry and a comma."""
        return b"0," if self._opened[-1] else b'"":0,'

    def _rest(self, place: int, before: bytes) -> Rest:
        around = b"".join(b"[" if is_array else b'{"":' for is_array in self._opened[:-1])
        inner = b"[" if self._opened[-1] else b"{"
        if before == b"[]" and not self._opened[-1]:
            before = b'"":[]'
        return Rest(place, around + inner + before)

    def _skipped(self, place: int) -> Generator[None, None, int]:
        """Return the place after blanks, which may be many."""
        size = self._outline.size
        for count in range(len(self._body) // size):
            if not self._body[place : place + size].isspace():
                break
            place += size
            if count % _TURN == 0:
                yield
        return self._skip(min(place, len(self._body)))

    def _skip(self, place: int) -> int:
        """Return the place after blanks, which are few."""
        match = _BLANK.match(self._body, place)
        return place if match is None else match.end()

    def _last_of(self, blocks: list[int], depth: int, comma: int | None) -> int | None:
        """Return the place of the last comma in some blocks, or else `comma`, which is before them."""
        for block in reversed(blocks):
            found = self._last_comma(block, depth)
            if found is not None:
                self._clear = block
                return found
        return comma

    def _last_comma(self, block: int, depth: int) -> int | None:
        """Return the place of the last comma at a depth, in a block that does not leave this depth."""
        outline = self._outline
        start = block * outline.size
        stop = min(start + outline.size, len(self._body))
        return self._last_comma_of(self._parts(start, stop, outline.depths[block], outline.begins[block]), depth)

    def _look(self, place: int, stop: int, depth: int) -> tuple[int | None, int | None]:
        """Do the same as `_scan` from a place at a depth, but read no more than a part if nothing is closed."""
        parts = self._parts(place, stop, depth, (False, False))
        if not parts.lows or min(parts.lows) < depth or place + len(parts.lows) * parts.size < stop:
            return self._scan(place, stop, depth, depth)
        return self._last_comma_of(parts, depth), None

    def _parts(self, start: int, stop: int, depth: int, begins: tuple[bool, bool]) -> Outline:
        """Return the outline of a block, or of the rest of one, divided into parts."""
        size = max(self._outline.size // _PARTS, 1)
        parts = Outline(self._body, size, start=start, stop=stop, depth=depth, begins=begins)
        for _ in parts.blocks():
            pass
        return parts

    def _last_comma_of(self, parts: Outline, depth: int) -> int | None:
        for part in range(len(parts.lows) - 1, -1, -1):
            if parts.lows[part] == depth:
                comma, _ = self._scan_block(part, depth, parts)
                if comma is not None:
                    return comma
        return None

    def _scan_block(
        self, block: int, depth: int, outline: Outline | None = None, *, is_first_comma: bool = False
    ) -> tuple[int | None, int | None]:
        outline = outline or self._outline
        start = outline.start + block * outline.size
        stop = min(start + outline.size, len(self._body))
        in_text, is_escaped = outline.begins[block]
        if in_text:
            match = _TEXT_END.match(self._body, start + is_escaped, stop)
            if match is None:
                return None, None
            start = match.end()
        return self._scan(start, stop, outline.depths[block], depth, is_first_comma=is_first_comma)

    def _scan(
        self, start: int, stop: int, at: int, depth: int, *, is_first_comma: bool = False
    ) -> tuple[int | None, int | None]:
        """Find the last comma at a depth, or the first, and the place where that depth is left; the search ends there.

        Args:
            start: Where the search begins, outside of texts.
            stop: Where the search ends.
            at: The depth at which it begins.
            depth: The depth of the comma.
            is_first_comma: Whether the search ends at the first comma.
        """
        comma: int | None = None
        body = self._body
        for token in _TOKEN.finditer(body, start, stop):
            place = token.start()
            mark = body[place]
            if mark == _COMMA:
                if at == depth:
                    comma = place
                    if is_first_comma:
                        break
            elif mark in _OPENS:
                at += 1
            elif mark in _CLOSES:
                if at == depth:
                    return comma, place
                at -= 1
        return comma, None


_ARRAY, _CLOSES_ARRAY, _CLOSES_OBJECT, _COMMA = b"[]},"
_OPENS, _CLOSES = b"[{", b"]}"
