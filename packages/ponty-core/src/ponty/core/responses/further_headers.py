"""Further headers: those that middlewares add to an answer, most of them the same each time.

They are checked and encoded once, when the middleware is made. A plain answer keeps them apart from its own headers,
and merges them only when some code reads its headers.
"""

import functools
from collections.abc import Callable, Mapping, MutableMapping, Sequence

import msgspec
from aiohttp import hdrs

from ponty.core.responses.written_headers import is_clean


class FurtherHeaders(msgspec.Struct, eq=False, gc=False):
    """Headers for answers, ready to be written; `further_headers` makes them.

    Args:
        headers: The headers, by name.
        keep: Whether a header that an answer has already is kept.
        tagged: The headers for answers with an entity tag, if they differ.
        names: The names, in lower case.
        lines: The encoded headers, each after a line break.
        is_apart: Whether they may be kept apart from an answer's own headers: none of them concerns the body, the
            framing or the sender.
    """

    headers: Mapping[str, str]
    keep: bool
    tagged: "FurtherHeaders | None"
    names: frozenset[str]
    lines: bytes
    is_apart: bool

    def merge_into(self, headers: MutableMapping[str, str]) -> None:
        """Set them in the headers of an answer; the values of `Vary` (RFC 9110 §12.5.5) are joined."""
        if self.tagged is not None and hdrs.ETAG in headers:
            self.tagged.merge_into(headers)
            return
        for name, value in self.headers.items():
            if name == hdrs.VARY:
                headers[name] = _varying(headers.get(name), value)
            elif not (self.keep and name in headers):
                headers[name] = value


def further_headers(
    headers: Mapping[str, str], *, keep: bool = False, tagged: FurtherHeaders | None = None
) -> FurtherHeaders:
    """Make headers ready to be written.

    Args:
        headers: The headers, by name.
        keep: Whether a header that an answer has already is kept.
        tagged: The headers for answers with an entity tag, if they differ.
    """
    names = frozenset(map(str.lower, headers))
    lines = _lines(headers)
    is_apart = names.isdisjoint(_OF_THE_ANSWER) and is_clean(lines, len(headers))
    return FurtherHeaders(headers, keep, tagged, names, lines, is_apart)


def maker_of(name: str) -> Callable[[str], FurtherHeaders]:
    """Make a function that returns the header of this name for a value of printable ASCII."""
    names = frozenset({name.lower()})
    start = _lines({name: ""})

    def holding(value: str) -> FurtherHeaders:
        return FurtherHeaders({name: value}, False, None, names, start + value.encode("ascii"), True)

    return holding


def are_apart(further: Sequence[FurtherHeaders]) -> bool:
    """Return whether sets of headers may be kept apart from each other, and from an answer's own."""
    if len(further) == 1:
        return further[0].is_apart
    for each in further:
        if not each.is_apart:
            return False
    return _have_names_of_their_own(*[each.names for each in further])


@functools.lru_cache(maxsize=256)
def _have_names_of_their_own(*names: frozenset[str]) -> bool:
    return sum(map(len, names)) == len(frozenset().union(*names))


_OF_THE_ANSWER = frozenset(
    {"connection", "content-length", "content-type", "date", "server", "set-cookie", "transfer-encoding"}
)


def _lines(headers: Mapping[str, str]) -> bytes:
    return "".join([f"\r\n{name}: {value}" for name, value in headers.items()]).encode()


def _varying(before: str | None, more: str) -> str:
    if not before:
        return more
    names = [name.strip() for name in before.split(",")]
    known = {name.lower() for name in names}
    if "*" in known:
        return before
    return ", ".join([*names, *(name for name in more.split(", ") if name.lower() not in known)])
