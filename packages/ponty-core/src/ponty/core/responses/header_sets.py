"""The encoded headers of an answer, taken from a cache if the same set was sent before.

To encode headers one by one is slow: `items()` of a multidict makes an object for each name, and each line is looked
up. But the garbage collector knows which objects a multidict refers to: the names, spelled as the program has set them,
and the values, in order. So the lines of a whole set are cached by these objects. If only a value is new, the names are
found.

A set is cached only if `items()` has returned the same names and values when it was written for the first time. So a
multidict that refers to other objects, as the one in pure Python does, is encoded one by one each time, and never
mistaken for another set.

The number of cached sets of names is limited, and so is the number of values for each, so that values which are new
each time do not fill memory.
"""

import gc

import msgspec
from aiohttp import hdrs
from multidict import CIMultiDict

from ponty.core.responses.written_headers import TEXTS, written


class HeaderLines(msgspec.Struct, eq=False, gc=False):
    """Encoded headers.

    Args:
        lines: The headers, each after a line break.
        has_type: Whether `Content-Type` is among them.
        is_fixed: Whether `Date` or `Server` is among them.
    """

    lines: bytes
    has_type: bool
    is_fixed: bool


class _Names(msgspec.Struct, eq=False, gc=False):
    """Names that were sent together.

    Args:
        starts: The text before each value.
        has_type: Whether `Content-Type` is among them.
        is_fixed: Whether `Date` or `Server` is among them.
        kept: How many sets with these names are cached together with their values.
    """

    starts: list[str]
    has_type: bool
    is_fixed: bool
    kept: int = 0


def lines_of(headers: CIMultiDict[str]) -> HeaderLines | None:
    """Return the encoded `headers`; None if aiohttp has to write them (see `written`)."""
    parts: list[object] = _parts_of(headers)
    key = (*parts,)
    try:
        known = _SETS.get(key)
        names = _NAMES.get((*parts[_BEFORE::2],)) if known is None else None
    except TypeError:  # a value without a hash is not a text
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
    """Encode new values after known names; return None if a value needs a closer look."""
    values = parts[_BEFORE + 1 :: 2]
    if not TEXTS.issuperset(map(type, values)) or not "".join(values).isprintable():  # type: ignore[arg-type]  # texts
        return None
    parts[_BEFORE::2] = names.starts
    del parts[:_BEFORE]
    return HeaderLines("".join(parts).encode(), names.has_type, names.is_fixed)  # type: ignore[arg-type]  # likewise


def _looked_through(headers: CIMultiDict[str], parts: list[object]) -> tuple[_Names | None, HeaderLines | None]:
    """Encode headers one by one, and cache their names if the multidict refers to them as expected."""
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
"""How many objects a multidict refers to before its headers: its class."""

_SETS: dict[tuple[object, ...], HeaderLines] = {}
_NAMES: dict[tuple[object, ...], _Names] = {}

MOST_NAMES = 32
"""The most sets of names that are cached."""
MOST_VALUES = 16
"""The most sets of values that are cached for one set of names."""
LONGEST = 1024
"""The most bytes of a set that is cached, so that all together have at most half a megabyte."""
