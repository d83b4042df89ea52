"""A large body is parsed in slices; the results are the same as those of `Parser`.

The shorter way decodes each piece into its type. A body that it refuses goes the longer way: it is decoded to plain
JSON, validated, and built from that. Both lead to parts, from which the value is built.
"""

from typing import Any

from ponty.request.content.json_decoder import Json
from ponty.request.errors import InvalidField
from ponty.request.large.building import ArrayParts, EntriesParts, MembersParts, Parts, Ready, built
from ponty.request.large.outline import Outline
from ponty.request.large.plain import Pieces, PlainSink, decoded, outlined, poured
from ponty.request.large.reduction import LargeValidator
from ponty.request.large.release import Kept
from ponty.request.large.turns import Steps
from ponty.request.large.typed import Readers, TypedSink, inside_of
from ponty.request.parsing.compiled_types.compiled_type import (
    REFUSALS,
    CompiledType,
    Entries,
    Items,
    construction_error,
)
from ponty.request.parsing.parser import Parser
from ponty.request.validation.validator import Validator


class LargeParser:
    """Parses large bodies.

    Args:
        parser: The parser for other bodies of the type.
        validator: A further validator, under which a body must be valid.
    """

    def __init__(self, parser: Parser, validator: Validator | None = None) -> None:
        self._parser = parser
        self._readers = Readers()
        self._given = None if validator is None else LargeValidator(validator)
        self._own = LargeValidator(parser.validator)

    def attempt(self, body: bytes) -> Steps[Any]:
        """Decode, validate and build; return the value, or the refusal of a body that is not valid.

        Raises:
            InvalidField: A class's own `__init__` refuses a value.
        """
        kept = Kept()
        try:
            outline = yield from outlined(body, counts_commas=self._parser.visits_values)
            parts: Parts | InvalidField | None = None
            if self._given is None and self._parser.is_read_shortly and not outline.is_too_deep:
                parts = yield from self._typed(outline, kept)
            if parts is None:
                parts = yield from self._plain(outline, kept)
            if isinstance(parts, InvalidField):
                kept.release()
                return parts
            value = yield from built(parts)
        except REFUSALS as error:
            kept.release()
            if isinstance(error, InvalidField):
                raise
            raise construction_error(error).refusal() from None
        except BaseException:
            kept.release()
            raise
        kept.release_after_request()
        return value

    def _typed(self, outline: Outline, kept: Kept) -> Steps[Parts | None]:
        sink = TypedSink(outline.body, self._parser.compiled, self._readers, kept)
        try:
            yield from poured(outline, sink)
        except (ValueError, RecursionError, InvalidField):
            return None
        return sink.parts

    def _plain(self, outline: Outline, kept: Kept) -> Steps[Parts | InvalidField]:
        sink = PlainSink(kept)
        try:
            yield from decoded(outline, sink)
        except InvalidField as error:
            return error
        for validator in (self._given, self._own):
            if validator is not None:
                refusal = yield from validator.refusal(sink)
                if refusal is not None:
                    return refusal
        if sink.whole is None:
            return Ready(sink.root, self._parser.compiled.build)
        return _parts_of(sink.whole, self._parser.compiled)


def decoded_json(body: bytes) -> Steps[Json]:
    """Decode a large body to plain JSON.

    Raises:
        InvalidField: As in `decode_json`.
    """
    sink = yield from _decoded(body, None)
    return sink.root


def validated_json(body: bytes, validator: LargeValidator) -> Steps[Json]:
    """Decode a large body to plain JSON, and validate it.

    Raises:
        InvalidField: The body is not JSON, or not valid.
    """
    sink = yield from _decoded(body, validator)
    return sink.root


def _refuse(refusal: InvalidField | None) -> None:
    if refusal is not None:
        raise refusal


def _decoded(body: bytes, validator: LargeValidator | None) -> Steps[PlainSink]:
    kept = Kept()
    sink = PlainSink(kept)
    try:
        outline = yield from outlined(body)
        yield from decoded(outline, sink)
        if validator is not None:
            _refuse((yield from validator.refusal(sink)))
    except BaseException:
        kept.release()
        raise
    kept.release_after_request()
    return sink


def _parts_of(pieces: Pieces, compiled: CompiledType) -> Parts:
    """Return the parts of a value that was decoded to plain JSON."""
    _, inside = inside_of(compiled, is_array=isinstance(pieces.value, list))
    if inside is None:
        return Ready(pieces.value, compiled.build)
    value: Any = pieces.value
    if isinstance(inside, Items):
        item = inside.item
        return ArrayParts(
            inside,
            [
                _parts_of(pieces.inner[start], item) if start in pieces.inner else (value[start:stop], item.build)
                for start, stop in pieces.pieces()
            ],
        )
    if isinstance(inside, Entries):
        entries = iter(value.items())
        found: list[Any] = []
        for name, each in entries:
            if name in pieces.inner:
                found.append((name, _parts_of(pieces.inner[name], inside.value)))
            elif found and isinstance(found[-1][0], dict) and len(found[-1][0]) < _ENTRIES:
                found[-1][0][name] = each
            else:
                found.append(({name: each}, inside.value.build))
        return EntriesParts(inside, found)
    return MembersParts(
        inside,
        {
            name: _parts_of(pieces.inner[name], inside.properties[name])
            if name in pieces.inner
            else (value[name], inside.properties[name].build)
            for name in value
            if name in inside.properties
        },
    )


_ENTRIES = 500
