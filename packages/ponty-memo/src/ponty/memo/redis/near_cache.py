"""The near cache: values that this process has read from Redis, kept for a short time so as not to ask again.

An entry is served

- while it is *fresh*: at most `near_ms` old, and not past its lifetime in Redis; and only while the subscription is
  live, since only then is every invalidation heard of;
- while Redis is away, for `near_stale_ms` longer.

Rules:

1. An invalidation, or a new value that is set from outside, is broadcast by the very script that does it. Whoever hears
   of it drops its entry.
2. An answer that was on its way while something was dropped is not kept: it may be older than the drop.
3. When the subscription has become live again, everything is dropped, for something may have been missed.

So: the process that invalidates serves nothing old from that moment; another one may do so until the message arrives,
or, where the connection has broken without a word, for `near_ms` at most.

What is kept are the bytes, so that no caller can change what another one gets.

A decorated function asks without making the name of its value first: `NearCalls` has, by the arguments of a call, what
is fresh at the moment, as a value where nobody can change it. What goes from the near cache goes from there too, and
while the subscription is not live, nothing is there, nor in a fork of the process. So whatever is there may be served
until its time is over, while the loop runs in which messages come.
"""

import os
import weakref
from collections.abc import Callable, Hashable
from types import NoneType
from typing import Any, Final

from ponty.memo.lazy_imports import asyncio
from ponty.memo.stores.lru import Entries, Record

_UNCHANGEABLE: Final = frozenset({str, int, float, bool, bytes, NoneType})
"""The types of values that all callers may share."""


def _now() -> float:
    return asyncio.get_running_loop().time()


class _NearEntries(Entries[bytes]):
    """The entries by name; with each goes what `NearCalls` has of it."""

    __slots__ = ("__weakref__", "at_hand", "calls")

    def __init__(self, maxsize: int, now: Callable[[], float]) -> None:
        super().__init__(maxsize, now)
        self.at_hand: Final[dict[Hashable, tuple[Any, float, str, bytes | None]]] = {}
        self.calls: Final[dict[Hashable, Hashable]] = {}
        _all.add(self)

    def drop(self, key: Hashable) -> bool:
        if key in self.calls:
            self.at_hand.pop(self.calls.pop(key), None)
        return super().drop(key)

    def clear(self) -> None:
        super().clear()
        self.put_away()

    def put_away(self) -> None:
        """Have nothing at hand any more."""
        self.at_hand.clear()
        self.calls.clear()


_all: "weakref.WeakSet[_NearEntries]" = weakref.WeakSet()


def _put_all_away() -> None:
    """Have nothing at hand in a fork, to which no messages come."""
    for entries in _all:
        entries.put_away()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_put_all_away)


class NearCache:
    """The near cache of one store.

    Args:
        area: What the names of the store's values begin with.
        cleared: What the messages begin with that say that it was cleared.
        maxsize: How many values to keep.
        near: For how long to serve them, in seconds.
        stale: For how much longer while Redis is away, in seconds.
    """

    __slots__ = ("__weakref__", "_area", "_cleared", "_drops", "_entries", "_near", "_stale", "trusted")

    def __init__(self, area: str, cleared: str, maxsize: int, near: float, stale: float) -> None:
        self._area: Final = area
        self._cleared: Final = cleared
        self._near: Final = near
        self._stale: Final = stale
        self._entries: _NearEntries = _NearEntries(maxsize, _now)
        self._drops = 0
        self.trusted: bool = False

    def get(self, name: str) -> bytes | None:
        """Return the bytes under `name` if they are fresh."""
        record: Record[bytes] | None = self._entries.records.get(name)
        if not self.trusted or record is None or record.fresh_until <= _now():
            return None
        self._entries.records.move_to_end(name)
        return record.value

    def stand_in(self, name: str) -> bytes | None:
        """Return the bytes under `name` while Redis is away."""
        record: Record[bytes] | None = self._entries.records.get(name)
        return None if record is None or record.gone_at <= _now() else record.value

    def generation(self) -> int:
        """Return a number that changes whenever something is dropped."""
        return self._drops

    def put(self, name: str, data: bytes, left_ms: float, generation: int) -> None:
        """Keep what was read from Redis, or stored there.

        Args:
            name: Its name.
            data: The bytes.
            left_ms: For how long it is fresh in Redis, in milliseconds.
            generation: The `generation` before Redis was asked.
        """
        if self.trusted and generation == self._drops and left_ms > 0:
            self._entries.put(name, data, min(self._near, left_ms / 1000), self._stale)

    def drop(self, name: str) -> None:
        """Serve what is under `name` no more."""
        self._drops += 1
        self._entries.drop(name)

    def clear(self) -> None:
        """Serve nothing of what is here now."""
        self._drops += 1
        self._entries.clear()

    def size(self) -> int:
        """Count the entries."""
        return len(self._entries.records)

    def on_message(self, text: str) -> None:
        """Take a message: the name of a value, or that a cache was cleared."""
        if text.startswith(self._cleared):
            self.clear()
        elif text.startswith(self._area):
            self.drop(text)

    def on_connect(self) -> None:
        """Trust the messages from now on."""
        self.clear()
        self.trusted = True

    def on_disconnect(self) -> None:
        """Trust nothing while messages may be missed."""
        self._entries.put_away()
        self._drops += 1
        self.trusted = False


class NearCalls:
    """The fresh values of a near cache, by the arguments of calls.

    Args:
        near: The near cache.
        load: Makes a value of its bytes.
        listen: Sees that messages are listened for; where nobody did, nothing is trusted.
    """

    __slots__ = ("_entries", "_listen", "_near", "load", "records", "touch")

    def __init__(self, near: NearCache, load: Callable[[bytes], Any], listen: Callable[[], object]) -> None:
        self._near = near
        self._listen = listen
        self._entries = near._entries  # noqa: SLF001  # pyright: ignore[reportPrivateUsage] # one thing in two classes
        self.load: Final = load
        self.records: Final = self._entries.at_hand
        """By the arguments: the value, until when it is fresh, its name, and its bytes if each caller needs its own."""
        self.touch: Final = self._entries.records.move_to_end

    def keep(self, call: Hashable, name: str) -> None:
        """Have at hand for `call` what is fresh under `name`, if anything is."""
        self._listen()
        record = self._entries.records.get(name)
        if self._near.trusted and record is not None and name not in self._entries.calls:
            value, data = self.load(record.value), None
            if type(value) not in _UNCHANGEABLE:
                data = record.value
            self._entries.calls[name] = call
            self.records[call] = (value, record.fresh_until, name, data)
