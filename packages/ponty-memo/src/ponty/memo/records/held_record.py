"""`HeldRecord`: the record of a key, as the one who holds the key has it."""

from typing import Protocol

from ponty.memo.event_loop import seconds


class HeldRecord(Protocol):
    """What `async with records.hold(key) as held` gives: the record of a key that nobody else can write meanwhile."""

    @property
    def data(self) -> bytes | None:
        """What is recorded; None where nothing is."""
        ...

    @property
    def fence(self) -> int:
        """A number greater than that of any earlier holder of the key, as that of a `Lease`."""
        ...

    async def keep(self, data: bytes, ttl_ms: float) -> bool:
        """Record `data`, in place of what was recorded before.

        A cancellation does not stop it half way: it is done by the time the block is left.

        Args:
            data: The record.
            ttl_ms: How long it is kept, in milliseconds.

        Returns:
            Whether it was recorded; not where this holder has lost the key in the meantime.

        Raises:
            Unavailable: The store cannot be asked.
        """
        ...

    async def forget(self) -> bool:
        """Drop what is recorded; return whether this holder still has the key.

        Raises:
            Unavailable: The store cannot be asked.
        """
        ...


def lifetime(who: str, ttl_ms: float) -> float:
    """Return the lifetime of a record in seconds.

    Raises:
        ValueError: It is not above zero.
    """
    lasting = seconds(who, "ttl_ms", ttl_ms)
    if not lasting:
        raise ValueError(f"{who}: ttl_ms is above 0: a record that is not kept records nothing")
    return lasting
