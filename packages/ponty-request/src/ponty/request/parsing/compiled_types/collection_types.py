"""The collections that a type may name, and what makes them of the list or dict that JSON has in their place."""

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
"""Those of any items; an abstract one is a list."""

SETS: dict[object, Make] = {
    set: set,
    frozenset: frozenset,
    collections.abc.Set: set,
    collections.abc.MutableSet: set,
}
"""Those of items that differ; an abstract one is a set."""

MAPPINGS: dict[object, Make | None] = {
    dict: None,
    collections.abc.Mapping: None,
    collections.abc.MutableMapping: None,
    collections.OrderedDict: collections.OrderedDict,
    collections.defaultdict: None,
    collections.Counter: collections.Counter,
}
"""Those of names and values; an abstract one is a dict, and a defaultdict is made by `default_dict`."""

_FACTORIES = (bool, int, float, str, bytes, list, dict, set, frozenset, tuple, collections.deque)


def default_dict(place: str, value: Any) -> Make:
    """Return a function that makes a defaultdict, whose factory is the class of its values.

    Args:
        place: What to call it in a message.
        value: The type of its values.

    Raises:
        TypeError: Their class does not say what is made of nothing.
    """
    factory = typing.get_origin(value) or value
    if factory not in _FACTORIES:
        raise TypeError(
            f"{place}: a defaultdict makes its values by their class, a built-in one such as int or list; "
            "write a dict, and make of it what you need"
        )

    def make(pairs: dict[Any, Any]) -> collections.defaultdict[Any, Any]:
        return collections.defaultdict(factory, pairs)

    return make
