"""Declared rows: the return annotation of a handler, so that a thousand rows need not be checked one by one.

It is trusted in the same way as the annotations of classes (`ponty.core.encoding.regular_types`), if the first and the
last row are of the declared class, and this class has no subclass.
"""

import collections.abc
import dataclasses
import types
import typing
from typing import Any

import msgspec

from ponty.core.encoding.plain_hints import plain_hint
from ponty.core.encoding.regular_types import Regular, has_no_subclass, regular_class, regularity
from ponty.core.rendering.reply import Reply
from ponty.core.written import written_annotations


class DeclaredRows:
    """The rows that a handler is annotated to return.

    Args:
        handler: The handler.
    """

    def __init__(self, handler: Any) -> None:
        self._handler = handler
        self._row: Any = None
        self._regular: Regular | None = None
        self._is_known = False

    def are_declared(self) -> bool:
        """Return whether the annotation may be a list of rows; the names in it may not be defined yet."""
        written = written_annotations(self._handler).get("return")
        if isinstance(written, str):
            return "[" in written
        row = _row_of(written)
        return isinstance(row, type) and (dataclasses.is_dataclass(row) or issubclass(row, msgspec.Struct))

    def regularity(self, value: object) -> Regular | None:
        """Return what must be checked when `value` is encoded, as `regular_types.regularity` does."""
        if type(value) is not list or not value:
            return regularity(value)
        if not self._is_known:
            self._look()
        regular, row = self._regular, self._row
        if regular is None or type(value[0]) is not row or type(value[-1]) is not row or not has_no_subclass(regular):
            return regularity(value)
        return regular

    def _look(self) -> None:
        """Read the annotation, at the first answer: by then all names in it are defined."""
        self._is_known = True
        self._row = row = _row_of(_returned(self._handler))
        regular = regular_class(row) if isinstance(row, type) else None
        if regular is not None:
            self._regular = regular._replace(inner=(row, *regular.inner))


def _returned(handler: Any) -> Any:
    """Return the annotation of a handler's return value; None if there is none, or it cannot be resolved."""
    written = written_annotations(handler).get("return")
    holder = types.SimpleNamespace(__annotations__={"return": written})
    try:
        return typing.get_type_hints(holder, getattr(handler, "__globals__", {}))["return"]
    except Exception:  # noqa: BLE001 - an annotation in quotes may raise anything
        return None


def _row_of(hint: Any) -> Any:
    """Return the type of the rows of a list, or of a `Reply` with a list; None if it is neither."""
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in {typing.Union, types.UnionType}:
        found = {row for argument in arguments if (row := _row_of(argument)) is not None}
        return found.pop() if len(found) == 1 else None
    if origin is Reply:
        return _row_of(arguments[0])
    if origin in {list, collections.abc.Sequence}:
        try:
            return plain_hint(arguments[0])
        except TypeError:
            return None
    return None
