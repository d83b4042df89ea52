"""Encoding values for Redis and decoding them: JSON or MessagePack, decoded to the return type of the function.

A stored value begins with two bytes that name its format. So data in another format, or other data under the same name,
is not mistaken for a value: it is `Garbage`, and the cache computes the value anew.
"""

import types
from collections.abc import Callable, Iterable
from typing import Any, Final, Literal, Protocol, TypeAlias, get_type_hints

from ponty.memo.keys.written import written_annotations
from ponty.memo.lazy_imports import inspect
from ponty.memo.redis.lazy_imports import msgspec


class Serializer(Protocol):
    """A user-defined format for `serializer=`; if `decode` raises an exception, the call is a miss."""

    def encode(self, value: Any, /) -> bytes:
        """Return a value as bytes."""
        ...

    def decode(self, data: bytes, /) -> Any:
        """Return the value of bytes that `encode` has returned."""
        ...


Format: TypeAlias = Literal["msgpack", "json"] | Serializer
"""The formats of stored values."""

_MARKS: Final[dict[object, bytes]] = {"msgpack": b"\x01m", "json": b"\x01j"}
_OWN: Final = b"\x01x"


class Garbage(Exception):
    """Data in Redis that this cache has not stored, or has stored in another format."""


class Codec:
    """Encodes and decodes the values of one cache.

    Args:
        who: The name of the cache for messages.
        format: "msgpack", "json", or the user's serializer.
        returns: The type to decode values to, or a function that returns it, called when the type is first needed.

    Raises:
        ValueError: There is no such format.
        ImportError: msgspec is not installed; it comes with the extra `ponty-memo[redis]`.
    """

    __slots__ = ("_decode", "_encode", "_mark", "_returns", "_who")

    def __init__(self, who: str, format: Format, returns: Any) -> None:  # noqa: A002 - what it is
        self._who = who
        self._returns = returns
        self._decode: Callable[[bytes], Any] | None = None
        self._encode: Callable[[Any], bytes]
        if format == "msgpack":
            self._encode = msgspec.msgpack.Encoder().encode
        elif format == "json":
            self._encode = msgspec.json.Encoder().encode
        elif not isinstance(format, str) and callable(getattr(format, "encode", None)):
            self._encode, self._decode = format.encode, format.decode
        else:
            raise ValueError(f"{who}: serializer must be 'msgpack', 'json' or an object with encode and decode")
        self._mark = _MARKS.get(format, _OWN) if isinstance(format, str) else _OWN

    def dump(self, value: Any) -> bytes:
        """Encode `value`.

        Raises:
            TypeError: It cannot be encoded, or would be decoded to another value. The latter is not checked for a
                user's serializer.
        """
        try:
            data = bytes(self._encode(value))
            read = self._reader()(data)
            if self._mark != _OWN and not _is_same(value, read):
                raise TypeError("it would be read as another value")  # noqa: TRY301 - one message for all of them
        except Exception as error:
            raise TypeError(
                f"{self._who}: a {type(value).__qualname__} cannot be stored as what the function declares to "
                f"return: {error}; give returns= the type to read it as, or serializer= a format that can write it"
            ) from error
        return self._mark + data

    def load(self, data: bytes) -> Any:
        """Decode a value.

        Raises:
            Garbage: The data is not a value of this cache.
        """
        if data[:2] != self._mark:
            raise Garbage("it was written by something else")
        try:
            return self._reader()(data[2:])
        except Exception as error:
            raise Garbage(str(error)) from error

    def _reader(self) -> Callable[[bytes], Any]:
        if self._decode is None:
            returns = self._returns() if inspect.isfunction(self._returns) else self._returns
            module = msgspec.msgpack if self._mark == _MARKS["msgpack"] else msgspec.json
            self._decode = module.Decoder(returns).decode
        return self._decode


def _is_same(value: Any, read: Any) -> bool:
    """Return whether the decoded value is the encoded one; NaN counts as the same as NaN."""
    if value == read:
        return True
    if type(value) is not type(read):
        return False
    if isinstance(value, float):
        return value != value and read != read  # noqa: PLR0124 - only NaN differs from itself
    if isinstance(value, list | tuple):
        return len(value) == len(read) and all(map(_is_same, value, read))
    if isinstance(value, dict):
        return value.keys() == read.keys() and all(_is_same(value[key], read[key]) for key in value)
    names: Iterable[str] = getattr(type(value), "__dataclass_fields__", ())
    return bool(names) and all(_is_same(getattr(value, name), getattr(read, name)) for name in names)


def declared_by(function: Callable[..., Any], who: str) -> Callable[[], Any]:
    """Return a function that returns the declared return type of `function`, or Any if it declares none."""

    def returns() -> Any:
        inner = inspect.unwrap(function)
        annotations = written_annotations(inner)
        # Only the return annotation is evaluated: those of parameters may use names that only type checkers import.
        alone = types.SimpleNamespace(__annotations__={"return": annotations.get("return", Any)})
        try:
            return get_type_hints(alone, globalns=getattr(inner, "__globals__", {}), include_extras=True)["return"]
        except (NameError, TypeError, AttributeError) as error:
            raise TypeError(f"{who}: its return type cannot be looked up: {error}; give returns= the type") from error

    return returns
