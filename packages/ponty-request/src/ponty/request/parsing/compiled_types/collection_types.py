"""The collections that a type may name, and how they are made from the list or dict that JSON has instead."""

import collections
import collections.abc
import typing
from collections.abc import Callable
from typing import Any

Make = Callable[[Any], Any]

ARRAYS: dict[object, Make | None] = {
    list: None,
    collections.abc.Sequence: None,
    collections.abc.MutableSequence: None,
    collections.abc.Collection: None,
    collections.abc.Iterable: None,
    collections.abc.Container: None,
    collections.abc.Reversible: None,
    collections.deque: collections.deque,
}
"""Collections of any items; for an abstract one, a list is made."""

SETS: dict[object, Make] = {
    set: set,
    frozenset: frozenset,
    collections.abc.Set: set,
    collections.abc.MutableSet: set,
}
"""Collections of different items; for an abstract one, a set is made."""

MAPPINGS: dict[object, Make | None] = {
    dict: None,
    collections.abc.Mapping: None,
    collections.abc.MutableMapping: None,
    collections.OrderedDict: collections.OrderedDict,
    collections.defaultdict: None,
    collections.Counter: collections.Counter,
}
"""Collections of names and values; for an abstract one, a dict is made; `default_dict` makes a defaultdict."""

_FACTORIES = (bool, int, float, str, bytes, list, dict, set, frozenset, tuple, collections.deque)


def default_dict(place: str, value: Any) -> Make:
    """Return a function that makes a defaultdict, whose factory is the class of its values.

    Args:
        place: The name to use in messages.
        value: The type of its values.

    Raises:
        TypeError: The class of the values cannot be a factory.
    """
    factory = typing.get_origin(value) or value
    if factory not in _FACTORIES:
        raise TypeError(
            f"{place}: the values of a defaultdict need a built-in class such as int or list; "
            "write a dict, and convert it yourself"
        )

    def make(pairs: dict[Any, Any]) -> collections.defaultdict[Any, Any]:
        return collections.defaultdict(factory, pairs)

    return make
