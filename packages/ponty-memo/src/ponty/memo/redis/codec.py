"""From values to what lies in Redis, and back: JSON or MessagePack, read as the type that the function declares.

A stored value begins with two bytes that tell what wrote it, so that a value of another format, or something else that
lies in its place, is not taken for a value: it is `Garbage`, and a cache computes anew.
"""

import types
from collections.abc import Callable, Iterable
from typing import Any, Final, Literal, Protocol, TypeAlias, get_type_hints

from ponty.memo.keys.written import written_annotations
from ponty.memo.lazy_imports import inspect
from ponty.memo.redis.lazy_imports import msgspec


class Serializer(Protocol):
    """A format of one's own: two methods. What `decode` raises makes a stored value count as none."""

    def encode(self, value: Any, /) -> bytes:
        """Write a value."""
        ...

    def decode(self, data: bytes, /) -> Any:
        """Read a value."""
        ...


Format: TypeAlias = Literal["msgpack", "json"] | Serializer
"""What values are written with."""

_MARKS: Final[dict[object, bytes]] = {"msgpack": b"\x01m", "json": b"\x01j"}
_OWN: Final = b"\x01x"


class Garbage(Exception):
    """Bytes in Redis that this cache has not stored, or stored in another format."""


class Codec:
    """Write and read the values of one cache.

    Args:
        who: What to call the cache in messages.
        format: "msgpack", "json", or a serializer of one's own.
        returns: The type to read values as; a function gives it when it is first needed.

    Raises:
        ValueError: There is no such format.
        ImportError: msgspec is not installed; the extra `ponty-memo[redis]` brings it.
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
            raise ValueError(f"{who}: serializer is 'msgpack', 'json' or an object with encode and decode")
        self._mark = _MARKS.get(format, _OWN) if isinstance(format, str) else _OWN

    def dump(self, value: Any) -> bytes:
        """Write `value`.

        Raises:
            TypeError: It cannot be written, or would not be read as what it was. A serializer of one's own is trusted
                with the latter.
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
        """Read a value.

        Raises:
            Garbage: It is none of this cache's.
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
    """Return whether what is read is what was written; NaN is, though it equals nothing."""
    if value == read:
        return True
    if type(value) is not type(read):
        return False
    if isinstance(value, float):
        return value != value and read != read  # noqa: PLR0124 - so is NaN
    if isinstance(value, list | tuple):
        return len(value) == len(read) and all(map(_is_same, value, read))
    if isinstance(value, dict):
        return value.keys() == read.keys() and all(_is_same(value[key], read[key]) for key in value)
    names: Iterable[str] = getattr(type(value), "__dataclass_fields__", ())
    return bool(names) and all(_is_same(getattr(value, name), getattr(read, name)) for name in names)


def declared_by(function: Callable[..., Any], who: str) -> Callable[[], Any]:
    """Return a function that returns the type which `function` declares to return, Any if it declares none."""

    def returns() -> Any:
        inner = inspect.unwrap(function)
        annotations = written_annotations(inner)
        # Only this one: those of the parameters may name what only type checkers import.
        alone = types.SimpleNamespace(__annotations__={"return": annotations.get("return", Any)})
        try:
            return get_type_hints(alone, globalns=getattr(inner, "__globals__", {}), include_extras=True)["return"]
        except (NameError, TypeError, AttributeError) as error:
            raise TypeError(f"{who}: its return type cannot be looked up: {error}; give returns= the type") from error

    return returns
