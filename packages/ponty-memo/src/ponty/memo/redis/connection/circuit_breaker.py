"""The circuit breaker: while Redis cannot be reached, no caller waits for it.

- *closed*: commands are sent. Each answer of Redis, even an error, resets the count of failures. Each command without
  an answer counts as a failure; all commands of one batch together count as one.
- *open*: after several failures in a row. Commands fail at once. One task asks again and again whether Redis is back,
  so no caller has to wait for that. When Redis answers, the breaker closes.

What can never happen: an open breaker without a task that asks; two tasks that ask.
"""

from collections.abc import Awaitable, Callable
from typing import Final

from ponty.memo.errors import Unavailable
from ponty.memo.lazy_imports import asyncio
from ponty.memo.logs import logger

_FAILURES: Final = 3
_PAUSE: Final = 0.1


class Breaker:
    """The breaker of one link.

    Args:
        ping: Sends a PING to Redis; raises an exception if there is no answer.
    """

    __slots__ = ("_counted", "_failures", "_ping", "_probe")

    def __init__(self, ping: Callable[[], Awaitable[object]]) -> None:
        self._ping = ping
        self._failures = 0
        self._counted: object = None
        self._probe: asyncio.Task[None] | None = None

    @property
    def open(self) -> bool:
        """Whether the breaker is open."""
        return self._probe is not None

    def check(self) -> None:
        """Let a command pass.

        Raises:
            Unavailable: The breaker is open.
        """
        if self._probe is not None:
            raise Unavailable("Redis is not available", in_doubt=False)

    def answered(self) -> None:
        """Note that Redis has answered."""
        self._failures = 0
        self._counted = None

    def failed(self, error: BaseException, batch: object = None) -> None:
        """Note that Redis has not answered; all commands of one batch count as one failure.

        Args:
            error: The error.
            batch: The batch.
        """
        if batch is not None and batch is self._counted:
            return
        self._counted = batch
        self._failures += 1
        if self._failures >= _FAILURES and self._probe is None:
            logger().error("Redis is not available: values are computed without it, locks are refused", exc_info=error)
            self._probe = asyncio.get_running_loop().create_task(self._ask(), name="ponty.memo redis probe")

    def tasks(self) -> "set[asyncio.Task[None]]":
        """Return the task that asks, if there is one."""
        return set() if self._probe is None else {self._probe}

    def on_new_loop(self) -> None:
        """Start afresh in another event loop."""
        self._probe, self._failures = None, 0

    async def close(self) -> None:
        """Stop asking, and let commands pass again."""
        probe, self._probe, self._failures = self._probe, None, 0
        if probe is not None:
            probe.cancel()
            await asyncio.wait([probe])

    async def _ask(self) -> None:
        while True:
            await asyncio.sleep(_PAUSE)
            try:
                await self._ping()
            except Exception:  # noqa: BLE001, S112 - any error means that Redis is not back
                continue
            self._probe, self._failures = None, 0
            logger().warning("Redis is available again")
            return
