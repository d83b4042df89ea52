"""A part of a declared type: the base of all kinds of parts.

A part has a form, if msgspec supports one: a type that mirrors the declared type and has nothing else. If there is no
form, or it refuses a value, `limit` goes through the value part by part.
"""

import abc
import dataclasses
import datetime
import decimal
import enum
import uuid
from typing import Any

import msgspec

from ponty.core.encoding.regular_types import ADDRESSES

SCALARS: tuple[type, ...] = (
    str,
    int,
    float,
    type(None),
    bytes,
    bytearray,
    memoryview,
    datetime.date,
    datetime.time,
    datetime.timedelta,
    decimal.Decimal,
    uuid.UUID,
    enum.Enum,
    *ADDRESSES,
)
"""The types of scalars: values that have no parts."""


class UnlimitedError(TypeError):
    """A value for which the type does not say what to send."""


class Part(abc.ABC):
    """A part of a type."""

    form: Any = None
    """The type to which msgspec converts a value; None if msgspec supports none."""

    @abc.abstractmethod
    def limit(self, value: object, at: str, differences: list[str]) -> object:
        """Return the part of a value that is sent.

        Args:
            value: The value.
            at: Its place, as a JSON Pointer.
            differences: Collects differences from the type, as texts.

        Raises:
            UnlimitedError: The value is of another kind than the type.
        """

    @abc.abstractmethod
    def takes(self, value: object) -> bool:
        """Return whether `value` is of the kind of this part."""


@dataclasses.dataclass(frozen=True)
class Member:
    """A member of a class: its name there, its key in JSON, and its part."""

    name: str
    key: str
    part: Part
    required: bool = True
    default: Any = msgspec.NODEFAULT


def quoted(pointer: str) -> str:
    """Name a value by its place, a JSON Pointer."""
    return f"the value at {pointer!r}" if pointer else "the value"
