"""All headers of an answer as they are written, known at once where the same were sent before.

`items()` of a multidict makes an object of each name first, and a line of each is looked up then. What a multidict
refers to, as the garbage collector sees it, is there already: the names, spelled as a program has set them, and the
values, in their order. So the lines of a whole set are kept by these; where only a value is new, the names are known.

Nothing is kept that the multidict has not told of itself in the usual way too, when it was written for the first time.
So one that refers to its headers otherwise, as that in pure Python does, is looked through each time, and never taken
for another.

No more than so many sets of names are kept, and of each only a few with their values, so that what is new each time
fills no memory.
"""

import gc

import msgspec
from aiohttp import hdrs
from multidict import CIMultiDict

from ponty.core.responses.written_headers import TEXTS, written


class HeaderLines(msgspec.Struct, eq=False, gc=False):
    """Headers as they are written.

    Args:
        lines: All of them, each behind a line break.
        has_type: Whether `Content-Type` is among them.
        is_fixed: Whether `Date` or `Server` is.
    """

    lines: bytes
    has_type: bool
    is_fixed: bool


class _Names(msgspec.Struct, eq=False, gc=False):
    """Names that were sent together.

    Args:
        starts: What is written before each value.
        has_type: Whether `Content-Type` is among them.
        is_fixed: Whether `Date` or `Server` is.
        kept: How often they are kept together with their values.
    """

    starts: list[str]
    has_type: bool
    is_fixed: bool
    kept: int = 0


def lines_of(headers: CIMultiDict[str]) -> HeaderLines | None:
    """Return `headers` as they are written; None where they are for aiohttp to write, as `written` has it."""
    parts: list[object] = _parts_of(headers)
    key = (*parts,)
    try:
        known = _SETS.get(key)
        names = _NAMES.get((*parts[_BEFORE::2],)) if known is None else None
    except TypeError:  # what has no hash is no text
        return None
    if known is not None:
        return known
    made = None if names is None else _with_values(names, parts)
    if made is None:
        names, made = _looked_through(headers, parts)
    if names is not None and made is not None and names.kept < MOST_VALUES and len(made.lines) <= LONGEST:
        names.kept += 1
        _SETS[key] = made
    return made


def _with_values(names: _Names, parts: list[object]) -> HeaderLines | None:
    """Put what is written before values in place of their names; None where one of these is for a closer look."""
    values = parts[_BEFORE + 1 :: 2]
    if not TEXTS.issuperset(map(type, values)) or not "".join(values).isprintable():  # type: ignore[arg-type]  # texts
        return None
    parts[_BEFORE::2] = names.starts
    del parts[:_BEFORE]
    return HeaderLines("".join(parts).encode(), names.has_type, names.is_fixed)  # type: ignore[arg-type]  # likewise


def _looked_through(headers: CIMultiDict[str], parts: list[object]) -> tuple[_Names | None, HeaderLines | None]:
    """Write headers one by one, and keep their names where they are what the multidict refers to."""
    items = [*headers.items()]
    lines = written(items)
    if lines is None:
        return None, None
    has_type, is_fixed = hdrs.CONTENT_TYPE in headers, hdrs.DATE in headers or hdrs.SERVER in headers
    made = HeaderLines(lines, has_type, is_fixed)
    if parts[_BEFORE:] != [part for item in items for part in item] or not TEXTS.issuperset(map(type, parts[_BEFORE:])):
        return None, made
    names = _Names([f"\r\n{name}: " for name, _ in items], has_type, is_fixed)
    if len(lines) > LONGEST:
        return None, made
    if len(_NAMES) >= MOST_NAMES:
        _NAMES.clear()
        _SETS.clear()
    _NAMES[(*parts[_BEFORE::2],)] = names
    return names, made


_parts_of = gc.get_referents
_BEFORE = len(_parts_of(CIMultiDict[str]()))
"""How much a multidict refers to before its headers: its class."""

_SETS: dict[tuple[object, ...], HeaderLines] = {}
_NAMES: dict[tuple[object, ...], _Names] = {}

MOST_NAMES = 32
"""How many sets of names are kept."""
MOST_VALUES = 16
"""How often one is kept together with values."""
LONGEST = 1024
"""How many bytes the lines of a set that is kept have at most, so that all of them have half a megabyte."""
