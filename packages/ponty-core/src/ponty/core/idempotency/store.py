"""The interface of stores, which keep the answers to requests with an idempotency key.

`LocalRecords` and `RedisRecords` of `ponty.memo` have these methods, and a program may write other stores.
"""

from contextlib import AbstractAsyncContextManager
from typing import Protocol


class HeldAnswer(Protocol):
    """The record of a key in a store, for the attempt that holds the key.

    You only need it to write your own store.
    """

    @property
    def data(self) -> bytes | None:
        """The recorded data; None if nothing is recorded."""
        ...

    @property
    def fence(self) -> int:
        """A number that is greater than that of any earlier holder of the key; 0 if the store has none."""
        ...

    async def keep(self, data: bytes, /, ttl_ms: float) -> bool:
        """Record `data` for `ttl_ms` milliseconds, and return whether this attempt still held the key.

        If the key was lost, nothing must be recorded. A cancellation must not stop the writing half way.
        """
        ...

    async def forget(self) -> bool:
        """Drop the record, and return whether this attempt still held the key."""
        ...


class IdempotencyStore(Protocol):
    """The interface of the stores in which `idempotent` keeps answers.

    `LocalRecords` and `RedisRecords` of `ponty.memo` are such stores; your own needs these two methods. Their errors
    are answered as usual. An exception whose class has `__ponty_status__ = 409` says that another attempt holds the
    key.
    """

    async def get(self, key: str, /) -> bytes | None:
        """Return the data that is recorded under `key`, also if the key is held; None if nothing is recorded."""
        ...

    def hold(self, key: str, /, *, maxwait_ms: float) -> AbstractAsyncContextManager[HeldAnswer]:
        """Hold `key` while the block runs; wait for it for at most `maxwait_ms` milliseconds."""
        ...
