"""Decodes JSON to Python values, and accepts only values that can be written as JSON again."""

from typing import Any, TypeAlias, Union

import msgspec

from ponty.request.errors import InvalidField, Refused

Json: TypeAlias = Union[dict[str, "Json"], list["Json"], str, int, float, bool, None]  # noqa: UP007 - has a string
"""A JSON value (RFC 8259)."""

MAX_DEPTH = 100
"""How deep arrays and objects may be nested."""

_decode: Any = msgspec.json.Decoder().decode
_pass_over: Any = msgspec.json.Decoder(msgspec.Raw).decode


def decode_json(body: bytes) -> Json:
    """Decode JSON text. If an object has the same name twice, the last value counts.

    Raises:
        InvalidField: The text is not JSON, not UTF-8, nested more than 100 levels deep, or has a number that no Python
            number can hold.
    """
    value = decode_however_deep(body)
    # Most bodies are too short to be deep, or have fewer brackets than levels are allowed.
    if len(body) > 2 * MAX_DEPTH and body.count(b"[") + body.count(b"{") > MAX_DEPTH and is_deeper(value, MAX_DEPTH):
        raise too_deep()
    return value


def decode_however_deep(body: bytes) -> Json:
    """Do the same as `decode_json`, but without a limit of levels.

    Raises:
        InvalidField: The text is not JSON, not UTF-8, nested so deep that it exhausts the stack, or has a number that
            no Python number can hold.
    """
    try:
        value: Json = _decode(body)
    except UnicodeDecodeError:
        raise InvalidField("is not valid UTF-8", code="encoding") from None
    except RecursionError:
        raise too_deep() from None
    except msgspec.ValidationError:
        check_text(body)
        raise out_of_range() from None
    except msgspec.DecodeError:
        raise not_json(body).error() from None
    return value


def check_text(body: bytes) -> None:
    """Check that a text is JSON, whatever its numbers.

    Raises:
        InvalidField: It is not JSON.
    """
    try:
        _pass_over(body)
    except RecursionError:
        return
    except msgspec.DecodeError:
        raise not_json(body).error() from None


def out_of_range() -> InvalidField:
    """Return the refusal of JSON with a number that no Python number can hold."""
    return InvalidField("has a number that is out of range", code="out_of_range")


def not_json(body: bytes) -> Refused:
    """Return the refusal of a body that is not JSON."""
    return _NOT_JSON if body else _EMPTY


_NOT_JSON = Refused.whole("is not valid JSON", code="json")
_EMPTY = Refused.whole("is empty, not JSON", code="missing")


def too_deep() -> InvalidField:
    """Return the refusal of a body whose arrays and objects are nested too deep."""
    return InvalidField(f"is nested more than {MAX_DEPTH} levels deep", code="too_deep")


def is_deeper(value: Json, levels: int) -> bool:
    """Return whether arrays and objects are nested more than `levels` deep."""
    # One level after another, so that neither width nor depth can exhaust the stack.
    level: list[dict[str, Json] | list[Json]] = [value] if isinstance(value, dict | list) else []
    for _ in range(levels):
        if not level:
            return False
        level = [
            inner
            for outer in level
            for inner in (outer.values() if isinstance(outer, dict) else outer)
            if isinstance(inner, dict | list)
        ]
    return bool(level)
