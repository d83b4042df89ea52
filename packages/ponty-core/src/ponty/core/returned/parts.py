"""The parts for values that are not objects: scalars, arrays, rows and tables."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal, get_args, get_origin

from ponty.core.returned.forms import known
from ponty.core.returned.part import SCALARS, Part, UnlimitedError, quoted


class Anything(Part):
    """A part that is sent as it is."""

    form = Any

    def limit(self, value: object, at: str, differences: list[str]) -> object:
        """Return all of it."""
        del at, differences
        return value

    def takes(self, value: object) -> bool:
        """Return True."""
        del value
        return True


class Scalar(Part):
    """A value without parts."""

    def __init__(self, hint: Any, kinds: tuple[type, ...]) -> None:
        self.form = hint
        self._kinds = kinds
        self._allowed = get_args(hint) if get_origin(hint) is Literal else None

    def limit(self, value: object, at: str, differences: list[str]) -> object:
        """Return `value`, if it is a scalar, of whatever type."""
        if not isinstance(value, SCALARS):
            raise UnlimitedError(f"{quoted(at)} is a {type(value).__qualname__!r}; expected {self._name()}")
        if not self.takes(value):
            differences.append(f"{quoted(at)} is a {type(value).__qualname__!r}, not {self._name()}")
        return value

    def takes(self, value: object) -> bool:
        """Return whether `value` is one of the literals, or of one of the types."""
        if self._allowed is not None:
            return value in self._allowed
        return isinstance(value, self._kinds) and (type(value) is not bool or bool in self._kinds or int in self._kinds)

    def _name(self) -> str:
        return " or ".join(kind.__qualname__ for kind in self._kinds) if self._allowed is None else str(self.form)


class Array(Part):
    """Any number of items of one part."""

    def __init__(self, item: Part) -> None:
        self._item = item
        self.form: Any = known(list[item.form]) if item.form is not None else None  # type: ignore[name-defined]

    def limit(self, value: object, at: str, differences: list[str]) -> object:
        """Return a list with the parts of the items that are sent."""
        if not self.takes(value):
            raise UnlimitedError(f"{quoted(at)} is a {type(value).__qualname__!r}; expected a list")
        limit = self._item.limit
        return [limit(item, f"{at}/{number}", differences) for number, item in enumerate(_items(value))]

    def takes(self, value: object) -> bool:
        """Return whether `value` has items, and is no text or mapping."""
        return isinstance(value, Iterable) and not isinstance(value, str | bytes | bytearray | Mapping)


class Row(Part):
    """A fixed number of items, each with another part."""

    def __init__(self, parts: Sequence[Part]) -> None:
        self._parts = parts
        forms = tuple(part.form for part in parts)
        self.form: Any = None if None in forms or not forms else known(tuple[forms])  # type: ignore[valid-type]

    def limit(self, value: object, at: str, differences: list[str]) -> object:
        """Return a list with the parts of the items that are sent, of as many items as there are parts."""
        if not self.takes(value):
            raise UnlimitedError(f"{quoted(at)} is a {type(value).__qualname__!r}; expected a tuple")
        items = list(_items(value))
        if len(items) != len(self._parts):
            differences.append(f"{quoted(at)} has {len(items)} items; expected {len(self._parts)}")
        pairs = zip(self._parts, items, strict=False)
        return [part.limit(item, f"{at}/{number}", differences) for number, (part, item) in enumerate(pairs)]

    def takes(self, value: object) -> bool:
        """Return whether `value` has items, and is no text or mapping."""
        return isinstance(value, Iterable) and not isinstance(value, str | bytes | bytearray | Mapping)


class Table(Part):
    """A mapping of values of one part."""

    def __init__(self, item: Part) -> None:
        self._item = item
        self.form: Any = known(dict[Any, item.form]) if item.form is not None else None  # type: ignore[name-defined]

    def limit(self, value: object, at: str, differences: list[str]) -> object:
        """Return a mapping with the parts of the values that are sent."""
        if not isinstance(value, Mapping):
            raise UnlimitedError(f"{quoted(at)} is a {type(value).__qualname__!r}; expected a mapping")
        limit = self._item.limit
        pairs: Iterable[tuple[Any, object]] = value.items()
        return {key: limit(item, f"{at}/{key}", differences) for key, item in pairs}

    def takes(self, value: object) -> bool:
        """Return whether `value` is a mapping."""
        return isinstance(value, Mapping)


def _items(value: Any) -> Iterable[object]:
    return value  # type: ignore[no-any-return]
