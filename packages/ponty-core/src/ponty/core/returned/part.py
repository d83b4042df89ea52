"""A part of a declared type: what all kinds of parts have in common.

A part has a form where msgspec has one, a type that mirrors the declared one and has nothing else. For what is refused
by its form, and where there is none, `limit` goes part by part.
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
    """A value of which the type does not say what to send."""


class Part(abc.ABC):
    """A part of a type."""

    form: Any = None
    """What msgspec converts a value to; None where it has nothing for this."""

    @abc.abstractmethod
    def limit(self, value: object, at: str, differences: list[str]) -> object:
        """Return what is sent of a value.

        Args:
            value: The value.
            at: Where it stands, as a JSON Pointer.
            differences: Takes what differs from the type.

        Raises:
            UnlimitedError: It is of another kind than the type.
        """

    @abc.abstractmethod
    def takes(self, value: object) -> bool:
        """Return whether `value` is of the kind of this part."""


@dataclasses.dataclass(frozen=True)
class Member:
    """A member of a class: what it is called there and in JSON, and its part."""

    name: str
    key: str
    part: Part
    required: bool = True
    default: Any = msgspec.NODEFAULT


def quoted(pointer: str) -> str:
    """Name a value by its place, a JSON Pointer."""
    return f"the value at {pointer!r}" if pointer else "the value"
