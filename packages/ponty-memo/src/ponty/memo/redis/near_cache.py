"""The near cache: values that this process has read from Redis, kept for a short time to save requests.

An entry is served

- while it is *fresh*: it is at most `near_ms` old and within its lifetime in Redis, and the subscription is live, so
  that the process learns of every invalidation;
- while Redis cannot be reached, for `near_stale_ms` longer.

Rules:

1. An invalidation, or a new value that is set from outside, is published by the same script that does it. Each process
   that gets the message drops its entry.
2. If anything was dropped while an answer of Redis was on its way, the answer is not kept: it may be older than the
   drop.
3. When the subscription becomes live again, everything is dropped, because messages may have been missed.

So the process that invalidates serves no old value from that moment on. Another process may do so until the message
arrives, or, if its connection has broken unnoticed, for at most `near_ms`.

The bytes of the values are kept, so that no caller can change the value of another one.

A memoized function looks for a value without making its name: `NearCalls` has the fresh values by the arguments of
their calls; a value of an immutable type is kept decoded. A value that is dropped from the near cache is dropped there
too. While the subscription is not live, and in a fork of the process, `NearCalls` is empty. So each value in it may be
served until its time is over, as long as the event loop that receives the messages runs.
"""

import os
import weakref
from collections.abc import Callable, Hashable
from types import NoneType
from typing import Any, Final

from ponty.memo.lazy_imports import asyncio
from ponty.memo.stores.lru import Entries, Record

_UNCHANGEABLE: Final = frozenset({str, int, float, bool, bytes, NoneType})
"""The types of immutable values, which all callers can share."""


def _now() -> float:
    return asyncio.get_running_loop().time()


class _NearEntries(Entries[bytes]):
    """The entries by name; dropping one also drops its value in `NearCalls`."""

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
        """Empty `NearCalls`."""
        self.at_hand.clear()
        self.calls.clear()


_all: "weakref.WeakSet[_NearEntries]" = weakref.WeakSet()


def _put_all_away() -> None:
    """Empty every `NearCalls` in a forked process, which receives no messages."""
    for entries in _all:
        entries.put_away()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_put_all_away)


class NearCache:
    """The near cache of one store.

    Args:
        area: The beginning of the names of the store's values.
        cleared: The beginning of the messages for a clearing of the store.
        maxsize: The largest number of values.
        near: How long to serve a value, in seconds.
        stale: How much longer to serve it while Redis cannot be reached, in seconds.
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
        """Return the bytes under `name` if they are fresh, or None."""
        record: Record[bytes] | None = self._entries.records.get(name)
        if not self.trusted or record is None or record.fresh_until <= _now():
            return None
        self._entries.records.move_to_end(name)
        return record.value

    def stand_in(self, name: str) -> bytes | None:
        """Return the bytes under `name` that may be served while Redis cannot be reached, or None."""
        record: Record[bytes] | None = self._entries.records.get(name)
        return None if record is None or record.gone_at <= _now() else record.value

    def generation(self) -> int:
        """Return a number that changes whenever something is dropped."""
        return self._drops

    def put(self, name: str, data: bytes, left_ms: float, generation: int) -> None:
        """Keep a value that was read from Redis or stored there, unless anything was dropped meanwhile.

        Args:
            name: The name of the value.
            data: Its bytes.
            left_ms: How long it is still fresh in Redis, in milliseconds.
            generation: The `generation` from before Redis was asked.
        """
        if self.trusted and generation == self._drops and left_ms > 0:
            self._entries.put(name, data, min(self._near, left_ms / 1000), self._stale)

    def drop(self, name: str) -> None:
        """Drop the value under `name`."""
        self._drops += 1
        self._entries.drop(name)

    def clear(self) -> None:
        """Drop all values."""
        self._drops += 1
        self._entries.clear()

    def size(self) -> int:
        """Return the number of entries."""
        return len(self._entries.records)

    def on_message(self, text: str) -> None:
        """Handle a message: the name of a value to drop, or the clearing of a cache."""
        if text.startswith(self._cleared):
            self.clear()
        elif text.startswith(self._area):
            self.drop(text)

    def on_connect(self) -> None:
        """Drop all values, and serve those that are read from now on."""
        self.clear()
        self.trusted = True

    def on_disconnect(self) -> None:
        """Stop serving, except while Redis cannot be reached, because messages may be missed."""
        self._entries.put_away()
        self._drops += 1
        self.trusted = False


class NearCalls:
    """The fresh values of a near cache, by the arguments of calls.

    Args:
        near: The near cache.
        load: Decodes the bytes of a value.
        listen: Subscribes to the messages; without them, the near cache serves nothing.
    """

    __slots__ = ("_entries", "_listen", "_near", "load", "records", "touch")

    def __init__(self, near: NearCache, load: Callable[[bytes], Any], listen: Callable[[], object]) -> None:
        self._near = near
        self._listen = listen
        self._entries = near._entries  # noqa: SLF001  # pyright: ignore[reportPrivateUsage] # one thing in two classes
        self.load: Final = load
        self.records: Final = self._entries.at_hand
        """By the arguments: the value, the end of its freshness, its name, and its bytes if it is not immutable."""
        self.touch: Final = self._entries.records.move_to_end

    def keep(self, call: Hashable, name: str) -> None:
        """Keep the fresh value under `name`, if there is one, for the arguments `call`."""
        self._listen()
        record = self._entries.records.get(name)
        if self._near.trusted and record is not None and name not in self._entries.calls:
            value, data = self.load(record.value), None
            if type(value) not in _UNCHANGEABLE:
                data = record.value
            self._entries.calls[name] = call
            self.records[call] = (value, record.fresh_until, name, data)
