"""The outline of JSON text: how deep in arrays and objects each block of its bytes begins, and how far up it goes.

With it, a look at one block finds a place where a long array or object can be cut, wherever that is. It is made block
by block, each with a few calls that run in C, so that other requests can have their turn in between.

A block is reduced like this: characters that a backslash escapes are dropped, then all but quotation marks and
brackets, then texts, then pairs of brackets side by side, until there are none. The brackets that remain close arrays
and objects that were opened before the block, or are closed in later blocks.

If the text is not JSON, its outline may be wrong from the first error on, but never before. So whatever is cut with it
must be decoded in order: if the decoder finds no error up to a cut, the cut is right.
"""

import itertools
import re
from collections.abc import Iterator

from ponty.request.content.json_decoder import MAX_DEPTH

_KEPT = b'"[]{}'
_DROPPED = bytes({*range(256)} - {*_KEPT})
_ESCAPES = re.compile(rb"\\.", re.DOTALL)
_TEXTS = re.compile(rb'"[^"]*"?')
_LEFT = re.compile(rb"([\]}]*)([\[{]*)")
_STEP = dict(zip(b"[{]}", (1, 1, -1, -1), strict=True))
_CLOSES = dict(zip(b"]}", b"[{", strict=True))
_PASSES = 12
"""How often pairs are removed; a block with more levels than that is rare."""


class Outline:
    """The outline of JSON text, or of a part of it; `blocks` makes it.

    Args:
        body: The text.
        size: How many bytes a block has.
        counts_commas: Whether its commas are counted, too.
        start: Where the part begins.
        stop: Where it ends; None for the end of the text.
        depth: The depth at which it begins.
        begins: Whether it begins within a text, and whether its first character is escaped by a backslash before it.
    """

    def __init__(
        self,
        body: bytes,
        size: int,
        *,
        counts_commas: bool = False,
        start: int = 0,
        stop: int | None = None,
        depth: int = 0,
        begins: tuple[bool, bool] = (False, False),
    ) -> None:
        self.body = body
        self.size = size
        self._counts_commas = counts_commas
        self.start = start
        self._stop = len(body) if stop is None else stop
        self._first = depth, begins
        self.depths: list[int] = []
        """The depth at which each block begins."""
        self.lows: list[int] = []
        """How far up each block goes: the least depth in it."""
        self.marks: list[int] = []
        """How many brackets each block has, and commas if they are counted: about the number of values that take
        long."""
        self.begins: list[tuple[bool, bool]] = []
        """Whether each block begins within a text, and whether its first character is escaped by a backslash before
        it."""
        self.is_too_deep: bool = False
        """Whether it has more levels than are allowed."""

    def blocks(self) -> Iterator[None]:
        """Go through all blocks, up to one whose brackets do not match."""
        body, size = self.body, self.size
        depth, (in_text, is_escaped) = self._first
        for start in range(self.start, self._stop, size):
            chunk = body[start : min(start + size, self._stop)]
            begins = (in_text, is_escaped)
            if is_escaped:
                chunk = chunk[1:]
                is_escaped = False
            if b"\\" in chunk:
                chunk = _ESCAPES.sub(b"", chunk)
                is_escaped = chunk.endswith(b"\\")
            marks = chunk.count(b",") if self._counts_commas else 0
            word = chunk.translate(None, _DROPPED)
            if in_text:
                word = b'"' + word
            word = word.replace(b'""', b"")
            if b'"' in word:
                in_text = word.count(b'"') % 2 == 1
                word = _TEXTS.sub(b"", word)
            else:
                in_text = False
            left, levels = _without_pairs(word)
            low = end = depth
            if left:
                match = _LEFT.fullmatch(left)
                if match is None:
                    return
                low -= len(match[1])
                end = low + len(match[2])
            if max(depth, end) + levels > MAX_DEPTH and not self.is_too_deep:
                steps = map(_STEP.__getitem__, word)
                self.is_too_deep = max(itertools.accumulate(steps, initial=depth)) > MAX_DEPTH
            self.depths.append(depth)
            self.lows.append(low)
            self.marks.append(marks + len(word))
            self.begins.append(begins)
            depth = end
            yield


def closes_more(text: bytes) -> bool:
    """Return whether a piece of JSON text, which begins outside of texts, may close more than it opens."""
    word = text if b"\\" not in text else _ESCAPES.sub(b"", text)
    word = word.translate(None, _DROPPED).replace(b'""', b"")
    if b'"' in word:
        word = _TEXTS.sub(b"", word)
    match = _LEFT.fullmatch(_without_pairs(word)[0])
    return match is None or bool(match[1])


def _without_pairs(word: bytes) -> tuple[bytes, int]:
    """Return brackets without the pairs that are side by side, and the most levels that these pairs can have."""
    for passes in range(_PASSES):
        before = len(word)
        word = word.replace(b"{}", b"").replace(b"[]", b"")
        if len(word) in {before, 0}:
            return word, passes * 2 + 2
    left = bytearray()
    for bracket in word:
        if left and left[-1] == _CLOSES.get(bracket):
            left.pop()
        else:
            left.append(bracket)
    return bytes(left), _PASSES * 2 + len(word)
