"""Python values as JSON bytes, in one pass.

One encoder serves every answer, so that a value looks the same wherever it appears.
"""

import datetime
import decimal
import uuid
from collections.abc import Callable, Collection, Mapping
from typing import Any

import msgspec
from aiohttp import web


def _unknown(value: object) -> object:
    """Give the encoder something it knows in place of `value`, or refuse it."""
    if type(value) in {tuple, list, dict, set, frozenset}:
        raise TypeError(f"a {type(value).__name__} cannot be a key of a JSON object")
    if isinstance(value, web.StreamResponse):  # a mapping too
        raise TypeError("a response is no value to encode; return its value, or leave out @render_json")
    for kind, plain in _PLAIN.items():
        if isinstance(value, kind):
            return plain(value)
    raise TypeError(f"cannot encode a {type(value).__qualname__!r} as JSON")


# What makes an instance of a subclass, or of an abstract class, one of a class that the encoder knows.
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
    Mapping: dict,
    Collection: list,
}


encode_json: Callable[[object], bytes] = msgspec.json.Encoder(enc_hook=_unknown).encode
"""Encode a value as UTF-8 JSON (RFC 8259).

Dataclasses and mappings become objects; lists, tuples, sets and other collections, arrays; enums, their value; dates
and times, RFC 3339 text; timedeltas, ISO 8601 durations; UUIDs and Decimals, text; bytes, base64. NaN and the
infinities become null.

Raises:
    TypeError: a value of some other type.
"""
