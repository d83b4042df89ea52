"""The checks that are left when msgspec has built the values, column by column: all values of one place together.

In a list of orders, one column has their numbers, another has all lines of all orders. So there are as many steps as
places in the type, however many values there are, and each step is a loop in C.

Two things are left. *Checks* are constraints that msgspec does not know. *Tallies* count what the JSON must have had.
msgspec ignores a property that a dataclass does not have; but if the JSON has no more colons than the values account
for, there was none, and if it has few more brackets, no ignored value is deep.

A member that has its default may have been left out or not. It counts as left out, so that no more is counted than was
there, and its default need not be valid.
"""

import itertools
import operator
from collections.abc import Callable, Sequence
from typing import Any

import msgspec

Column = Sequence[Any]
Check = Callable[[Column], None]
"""Checks that all values of a column are valid; raises ValueError if one is not."""

Count = Callable[[Column], int]
Select = Callable[[Column], Column]


class Tally(msgspec.Struct, frozen=True):
    """How many of something there are in values and below them.

    Args:
        each: How many each value has, as far as the number is always the same.
        count: Counts those that not every value has; None if there are none.
    """

    each: int = 0
    count: Count | None = None

    def of(self, value: object) -> int:
        """Return how many there are in a value, at least."""
        return self.each if self.count is None else self.each + self.count((value,))


class Columns(msgspec.Struct, frozen=True):
    """The checks and tallies of the values of a type.

    Args:
        properties: The properties that the JSON of the values had.
        brackets: The arrays and objects that it had.
        levels: How deep these are nested.
        check: Checks the constraints; None if there are none.
        is_lax: Whether there may have been properties that the schema refuses.
        passes_over: Whether there may have been other properties, which are ignored.
        is_counted: Whether all properties can be counted, except those that are ignored.
    """

    properties: Tally = Tally()
    brackets: Tally = Tally()
    levels: int = 0
    check: Check | None = None
    is_lax: bool = False
    passes_over: bool = False
    is_counted: bool = True


class Below(msgspec.Struct, frozen=True):
    """A column below another: each value there has one value here, or several, or perhaps none.

    Args:
        columns: The checks and tallies of these values.
        select: Returns these values for a column; None if they are the column itself.
        is_always_one: Whether each value has exactly one of them.
        properties: How many properties one of them needs: 1 or 0.
    """

    columns: Columns
    select: Select | None
    is_always_one: bool = False
    properties: int = 0

    def tally(self, inner: Tally, own: int = 0) -> Tally:
        """Return how many there are below each value.

        Args:
            inner: How many there are in the values below.
            own: How many more each place of such a value needs.
        """
        each, count, select = inner.each + own, inner.count, self.select
        if self.is_always_one:
            return Tally(each, count if select is None or count is None else lambda column: count(select(column)))
        if select is None or not (each or count):
            return Tally()

        def count_below(column: Column) -> int:
            found = select(column)
            return each * len(found) + (count(found) if count else 0)

        return Tally(0, count_below)

    @property
    def check(self) -> Check | None:
        """The check of the constraints."""
        check, select = self.columns.check, self.select
        if check is None or select is None:
            return check
        return lambda column: check(select(column))


def joined(parts: Sequence[Below], *, brackets: int = 0, is_lax: bool = False, check: Check | None = None) -> Columns:
    """Join the columns below values into the columns of these values.

    Args:
        parts: The columns below them.
        brackets: Whether each value is itself an array or an object: 1 or 0.
        is_lax: Whether a value may have had other properties.
        check: Checks the constraints of the values themselves.
    """
    checks = [check, *(part.check for part in parts)]
    return Columns(
        _summed([part.tally(part.columns.properties, part.properties) for part in parts]),
        _summed([part.tally(part.columns.brackets) for part in parts], brackets),
        max((part.columns.levels for part in parts), default=0) + brackets,
        _in_turn([each for each in checks if each is not None]),
        is_lax or any(part.columns.is_lax for part in parts),
        any(part.columns.passes_over for part in parts),
        all(part.columns.is_counted for part in parts),
    )


def _summed(tallies: Sequence[Tally], own: int = 0) -> Tally:
    counts = [tally.count for tally in tallies if tally.count is not None]
    each = own + sum(tally.each for tally in tallies)
    if len(counts) < 2:
        return Tally(each, counts[0] if counts else None)
    return Tally(each, lambda column: sum([count(column) for count in counts]))


def _in_turn(checks: list[Check]) -> Check | None:
    if len(checks) < 2:
        return checks[0] if checks else None

    def check(column: Column) -> None:
        for each in checks:
            each(column)

    return check


def items(column: Column) -> Column:
    """Return the items of arrays."""
    return column[0] if len(column) == 1 else [*itertools.chain.from_iterable(column)]


def values(column: Column) -> Column:
    """Return the values of mappings."""
    return [value for mapping in column for value in mapping.values()]


def not_none(column: Column) -> Column:
    """Return the values that are not None."""
    return [value for value in column if value is not None]


def attribute(name: str) -> Select:
    """Make a function that selects an attribute of each value."""
    get = operator.attrgetter(name)
    return lambda column: [*map(get, column)]


def item_at(index: int) -> Select:
    """Make a function that selects the item at a place of each array."""
    get = operator.itemgetter(index)
    return lambda column: [*map(get, column)]


def given(name: str, default: object) -> Select:
    """Make a function that selects an attribute of each value, except where it is the default."""
    get = operator.attrgetter(name)
    return lambda column: [value for value in map(get, column) if value is not default]


def not_empty(name: str) -> Select:
    """Make a function that selects an attribute of each value, a collection, unless it is empty."""
    get = operator.attrgetter(name)
    return lambda column: [value for value in map(get, column) if value]


_HOLDS: dict[str, tuple[Callable[[Column], Any], Callable[[Any, Any], bool]]] = {
    "minimum": (min, operator.ge),
    "exclusiveMinimum": (min, operator.gt),
    "maximum": (max, operator.le),
    "exclusiveMaximum": (max, operator.lt),
}
_SIZES: dict[str, tuple[Callable[[Column], Any], Callable[[Any, Any], bool]]] = {
    "minLength": (min, operator.ge),
    "maxLength": (max, operator.le),
    "minItems": (min, operator.ge),
    "maxItems": (max, operator.le),
}


def bound(keyword: str, limit: float) -> Check:
    """Make the check of a bound of numbers, or of the sizes of texts or arrays."""
    is_size = keyword in _SIZES
    extreme, holds = (_SIZES if is_size else _HOLDS)[keyword]

    def check(column: Column) -> None:
        if column and not holds(extreme([*map(len, column)] if is_size else column), limit):
            raise ValueError(keyword)

    return check


def matching(matches: Callable[[Any], bool]) -> Check:
    """Make the check that all texts of a column match."""

    def check(column: Column) -> None:
        if not all(map(matches, column)):
            raise ValueError("does not match")

    return check
