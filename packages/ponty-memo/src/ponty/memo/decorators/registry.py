"""The caches by name, for `invalidate`.

A name belongs to one function, so that an invalidation by name reaches every cache that it should. It is no conflict to
define that function again, as a notebook cell or `importlib.reload` does, or to decorate it again: the older
definitions may still be in use, and are invalidated as well.

When a function is garbage-collected, its name is free again.
"""

import gc
import weakref
from collections.abc import Hashable, Sequence
from contextlib import AsyncExitStack
from types import TracebackType
from typing import Any, Final

from ponty.memo.flights.invalidation import Invalidation

_known: Final[dict[str, list[tuple["weakref.ref[Any]", Hashable]]]] = {}
"""The memoized functions by the names of their caches, each with the place of its values."""


def register(name: str, who: str, wrapper: Any, place: Hashable) -> None:
    """Register the memoized function `wrapper` under a name.

    Args:
        name: The name.
        who: The name of the function for messages.
        wrapper: The function.
        place: The place of its values and locks, if an older definition may share it; or None.

    Raises:
        ValueError: Another function has this name.
    """
    others = _others(name, wrapper)
    if others:
        del others
        gc.collect()  # these functions may be unused, and only wait to be collected
        others = _others(name, wrapper)
    if others:
        raise ValueError(
            f"{who}: the cache of {others[0].__module__}.{others[0].__qualname__} has the name {name!r} already: "
            "choose another name=, so that invalidate finds each of them"
        )
    _known[name] = [*[(weakref.ref(known), at) for known, at in _living(name)], (weakref.ref(wrapper), place)]


def invalidations(name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> list[Invalidation]:
    """Return the invalidation of one call in each cache called `name`; an empty list if there is none."""
    found: list[Invalidation] = []
    places: set[Hashable] = set()
    newest = True
    for wrapper, place in reversed(_living(name)):
        if place is not None and place in places:
            continue  # a newer definition has the same lock, and its invalidation holds it
        places.add(place)
        try:
            found.insert(0, wrapper.invalidate(*args, **kwargs))
        except TypeError:
            if newest:
                raise  # only an older definition may have other parameters
        newest = False
    return found


def _living(name: str) -> list[tuple[Any, Hashable]]:
    living = [(wrapper, place) for known, place in _known.get(name, ()) if (wrapper := known()) is not None]
    if not living:
        _known.pop(name, None)
    return living


def _others(name: str, wrapper: Any) -> list[Any]:
    """Return the functions that have this name and are not other definitions of `wrapper`."""
    place = (wrapper.__module__, wrapper.__qualname__)
    return [other for other, _ in _living(name) if (other.__module__, other.__qualname__) != place]


class Together:
    """Several invalidations as one context manager; it enters them in the order in which the caches were made."""

    def __init__(self, parts: Sequence[Invalidation]) -> None:
        self._parts = parts
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> None:
        async with AsyncExitStack() as stack:
            for part in self._parts:
                await stack.enter_async_context(part)
            self._stack = stack.pop_all()

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self._stack.__aexit__(exc_type, exc, traceback)
