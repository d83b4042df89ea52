"""What goes wrong between the client and Redis: told apart, counted for the breaker, and told as one error."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ponty.memo.errors import Unavailable
from ponty.memo.lazy_imports import asyncio
from ponty.memo.logs import logger
from ponty.memo.redis.connection.circuit_breaker import Breaker
from ponty.memo.redis.connection.command import is_full
from ponty.memo.redis.lazy_imports import exceptions

if TYPE_CHECKING:
    from redis.asyncio import Redis


class Failures:
    """The failures of one link.

    Args:
        client: Returns the client in this event loop.
        breaker: Is told of each failure to answer, and of each answer.
        track: Called with a task that is begun.
    """

    __slots__ = ("_breaker", "_client", "_last", "_track")

    def __init__(
        self, client: "Callable[[], Redis]", breaker: Breaker, track: "Callable[[asyncio.Task[Any]], object]"
    ) -> None:
        self._client = client
        self._breaker = breaker
        self._track = track
        self._last: dict[str, float] = {}

    def on_new_loop(self) -> None:
        """Begin anew in another event loop, which has a clock of its own."""
        self._last = {}

    def told(self, error: BaseException, what: str, batch: object) -> Unavailable:
        """Count a failure, and return the error for the caller.

        Args:
            error: What went wrong.
            what: The name of the command.
            batch: What it was sent with.
        """
        if isinstance(error, asyncio.CancelledError):  # of the command, by `aclose`
            return Unavailable(f"{what}: the link was closed")
        if isinstance(error, exceptions.ConnectionError | exceptions.TimeoutError | OSError):
            self._breaker.failed(error, batch)
            return Unavailable(f"{what}: {error}", in_doubt=not is_refused(error))
        self._breaker.answered()
        if isinstance(error, exceptions.ReadOnlyError) or "-READONLY" in str(error):  # as scripts of Redis 6 say it
            self._reconnect()
        elif self._not_since("complained", 10):
            logger().error("Redis refuses what it is asked", exc_info=error)
        return Unavailable(f"{what}: {error}", in_doubt=False)

    def _not_since(self, what: str, limit: float) -> bool:
        """Return whether `what` was not done in the last `limit` seconds; it counts as done now."""
        now = asyncio.get_running_loop().time()
        if now < self._last.get(what, -limit) + limit:
            return False
        self._last[what] = now
        return True

    def _reconnect(self) -> None:
        """Look anew who is the primary, once a second at most: a failover may have left us with a replica."""
        if not self._not_since("reconnected", 1):
            return
        logger().error("Redis is read-only: it is asked on new connections from now on")
        pool = self._client().connection_pool
        task = asyncio.get_running_loop().create_task(pool.disconnect(inuse_connections=False))
        self._track(task)
        task.add_done_callback(_reconnected)


def _reconnected(task: "asyncio.Task[Any]") -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        logger().info("the connections to a replica could not be closed", exc_info=error)


def has_broken(error: BaseException) -> bool:
    """Return whether a connection broke that was open before, and not one that could not be opened, or had."""
    return not isinstance(error, exceptions.BusyLoadingError) and not is_refused(error) and not is_full(error)


def is_refused(error: BaseException) -> bool:
    """Return whether there was no connection, and could be none."""
    return isinstance(error, ConnectionRefusedError) or "connecting to" in str(error)
