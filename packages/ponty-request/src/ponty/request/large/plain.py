"""A large body as plain JSON, decoded piece by piece."""

from collections.abc import Iterator
from typing import Any, Protocol

from ponty.request.content.json_decoder import Json, check_text, decode_however_deep, not_json, out_of_range, too_deep
from ponty.request.errors import InvalidField
from ponty.request.large.cuts import Closed, Cutter, Opened, Rest, Run
from ponty.request.large.outline import Outline
from ponty.request.large.release import Kept
from ponty.request.large.sizes import MANY, SIZES
from ponty.request.large.turns import Steps
from ponty.request.large.weight import has_great_exponents

MAX_OPENED = 120
"""How deep long arrays and objects are opened; more than 100 levels are refused in any case."""


class Pieces:
    """An array or object that was decoded piece by piece.

    Args:
        is_array: Whether it is an array.
    """

    def __init__(self, *, is_array: bool) -> None:
        self.value: Any = [] if is_array else {}
        """The whole array or object."""
        self.inner: dict[int | str, Pieces] = {}
        """The elements that were decoded piece by piece themselves, by index or name."""
        self.stops: list[int] = []
        """The index at which each piece ends; a piece has the elements after the piece before."""

    def pieces(self) -> Iterator[tuple[int, int]]:
        """Iterate over the pieces: for each, the first index, and the index after the last."""
        start = 0
        for stop in self.stops:
            yield start, stop
            start = stop


class Sink(Protocol):
    """Receives the cuts of a body."""

    def run(self, entries: bytes) -> None:
        """Take entries of the array or object that was opened last, or a value that cannot be cut."""

    def opened(self, *, is_array: bool, key: bytes, start: int) -> None:
        """Enter an array or object."""

    def closed(self, end: int) -> None:
        """Leave the array or object that was entered last."""

    def broken(self, text: bytes) -> None:
        """Take text that is not JSON; raise an error that must be reported before that one."""


class PlainSink:
    """Decodes a body to plain JSON.

    Args:
        kept: Collects the pieces that are to be freed in slices.
    """

    def __init__(self, kept: Kept) -> None:
        self._kept = kept
        self.root: Json = None
        """The value."""
        self.whole: Pieces | None = None
        """Its pieces; None if it could not be cut."""
        self.is_out_of_range: bool = False
        """Whether a number was out of range; after that, nothing is decoded any more, and the text is only checked."""
        self._opened: list[Pieces] = []

    def run(self, entries: bytes) -> None:
        """Decode entries."""
        if not self._opened:
            self.root = decode_however_deep(entries)
            return
        outer = self._opened[-1]
        if isinstance(outer.value, list):
            items = self._decoded(b"[" + entries + b"]", [])
            self._kept.add(items)
            outer.value += items
        else:
            found = self._decoded(b"{" + entries + b"}", {})
            self._kept.add(found)
            if outer.inner and not outer.inner.keys().isdisjoint(found):
                for name in found:
                    outer.inner.pop(name, None)
            outer.value.update(found)
        outer.stops.append(len(outer.value))

    def _decoded(self, text: bytes, nothing: Any) -> Any:
        if not self.is_out_of_range:
            try:
                return decode_however_deep(text)
            except InvalidField as error:
                if error.violations[0].code != "out_of_range":
                    raise
                self.is_out_of_range = True
        else:
            check_text(text)
        return nothing

    def opened(self, *, is_array: bool, key: bytes, start: int) -> None:  # noqa: ARG002 - other sinks need it
        """Begin an array or object."""
        pieces = Pieces(is_array=is_array)
        if not self._opened:
            self.root, self.whole = pieces.value, pieces
        else:
            outer = self._opened[-1]
            if isinstance(outer.value, list):
                outer.inner[len(outer.value)] = pieces
                outer.value.append(pieces.value)
            else:
                name: Any = self._decoded(key, "")
                outer.inner[name] = pieces
                outer.value[name] = pieces.value
            outer.stops.append(len(outer.value))
        self._opened.append(pieces)

    def closed(self, end: int) -> None:  # noqa: ARG002 - other sinks need it
        """End the array or object that was begun last."""
        self._opened.pop()

    def broken(self, text: bytes) -> None:
        """Check whether the text is UTF-8."""
        if not self.is_out_of_range:
            decode_however_deep(text)


def outlined(body: bytes, *, counts_commas: bool = False) -> Steps[Outline]:
    """Make the outline of a body."""
    outline = Outline(body, SIZES.block, counts_commas=counts_commas)
    yield from outline.blocks()
    return outline


def poured(outline: Outline, sink: Sink) -> Steps[None]:
    """Cut a body, and pass the cuts to a sink.

    Raises:
        InvalidField: It is not JSON, or nested too deep.
    """
    body, levels = outline.body, 0
    # Many values in few bytes take as long as many bytes do, and so do a few of the slowest numbers.
    fewer = 0 if has_great_exponents(body) else 2 * MANY * SIZES.block // max([1, *outline.marks])
    for cut in Cutter(outline, min(SIZES.piece, max(SIZES.block, fewer))).cuts():
        if isinstance(cut, Run):
            sink.run(body[cut.start : cut.end])
        elif isinstance(cut, Opened):
            levels += 1
            if levels > MAX_OPENED:
                raise too_deep()
            sink.opened(is_array=cut.is_array, key=cut.key, start=cut.start)
        elif isinstance(cut, Closed):
            levels -= 1
            sink.closed(cut.end)
        elif isinstance(cut, Rest):
            sink.broken(cut.before + body[cut.start :])
            raise not_json(body).error()
        yield


def decoded(outline: Outline, sink: PlainSink) -> Steps[None]:
    """Decode a body to plain JSON.

    Raises:
        InvalidField: It is not JSON, not UTF-8, nested more than 100 levels deep, or has a number that no Python number
            can hold.
    """
    yield from poured(outline, sink)
    if sink.is_out_of_range:
        raise out_of_range()
    if outline.is_too_deep:
        raise too_deep()
