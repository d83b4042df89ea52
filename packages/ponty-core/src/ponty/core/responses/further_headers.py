"""Headers that come to an answer from outside: from middlewares, most of them the same with each answer.

They are encoded and looked through once, when the middleware is made. A plain answer takes them as they are, and puts
them among its headers only when somebody asks for these.
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
        keep: Whether a header that an answer has already stays as it is.
        tagged: Those for answers that have an entity tag, where they are others.
        names: The names, in lower case.
        lines: The headers as they are written, each behind a line break.
        is_apart: Whether they may stand beside an answer's own: they say nothing of its body, its framing or its
            sender.
    """

    headers: Mapping[str, str]
    keep: bool
    tagged: "FurtherHeaders | None"
    names: frozenset[str]
    lines: bytes
    is_apart: bool

    def merge_into(self, headers: MutableMapping[str, str]) -> None:
        """Set them in the headers of an answer; the values of `Vary` (RFC 9110 §12.5.5) come together."""
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
        keep: Whether a header that an answer has already stays as it is.
        tagged: Those for answers that have an entity tag, where they are others.
    """
    names = frozenset(map(str.lower, headers))
    lines = _lines(headers)
    is_apart = names.isdisjoint(_OF_THE_ANSWER) and is_clean(lines, len(headers))
    return FurtherHeaders(headers, keep, tagged, names, lines, is_apart)


def maker_of(name: str) -> Callable[[str], FurtherHeaders]:
    """Make a function that returns the header of this name for a value, which is printable ASCII."""
    names = frozenset({name.lower()})
    start = _lines({name: ""})

    def holding(value: str) -> FurtherHeaders:
        return FurtherHeaders({name: value}, False, None, names, start + value.encode("ascii"), True)

    return holding


def are_apart(further: Sequence[FurtherHeaders]) -> bool:
    """Return whether sets of headers may stand beside each other, and beside an answer's own."""
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
