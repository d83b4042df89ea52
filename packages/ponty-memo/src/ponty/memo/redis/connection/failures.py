"""Failures between the client and Redis: they are distinguished, counted by the breaker, and become `Unavailable`."""

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
        breaker: Counts each missing answer, and is reset by each answer.
        track: Called with each new task.
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
        """Start afresh in another event loop, which has another clock."""
        self._last = {}

    def told(self, error: BaseException, what: str, batch: object) -> Unavailable:
        """Count a failure, and return the error for the caller.

        Args:
            error: The error of the client or of Redis.
            what: The name of the command.
            batch: The batch in which it was sent.
        """
        if isinstance(error, asyncio.CancelledError):  # `aclose` has cancelled the command
            return Unavailable(f"{what}: the link was closed")
        if isinstance(error, exceptions.ConnectionError | exceptions.TimeoutError | OSError):
            self._breaker.failed(error, batch)
            return Unavailable(f"{what}: {error}", in_doubt=not is_refused(error))
        self._breaker.answered()
        if isinstance(error, exceptions.ReadOnlyError) or "-READONLY" in str(error):  # the latter in scripts of Redis 6
            self._reconnect()
        elif self._not_since("complained", 10):
            logger().error("Redis refuses a command", exc_info=error)
        return Unavailable(f"{what}: {error}", in_doubt=False)

    def _not_since(self, what: str, limit: float) -> bool:
        """Return whether `what` was not done in the last `limit` seconds; if so, note that it is done now."""
        now = asyncio.get_running_loop().time()
        if now < self._last.get(what, -limit) + limit:
            return False
        self._last[what] = now
        return True

    def _reconnect(self) -> None:
        """Close the idle connections, at most once a second: after a failover they may lead to a replica."""
        if not self._not_since("reconnected", 1):
            return
        logger().error("Redis is read-only: from now on, commands are sent on new connections")
        pool = self._client().connection_pool
        task = asyncio.get_running_loop().create_task(pool.disconnect(inuse_connections=False))
        self._track(task)
        task.add_done_callback(_reconnected)


def _reconnected(task: "asyncio.Task[Any]") -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        logger().info("the connections to a replica could not be closed", exc_info=error)


def has_broken(error: BaseException) -> bool:
    """Return whether an open connection broke; not if it could not be opened, or if the pool was full."""
    return not isinstance(error, exceptions.BusyLoadingError) and not is_refused(error) and not is_full(error)


def is_refused(error: BaseException) -> bool:
    """Return whether the connection could not be opened."""
    return isinstance(error, ConnectionRefusedError) or "connecting to" in str(error)
