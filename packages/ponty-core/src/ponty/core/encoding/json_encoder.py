"""Encoding Python values as JSON bytes, in one pass.

A value is encoded in the same form everywhere. msgspec encodes a few values differently, for example as keys of a dict.
They are found by a search in the bytes, unless the value's class shows that there are none
(`ponty.core.encoding.regular_types`), since the search takes as long as the encoding.
"""

import datetime
import decimal
import io
import re
import uuid
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any

import msgspec
from aiohttp import web

from ponty.core.encoding.regular_types import ADDRESSES, Regular, regularity

JSON = "application/json; charset=utf-8"
"""The media type of an answer in JSON."""


def _unknown(value: Any) -> object:
    """Return an equivalent of `value` that the encoder knows, or refuse it."""
    if type(value) in {tuple, list, dict, set, frozenset}:
        raise TypeError(f"a {type(value).__name__} cannot be a key of a JSON object")
    if isinstance(value, io.IOBase):
        raise TypeError("a file cannot be encoded; return its content")
    if isinstance(value, web.StreamResponse):  # a mapping too
        raise TypeError("a response cannot be encoded; return its value, or leave out @render_json")
    if hasattr(value, "__pydantic_serializer__"):
        return value.__pydantic_serializer__.to_python(value, mode="json", by_alias=True)
    for kind, plain in _PLAIN.items():
        if isinstance(value, kind):
            return plain(value)
    raise TypeError(f"cannot encode a {type(value).__qualname__!r} as JSON")


# Functions that turn an instance of a subclass, or of an abstract class, into one of a class that the encoder knows.
_PLAIN: dict[type, Callable[[Any], object]] = {
    str: str.__str__,
    int: int.__int__,
    float: float.__float__,
    datetime.datetime: lambda value: datetime.datetime.fromisoformat(datetime.datetime.isoformat(value)),
    datetime.date: lambda value: datetime.date(value.year, value.month, value.day),
    datetime.time: lambda value: datetime.time.fromisoformat(datetime.time.isoformat(value)),
    datetime.timedelta: lambda value: datetime.timedelta(value.days, value.seconds, value.microseconds),
    decimal.Decimal: decimal.Decimal,
    uuid.UUID: lambda value: uuid.UUID(int=value.int),
    **dict.fromkeys(ADDRESSES, str),
    Mapping: dict,
    Collection: list,
    Iterator: list,
}


class _MustBeLookedAtError(Exception):
    """A value holds an iterator, which must not be used up by a first attempt."""


def _unknown_or_spent(value: object) -> object:
    """Do the same as `_unknown`, but leave iterators alone, since their items can only be read once."""
    if isinstance(value, Iterator):
        raise _MustBeLookedAtError
    return _unknown(value)


_encode: Callable[[object], bytes] = msgspec.json.Encoder(enc_hook=_unknown_or_spent).encode
# Refuses keys of a dict that are not texts, and sorts the others.
_encode_regular: Callable[[object], bytes] = msgspec.json.Encoder(
    enc_hook=_unknown_or_spent, order="deterministic"
).encode
_encode_plain: Callable[[object], bytes] = msgspec.json.encode

_SUSPECT = re.compile(rb"""[+-]\d\d:\d\d"|"-?[\d.]+(?:e[-+]?\d+)?":""")
"""The form of an offset from UTC, and of a name that is a number: msgspec encodes some of these differently."""

# Each pattern begins with literal text, which is quick to search for.
_ends_east = re.compile(rb'\+\d\d:\d\d"').search
_ends_west = re.compile(rb'-\d\d:\d\d"').search
_ends_as_name = re.compile(rb':(?<=[\d.]":)').search
_NUMBER = b"0123456789.+-e"


def is_suspect(body: bytes) -> bool:
    """Return whether `_SUSPECT` is found in `body`; this is much quicker than the pattern if it is not."""
    # A search for a single byte costs next to nothing.
    if b"+" in body and _ends_east(body) is not None:
        return True
    if b"-" in body and _ends_west(body) is not None:
        return True
    if _ends_as_name(body) is None or b'"":' not in body.translate(None, _NUMBER):
        return False
    return _SUSPECT.search(body) is not None


def has_offset(body: bytes) -> bool:
    """Return whether `body` has text that looks like an offset from UTC."""
    return _ends_east(body) is not None or _ends_west(body) is not None


def encode_json(value: object) -> bytes:
    """Encode a value as UTF-8 JSON (RFC 8259).

    Dataclasses and mappings become objects. Lists, tuples, sets, other collections and iterators become arrays. An enum
    becomes its value. Dates and times become RFC 3339 text, in UTC if their offset has seconds. Timedeltas become ISO
    8601 durations, UUIDs and Decimals text, and bytes base64. NaN and the infinities become null.

    Raises:
        TypeError: The value has an object of another type, a bool as a key, or two keys with the same name in JSON.
    """
    return encode_regular(value, regularity(value))


def encode_regular(value: object, regular: Regular | None) -> bytes:
    """Encode a value in the same way, with less checking if its class is known to be regular.

    Args:
        value: The value.
        regular: What must be checked; None to check everything.
    """
    if regular is not None:
        try:
            body = _encode_regular(value)
        except Exception:  # noqa: BLE001, S110 - the encoder for all values, below, raises it again
            pass
        else:
            if not (regular.has_times and has_offset(body)):
                return body
    try:
        body = _encode(value)
    except _MustBeLookedAtError:
        pass
    else:
        # Most bodies have no sign at all. The first steps of `is_suspect` are repeated here, to save a call.
        if b"+" not in body and b"-" not in body and _ends_as_name(body) is None:
            return body
        if not is_suspect(body):
            return body
    plain = msgspec.to_builtins(value, builtin_types=(datetime.datetime, datetime.time), enc_hook=_unknown)
    return _encode_plain(_mended(plain))


def _mended(value: object) -> object:
    """Return an equivalent that msgspec encodes in Ponty's form; refuse a value that has none."""
    match value:
        case dict():
            return {name: _mended(element) for name, element in _named(value).items()}
        case list() | tuple():
            return [*map(_mended, value)]
        case datetime.datetime() if _has_seconds(value.utcoffset()):
            return value.astimezone(datetime.UTC)
        case datetime.time() if _has_seconds(value.utcoffset()):
            return datetime.datetime.combine(_A_DAY, value).astimezone(datetime.UTC).timetz()
        case _:
            return value


_A_DAY = datetime.date(2000, 1, 1)


def _has_seconds(offset: datetime.timedelta | None) -> bool:
    return offset is not None and bool(offset % datetime.timedelta(minutes=1))


def _named(value: dict[object, object]) -> dict[str, object]:
    """Return a dict by the names that its keys have in JSON."""
    named: dict[str, object] = {}
    for key, element in value.items():
        if isinstance(key, bool):
            raise TypeError("a bool cannot be a key of a JSON object")
        if isinstance(key, ADDRESSES):
            key = str(key)  # noqa: PLW2901 - its form as a value
        (name,) = msgspec.json.decode(_encode_plain({_mended(key): None})) if not isinstance(key, str) else (key,)
        if name in named:
            raise TypeError("two keys of a dict have the same name in JSON, such as 1 and '1'")
        named[name] = element
    return named
