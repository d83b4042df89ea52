"""What of a value is sent, by the type that its handler declares: no more than the type has, at any depth.

A type is compiled once, by `ponty.core.returned.compiler`, into parts. Each has two ways:

- *by form*: msgspec converts the value to a form, a type of its own that mirrors the declared one and has nothing else,
  in one compiled pass. What does not fit the form is refused whole.
- *part by part*, for what is refused, and for the types that msgspec has no form for (a union of several classes, a
  class within itself). It is lenient about scalars, for a number in the place of a text tells no secret, and says what
  differs; an object, a mapping or a list where none is due could hold anything, and is a TypeError.

What can never happen is that an object is sent of which the type has not said what to send; `Any` and `object` say it
of everything.
"""

import functools
import logging
import threading
from typing import Any, Literal

import msgspec

from ponty.core.returned.compiler import compile_type
from ponty.core.returned.part import Part, UnlimitedError

logger: logging.Logger = logging.getLogger("ponty.core")

_drift: dict[str, int] = {}
_lock = threading.Lock()


def answer_drift() -> dict[str, int]:
    """Return how many answers differed from the type that their handler declares, by the handler's qualified name.

    Counted are those of this process that were compared: `check_returns` of `build_app`.
    """
    with _lock:
        return dict(_drift)


class ReturnedType:
    """The declared type of what a handler returns.

    Args:
        hint: The type.

    Raises:
        TypeError: It has no form in JSON.
    """

    def __init__(self, hint: object) -> None:
        self._hint = hint
        self._answers = 0
        try:
            self._part: Part | None = compile_type(hint)
        except NameError:  # a class that the module has further down
            self._part = None
        self._root = None if self._part is None else root_of(self._part)

    def limited(self, value: object, name: str, check: int | Literal["raise"]) -> object:
        """Return what is sent of `value`.

        Args:
            value: What a handler has returned.
            name: The handler's name.
            check: How many answers there are to each one in which a difference is told, 0 for none; "raise" refuses
                any.

        Raises:
            TypeError: It is of another kind than the type, so that the type does not say what to send of it.
        """
        if self._part is None:
            self._part = compile_type(self._hint)
            self._root = root_of(self._part)
        self._answers += 1
        if self._root is not None:
            try:
                return msgspec.convert((value,), self._root, from_attributes=True).value
            except Exception:  # noqa: BLE001, S110 - an object may have any of its own; what differs is found below
                pass
        differences: list[str] = []
        try:
            sent = self._part.limit(value, "", differences)
        except UnlimitedError as error:
            if check == "raise" or (check and self._answers % check == 0):
                _count(name)
            raise TypeError(f"@render_json on {name!r}: {error}") from None
        if differences:
            if check == "raise":
                _count(name)
                raise TypeError(f"@render_json on {name!r}: {differences[0]}")
            if check and self._answers % check == 0:
                count = _count(name)
                if count & (count - 1) == 0:  # the 1st, 2nd, 4th, 8th: a log that does not grow with the requests
                    logger.warning("%s differs from what it declares, %d times so far: %s", name, count, differences[0])
        return sent


def _count(name: str) -> int:
    with _lock:
        _drift[name] = count = _drift.get(name, 0) + 1
    return count


def root_of(part: Part) -> Any:
    """Return a form that holds the one of `part`: msgspec looks at a class once, at any other type each time."""
    if part.form is None or part.form is Any:
        return None
    return msgspec.defstruct("Root", [("value", part.form)], array_like=True, gc=False)


@functools.lru_cache(maxsize=256)
def returned_type(hint: Any) -> ReturnedType:
    """Return the one compiled form of a type, for who asks for it at each request."""
    return ReturnedType(hint)
