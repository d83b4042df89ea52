"""The declared type of a handler limits what is sent of its values: only declared members are sent, at any depth.

A type is compiled once into parts, by `ponty.core.returned.compiler`. A value is limited in one of two ways:

- *By form*: msgspec converts the value, in one compiled pass, to a form. This is a msgspec type that mirrors the
  declared type and has nothing else. A value that does not fit is refused as a whole.
- *Part by part*: for values that are refused, and for types without a form (a union of several classes, a class within
  itself). Scalars of another type are sent, and reported as a difference, since a number instead of a text reveals no
  secret. An unexpected object, mapping or list could hold anything, and is a TypeError.

An object is never sent unless the type says what to send of it; `Any` and `object` allow everything.
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
    """Return how many answers differed from the type that their handler declares, by its qualified name.

    Use it to notice handlers whose type is out of date. Only the answers of this process that were compared are counted
    (see `check_returns` of `build_app`).
    """
    with _lock:
        return dict(_drift)


class ReturnedType:
    """The type that a handler declares for its values.

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
        except NameError:  # a class that the module defines further down
            self._part = None
        self._root = None if self._part is None else root_of(self._part)

    def limited(self, value: object, name: str, check: int | Literal["raise"]) -> object:
        """Return the part of `value` that is sent.

        Args:
            value: The value that a handler has returned.
            name: The handler's name.
            check: In one of this many answers, a difference is logged and counted; 0 for none. "raise" refuses each
                difference.

        Raises:
            TypeError: The value is of another kind than the type, so the type does not say what to send of it; or it
                differs, and `check` is "raise".
        """
        if self._part is None:
            self._part = compile_type(self._hint)
            self._root = root_of(self._part)
        self._answers += 1
        if self._root is not None:
            try:
                return msgspec.convert((value,), self._root, from_attributes=True).value
            except Exception:  # noqa: BLE001, S110 - an object may raise anything; differences are found below
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
                if count & (count - 1) == 0:  # the 1st, 2nd, 4th, 8th: so the log does not grow with the requests
                    logger.warning("%s differs from what it declares, %d times so far: %s", name, count, differences[0])
        return sent


def _count(name: str) -> int:
    with _lock:
        _drift[name] = count = _drift.get(name, 0) + 1
    return count


def root_of(part: Part) -> Any:
    """Return a class with the form of `part` as a member: msgspec analyses a class once, any other type each time."""
    if part.form is None or part.form is Any:
        return None
    return msgspec.defstruct("Root", [("value", part.form)], array_like=True, gc=False)


@functools.lru_cache(maxsize=256)
def returned_type(hint: Any) -> ReturnedType:
    """Return the compiled form of a type, from a cache, for code that needs it at each request."""
    return ReturnedType(hint)
