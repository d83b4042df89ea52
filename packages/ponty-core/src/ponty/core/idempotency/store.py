"""Where the answers to requests with an idempotency key are kept.

`LocalRecords` and `RedisRecords` of `ponty.memo` fit, and so does whatever else has these methods.
"""

from contextlib import AbstractAsyncContextManager
from typing import Protocol


class HeldAnswer(Protocol):
    """What a store knows of a key, as the one attempt has it that holds the key."""

    @property
    def data(self) -> bytes | None:
        """What is recorded; None where nothing is."""
        ...

    @property
    def fence(self) -> int:
        """A number greater than that of any earlier holder of the key; 0 where the store gives none."""
        ...

    async def keep(self, data: bytes, /, ttl_ms: float) -> bool:
        """Record `data` for so many milliseconds, and return whether this attempt still held the key.

        It must not be recorded where the key was lost. A cancellation must not stop it half way.
        """
        ...

    async def forget(self) -> bool:
        """Drop what is recorded, and return whether this attempt still held the key."""
        ...


class IdempotencyStore(Protocol):
    """Where `idempotent` keeps answers.

    `LocalRecords` and `RedisRecords` of `ponty.memo` are such stores. One of a program's own has these two methods.
    What they raise is answered as any error; an exception whose class has `__ponty_status__ = 409` says that somebody
    else holds the key.
    """

    async def get(self, key: str, /) -> bytes | None:
        """Return what is recorded under `key`, whoever holds it; None where nothing is."""
        ...

    def hold(self, key: str, /, *, maxwait_ms: float) -> AbstractAsyncContextManager[HeldAnswer]:
        """Hold `key` while the block runs; wait for it for so many milliseconds."""
        ...
