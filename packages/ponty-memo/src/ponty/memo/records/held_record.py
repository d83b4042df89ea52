"""`HeldRecord`: the record of a key, as seen by the holder of the key."""

from typing import Protocol

from ponty.memo.event_loop import seconds


class HeldRecord(Protocol):
    """The value of `async with records.hold(key) as held`: a record that nobody else can write during the block."""

    @property
    def data(self) -> bytes | None:
        """The recorded data; None if there is no record."""
        ...

    @property
    def fence(self) -> int:
        """A number greater than that of any earlier holder of the key, like the fence of a `Lease`."""
        ...

    async def keep(self, data: bytes, ttl_ms: float) -> bool:
        """Record `data` in place of an earlier record.

        A cancellation does not interrupt it: the write is finished before the block is left.

        Args:
            data: The data.
            ttl_ms: How long to keep the record, in milliseconds.

        Returns:
            Whether it was recorded. It was not if this holder has lost the key in the meantime.

        Raises:
            Unavailable: The store cannot be reached.
            ValueError: `ttl_ms` is not above zero.
        """
        ...

    async def forget(self) -> bool:
        """Drop the record; return whether this holder still has the key.

        Raises:
            Unavailable: The store cannot be reached.
        """
        ...


def lifetime(who: str, ttl_ms: float) -> float:
    """Return the lifetime of a record in seconds.

    Raises:
        ValueError: It is not above zero.
    """
    lasting = seconds(who, "ttl_ms", ttl_ms)
    if not lasting:
        raise ValueError(f"{who}: ttl_ms must be more than 0 milliseconds, not {ttl_ms!r}")
    return lasting
