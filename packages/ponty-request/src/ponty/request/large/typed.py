"""Reads a large body as values of a type, on the shorter way: msgspec decodes each piece into its type.

A body that msgspec refuses, or a type without a shorter way, goes the longer way: see `parser`. So every fault here is
a bare ValueError, which the longer way explains. `ponty.request.parsing.msgspec_path` gives the reasons.
"""

from collections.abc import Callable
from typing import Any

import msgspec

from ponty.request.content.json_decoder import check_text
from ponty.request.large.building import ArrayParts, EntriesParts, MembersParts, Parts, Ready
from ponty.request.large.plain import PlainSink
from ponty.request.large.release import Kept
from ponty.request.parsing.compiled_types.arrays import array
from ponty.request.parsing.compiled_types.compiled_type import (
    JSON_TYPES,
    Build,
    Choice,
    CompiledType,
    Entries,
    Items,
    Members,
)
from ponty.request.parsing.compiled_types.objects import mapping
from ponty.request.parsing.compiled_types.scalars import scalar
from ponty.request.parsing.msgspec_path.decoder import make_reader
from ponty.request.parsing.msgspec_path.own_reader import make_own_reader
from ponty.request.parsing.msgspec_path.own_types import own_type

_split: Callable[[bytes], dict[str, msgspec.Raw]] = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_name: Callable[[bytes], str] = msgspec.json.Decoder(str).decode


class Reader(msgspec.Struct, frozen=True):
    """The reader of a piece, and the builder of each value in it; None if nothing is to be built."""

    read: Callable[[bytes], Any]
    make: Build | None


class Readers:
    """The readers of pieces, each made when it is first used."""

    def __init__(self) -> None:
        self._known: dict[tuple[int, str], Reader | None] = {}
        self._kept_types: list[CompiledType] = []

    def items(self, compiled: CompiledType) -> Reader:
        """Return the reader of a list of values."""
        return self._reader(compiled, "items")

    def entries(self, compiled: CompiledType) -> Reader:
        """Return the reader of an object of values."""
        return self._reader(compiled, "entries")

    def value(self, compiled: CompiledType) -> Reader:
        """Return the reader of a value."""
        return self._reader(compiled, "value")

    def _reader(self, compiled: CompiledType, kind: str) -> Reader:
        key = id(compiled), kind
        if key not in self._known:
            self._kept_types.append(compiled)
            self._known[key] = self._made(compiled, kind)
        reader = self._known[key]
        if reader is None:
            raise ValueError("there is no shorter way")
        return reader

    @staticmethod
    def _made(compiled: CompiledType, kind: str) -> Reader | None:
        tp, whole = compiled.tp, compiled
        if kind == "items":
            tp, whole = list[tp], array(compiled)  # type: ignore[valid-type]
        elif kind == "entries":
            tp, whole = dict[str, tp], mapping("", scalar(str), compiled)  # type: ignore[valid-type, arg-type]
        form = whole.msgspec_form
        strict = make_reader(form) if form else None
        own = None if compiled.tp is None else own_type(tp)
        if own is not None:
            return Reader(make_own_reader(own, strict), None)
        if strict is None:
            return None
        return Reader(strict, None if compiled.msgspec_form is None else compiled.msgspec_form.make)


def inside_of(compiled: CompiledType, *, is_array: bool) -> tuple[CompiledType, Items | Entries | Members | None]:
    """Return the compiled type of an array or object, and its parts; None if it is not taken apart."""
    inside = compiled.inside
    while isinstance(inside, Choice):
        chosen = inside.array if is_array else inside.object
        if chosen is None:
            return compiled, None
        compiled, inside = chosen, chosen.inside
    if inside is None or isinstance(inside, Items) is not is_array:
        return compiled, None
    return compiled, inside


def is_anything(compiled: CompiledType) -> bool:
    """Return whether this is JSON of any kind, which is not converted."""
    return compiled.build is None and compiled.json_types == JSON_TYPES and not compiled.schema


class _Frame:
    """An array or object that is open: its parts, and what must be known when it is closed.

    Args:
        parts: Its parts; None if it is read in one go.
        compiled: Its compiled type.
        start: The place where it begins.
        sizes: The least and the most items that it may have.
    """

    def __init__(self, parts: Parts | None, compiled: CompiledType, start: int, sizes: tuple[int, int | None]) -> None:
        self.parts = parts
        self.compiled = compiled
        self.start = start
        self.sizes = sizes
        self.levels = 0
        self.plain: PlainSink | None = None
        self.passed_over: list[bool] = []
        """If its value is ignored: whether each array or object that is open in it is an array, beginning with
        itself."""
        self.name = ""


