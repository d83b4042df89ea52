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
"""

from typing import Final

from ponty.memo.lazy_imports import asyncio
from ponty.memo.stores.lru import Entries


def _now() -> float:
    return asyncio.get_running_loop().time()


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
        self._entries: Entries[bytes] = Entries(maxsize, _now)
        self._drops = 0
        self.trusted: bool = False

    def get(self, name: str) -> bytes | None:
        """Return the bytes under `name` if they are fresh."""
        record = self._entries.records.get(name)
        if not self.trusted or record is None or record.fresh_until <= _now():
            return None
        self._entries.records.move_to_end(name)
        return record.value

    def stand_in(self, name: str) -> bytes | None:
        """Return the bytes under `name` while Redis is away."""
        record = self._entries.records.get(name)
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
        self._drops += 1
        self.trusted = False
