"""The JSON form of the defaults of a class."""

import collections
import dataclasses
import decimal
import ipaddress
import json
import typing
from typing import Any

import msgspec

from ponty.request.content.json_decoder import Json

_EMPTY: dict[type, type[list[Json] | dict[str, Json]]] = {
    list: list,
    tuple: list,
    set: list,
    frozenset: list,
    dict: dict,
    collections.deque: list,
    collections.OrderedDict: dict,
    collections.Counter: dict,
}


def default_keyword(place: str, value: Any, factory: object) -> dict[str, Json]:
    """Return the keyword `default` of a field, or nothing if its default is not always the same.

    Among factories, only those of built-in collections are known to make the same each time, `list[str]` as well as
    `list`.

    Args:
        place: The name of the field in messages.
        value: Its default; `dataclasses.MISSING` if there is none.
        factory: The factory of its default.

    Raises:
        ValueError: JSON cannot hold the default.
    """
    if value is not dataclasses.MISSING:
        return {"default": _json_form(place, value)}
    made = typing.get_origin(factory) or factory
    for known, empty in _EMPTY.items():
        if made is known:
            return {"default": empty()}
    return {}


def json_form(value: object) -> Json:
    """Return a value in the form that JSON holds.

    Raises:
        TypeError: The type of the value has no form in JSON.
    """
    return msgspec.to_builtins(value, str_keys=True, order="deterministic", enc_hook=_text_or_list)  # type: ignore[no-any-return]


_TEXTS = (
    ipaddress.IPv4Address,
    ipaddress.IPv6Address,
    ipaddress.IPv4Network,
    ipaddress.IPv6Network,
    ipaddress.IPv4Interface,
    ipaddress.IPv6Interface,
)


def _text_or_list(value: object) -> str | list[object]:
    if isinstance(value, _TEXTS):
        return str(value)
    if isinstance(value, collections.deque):
        return [*value]
    raise TypeError(f"{type(value).__qualname__} has no form in JSON")


def _json_form(place: str, value: object) -> Json:
    try:
        plain = json_form(value)
        json.dumps(plain, allow_nan=False, ensure_ascii=False).encode()
    except (TypeError, ValueError, OverflowError, RecursionError):
        raise ValueError(f"{place}: JSON cannot hold the default, a {type(value).__qualname__}") from None
    if isinstance(value, decimal.Decimal) and not value.is_finite():
        raise ValueError(f"{place}: JSON cannot hold the default {value}")
    return plain