class TypedSink:
    """Reads the pieces of a body.

    Args:
        body: The body.
        compiled: The compiled type of the body.
        readers: The readers of pieces.
        kept: Collects the pieces that are to be freed in slices.
    """

    def __init__(self, body: bytes, compiled: CompiledType, readers: Readers, kept: Kept) -> None:
        self._body = body
        self._compiled = compiled
        self._readers = readers
        self._kept = kept
        self._opened: list[_Frame] = []
        self.parts: Parts | None = None
        """The parts that were read."""

    def run(self, entries: bytes) -> None:
        """Read entries.

        Raises:
            ValueError: The body must go the longer way.
        """
        if not self._opened:
            self.parts = Ready(*self._value(self._compiled, entries))
            return
        frame = self._opened[-1]
        parts = frame.parts
        if frame.plain is not None:
            frame.plain.run(entries)
            if frame.plain.is_out_of_range:
                raise ValueError("a number is out of range")
        elif frame.passed_over:
            _pass_over(entries, is_array=frame.passed_over[-1])
        elif isinstance(parts, ArrayParts):
            item = parts.items.item
            reader = self._readers.items(item)
            items = reader.read(b"".join((b"[", entries, b"]")))
            self._kept.add(items)
            parts.parts.append((items, reader.make))
        elif isinstance(parts, EntriesParts):
            value = parts.entries.value
            reader = self._readers.entries(value)
            found = reader.read(b"".join((b"{", entries, b"}")))
            self._kept.add(found)
            parts.parts.append((found, reader.make))
        elif isinstance(parts, MembersParts):
            self._members(parts, b"".join((b"{", entries, b"}")))

    def _members(self, parts: MembersParts, text: bytes) -> None:
        if not text.isascii():
            text.decode()  # ignored values must be UTF-8, too
        for name, raw in _split(text).items():
            compiled = parts.members.properties.get(name)
            if compiled is not None:
                parts.parts.pop(name, None)
                parts.parts[name] = self._value(compiled, bytes(raw))
            elif not parts.members.is_open:
                raise ValueError("there is no such property")

    def _value(self, compiled: CompiledType, text: bytes) -> tuple[Any, Build | None]:
        reader = self._readers.value(compiled)
        return reader.read(text), reader.make

    def opened(self, *, is_array: bool, key: bytes, start: int) -> None:
        """Enter an array or object.

        Raises:
            ValueError: The body must go the longer way.
        """
        outer = self._opened[-1] if self._opened else None
        if outer is not None and outer.parts is None:
            outer.levels += 1
            if outer.passed_over:
                key.decode()
                outer.passed_over.append(is_array)
            elif outer.plain is not None:
                outer.plain.opened(is_array=is_array, key=key, start=start)
            return
        name = _name(key) if key else ""
        if outer is not None and _passes_over(outer.parts, name):
            frame = _Frame(None, outer.compiled, start, (0, None))
            frame.passed_over.append(is_array)
            self._opened.append(frame)
            return
        compiled = self._compiled if outer is None else _type_within(outer.parts, name)
        inner, inside = inside_of(compiled, is_array=is_array)
        parts: Parts | None = None
        if isinstance(inside, Items):
            parts = ArrayParts(inside, [])
        elif isinstance(inside, Entries):
            parts = EntriesParts(inside, [])
        elif isinstance(inside, Members):
            parts = MembersParts(inside, {})
        frame = _Frame(parts, compiled, start, _sizes(compiled, inner))
        frame.name = name
        if parts is None and is_anything(compiled):
            frame.plain = PlainSink(self._kept)
            frame.plain.opened(is_array=is_array, key=b"", start=start)
        self._opened.append(frame)

    def closed(self, end: int) -> None:
        """Leave the array or object that was entered last.

        Raises:
            ValueError: The body must go the longer way.
        """
        frame = self._opened[-1]
        if frame.levels:
            frame.levels -= 1
            if frame.passed_over:
                frame.passed_over.pop()
            elif frame.plain is not None:
                frame.plain.closed(end)
            return
        self._opened.pop()
        if not frame.passed_over:
            self._add(frame.name, self._parts(frame, end))

    def _parts(self, frame: _Frame, end: int) -> Parts:
        parts = frame.parts
        if isinstance(parts, ArrayParts):
            least, most = frame.sizes
            count = sum(len(part[0]) if isinstance(part, tuple) else 1 for part in parts.parts)
            if count < least or (most is not None and count > most):
                raise ValueError("too few or too many items")
        elif isinstance(parts, MembersParts):
            if not parts.parts.keys() >= {*parts.members.required}:
                raise ValueError("a property is missing")
        elif frame.plain is not None:
            return Ready(frame.plain.root, None)
        elif parts is None:
            return Ready(*self._value(frame.compiled, self._body[frame.start : end]))
        return parts

    def broken(self, text: bytes) -> None:
        """Leave the error to the longer way."""

    def _add(self, name: str, parts: Parts) -> None:
        outer = self._opened[-1].parts if self._opened else None
        if isinstance(outer, ArrayParts):
            outer.parts.append(parts)
        elif isinstance(outer, EntriesParts):
            outer.parts.append((name, parts))
        elif isinstance(outer, MembersParts):
            outer.parts.pop(name, None)
            outer.parts[name] = parts
        else:
            self.parts = parts


def _passes_over(parts: Parts | None, name: str) -> bool:
    return isinstance(parts, MembersParts) and parts.members.is_open and name not in parts.members.properties


def _pass_over(entries: bytes, *, is_array: bool) -> None:
    if not entries.isascii():
        entries.decode()
    check_text(b"[" + entries + b"]" if is_array else b"{" + entries + b"}")


def _type_within(parts: Parts | None, name: str) -> CompiledType:
    if isinstance(parts, ArrayParts):
        return parts.items.item
    if isinstance(parts, EntriesParts):
        return parts.entries.value
    if isinstance(parts, MembersParts) and name in parts.members.properties:
        return parts.members.properties[name]
    raise ValueError("there is no such property")


def _sizes(*several: CompiledType) -> tuple[int, int | None]:
    """Return the least and the most items that an array may have, by its compiled types."""
    least, most = 0, None
    for compiled in several:
        schemas: list[Any] = [compiled.schema]
        if "$ref" in compiled.schema:
            schemas += [element.schema for element in compiled.elements]
        for schema in schemas:
            least = max(least, schema.get("minItems", 0))
            if "maxItems" in schema:
                most = schema["maxItems"] if most is None else min(most, schema["maxItems"])
    return least, most
