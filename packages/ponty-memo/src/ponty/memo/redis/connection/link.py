"""`RedisLink`: the connections of one process to one Redis, for all caches and locks that share it.

A link has a client, one subscription (see `ponty.memo.redis.connection.pubsub`) and a circuit breaker (see
`ponty.memo.redis.connection.circuit_breaker`). It opens by itself when it is first used, and again in each new event
loop.

How a command is run:

1. It is sent in a batch with others, in a separate task. A caller that is cancelled, or has waited long enough, leaves,
   and the command goes on to its end. So the client is never cancelled between a command and its answer, and an answer
   cannot be mistaken for that of a later command.
2. A caller waits at most `timeout_ms` while no answer comes, whatever the limits of the client are. A command that was
   not sent by then is not sent any more. A command that was sent is *in doubt*.
3. If the connection of a script breaks, the script is run once more on a new connection, because Redis, or a proxy
   between, closes idle connections. To run a script twice does no harm.
4. A command that gets no answer for a long time after that is cancelled, and the client closes the connection.
5. Commands of one turn of the event loop are sent together. As many batches run at once as there are connections; the
   other commands wait (see `ponty.memo.redis.connection.pipeline`). Redis is not to blame for this wait: it may last as
   long as Redis answers other commands, it ends after `timeout_ms` without any answer, and the breaker never counts it.
   The time to answer begins after the wait.
6. All errors between the client and Redis become `Unavailable`, so callers have to handle only one exception.

What can never happen: an answer that goes to another caller; a caller that waits longer than `timeout_ms` for a Redis
that answers nobody.
"""

import functools
import os
from collections.abc import Awaitable, Callable, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Self

from ponty.memo.errors import Unavailable
from ponty.memo.event_loop import LoopOwner, seconds
from ponty.memo.lazy_imports import asyncio
from ponty.memo.locks.pending_releases import PendingReleases
from ponty.memo.logs import logger
from ponty.memo.redis.connection.circuit_breaker import Breaker
from ponty.memo.redis.connection.clients import address_of, check_client, client_of
from ponty.memo.redis.connection.command import Ask, Command, is_full
from ponty.memo.redis.connection.failures import Failures, has_broken
from ponty.memo.redis.connection.orphaned_locks import OrphanedLocks
from ponty.memo.redis.connection.pipeline import Part, Pipeline
from ponty.memo.redis.connection.pubsub import Subscription
from ponty.memo.redis.connection.script import Script
from ponty.memo.redis.lazy_imports import exceptions

if TYPE_CHECKING:
    from redis.asyncio import Redis


class RedisLink:
    """The connections of this process to one Redis or Valkey, shared by all caches and locks that use it.

    It opens when it is first used. `async with`, or `redis_provider`, opens it in advance and closes it at the end; if
    several of them are active, the last one closes it. Make a link to set `timeout_ms` or `max_connections`, or to
    close the connections at a certain point; otherwise a URL is enough.

    Args:
        redis: A URL (`redis://`, `rediss://` or `unix://`), or a client of redis-py. A client that is given is not
            closed with the link. The client that is made for a URL uses RESP2 and does not retry.
        timeout_ms: How long a caller waits for an answer, in milliseconds, before it gets `Unavailable`.
        max_connections: The largest number of connections on which commands are sent at once. Commands that are issued
            together share one; when all are in use, further commands wait.

    Raises:
        ImportError: redis-py is not installed; it comes with the extra `ponty-memo[redis]`.
        ValueError: The URL is not valid, or a number is not above zero.
        TypeError: `redis` is something else, such as a synchronous client or a client of a cluster.
    """

    def __init__(self, redis: "str | Redis", *, timeout_ms: float = 1000, max_connections: int = 50) -> None:
        check_client(redis)
        self._timeout = seconds("RedisLink", "timeout_ms", timeout_ms)
        if not self._timeout or not isinstance(max_connections, int) or max_connections < 1:  # pyright: ignore[reportUnnecessaryIsInstance]
            raise ValueError("RedisLink: timeout_ms and max_connections must be more than 0")
        self._connections = max_connections
        self._given = None if isinstance(redis, str) else redis
        self._make: Callable[[], Redis] = self._maker(redis) if isinstance(redis, str) else lambda: redis
        self.loop_owner: Final = LoopOwner("the link to Redis")
        self.loop_owner.on_new_loop(self._on_new_loop)
        self._used = False
        self._closed = False
        self._process = 0
        self._openers = 0
        self._client: Redis | None = None
        self._running: set[asyncio.Task[Any]] = set()
        self._pipeline = self._make_pipeline(max_connections)
        self.breaker: Final = Breaker(self.ping)
        self._failures = Failures(self.client, self.breaker, self._track)
        self.subscription: Final = Subscription(self.client, self._timeout)
        self.pending_releases: Final = PendingReleases()
        self.orphaned_locks: Final = OrphanedLocks()

    def _maker(self, url: str) -> "Callable[[], Redis]":
        make = functools.partial(client_of, url, timeout=self._timeout, connections=self._connections + 3)
        make()  # refuses an invalid URL now
        return make

    async def __aenter__(self) -> Self:
        """Open the link; if Redis cannot be reached, this is only logged."""
        self.client()
        self._openers += 1
        try:
            await self.ping()
        except Unavailable as error:
            logger().warning("Redis is not available yet", exc_info=error)
        except BaseException:
            self._openers -= 1
            raise
        return self

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Close the link after the commands in progress have ended, unless others have opened it too."""
        self.loop_owner.enter()
        self._openers = max(0, self._openers - 1)
        if not self._openers:
            await self.aclose()

    def address(self) -> tuple[object, ...]:
        """Return the address of the link's Redis, which is equal for two links to the same Redis."""
        return address_of(self._make() if self._given is None else self._given)

    def client(self) -> "Redis":
        """Return the client in this event loop."""
        self.loop_owner.enter()
        if self._client is None:
            self._client = self._make()
            self._closed = False
            size = getattr(self._client.connection_pool, "max_connections", None)
            free = size - 1 if isinstance(size, int) else self._connections  # one is for the subscription
            self._pipeline = self._make_pipeline(max(1, min(self._connections, free)))
        return self._client

    def check_open(self) -> None:
        """Refuse to open the link again only to end older work, such as the release of a lock.

        Raises:
            Unavailable: The link was closed, and was not used since.
        """
        self.loop_owner.enter()
        if self._closed:
            raise Unavailable("the link was closed", in_doubt=False)

    async def aclose(self) -> None:
        """Close the link after the pending releases of locks have ended; it opens again if it is used again."""
        loop = self.loop_owner.enter()
        await self.subscription.close()
        await self.orphaned_locks.close()
        await self.breaker.close()
        end = loop.time() + self._timeout
        while (pending := self._running | self.pending_releases.pending()) and (left := end - loop.time()) > 0:
            await asyncio.wait(pending, timeout=left, return_when=asyncio.FIRST_COMPLETED)
            await asyncio.sleep(0)  # a task that has ended may start another one
        self._closed = True
        self._pipeline.close()
        late = set(self._running)
        for task in late:
            task.cancel()
        if late:
            await asyncio.wait(late, timeout=self._timeout)
        await self.subscription.close()  # a command that was in progress may have opened it again
        client, self._client = self._client, None
        if client is not None and self._given is None:
            await client.aclose()

    async def ping(self) -> None:
        """Send a PING to Redis, even if the breaker is open.

        Raises:
            Unavailable: Redis cannot be reached.
        """
        await self._attempt("PING", ("PING",), lambda ask: ask("PING"))

    async def run(self, script: Script, keys: Sequence[str], arguments: Sequence[str | bytes | int] = ()) -> Any:
        """Run a script, and return its answer; strings are returned as bytes.

        Raises:
            Unavailable: Redis cannot be reached, or refuses.
        """
        operands = (len(keys), *keys, *arguments)

        parts = ("EVALSHA", script.digest, *operands)

        async def evaluate(ask: Ask) -> Any:
            try:
                return await ask(*parts)
            except exceptions.NoScriptError:
                return await ask("EVAL", script.source, *operands)

        async def attempt(ask: Ask) -> Any:
            try:
                return await evaluate(ask)
            except exceptions.ConnectionError as error:
                if not has_broken(error):
                    raise
                reply = await self._again(lambda: evaluate(ask), error)
                if script.done_once and not reply:
                    raise  # the first run may have been successful
                return reply

        self.breaker.check()
        return await self._attempt(script.name, parts, attempt)

    async def _again(self, evaluate: Callable[[], Awaitable[Any]], error: Exception) -> Any:
        """Run a script whose connection has broken once more on a new connection; raise `error` if that fails too."""
        try:
            await self.client().connection_pool.disconnect(inuse_connections=False)  # idle ones may be broken too
            return await evaluate()
        except (exceptions.ConnectionError, exceptions.TimeoutError, OSError) as second:
            if is_full(second):
                raise
            raise error from second  # of the two, this one says that the script may have been run

    async def command(self, *parts: Part) -> Any:
        """Run a command, and return its answer; strings are returned as bytes.

        Raises:
            Unavailable: Redis cannot be reached, or refuses.
        """
        self.breaker.check()
        return await self._attempt(str(parts[0]), parts, lambda ask: ask(*parts))

    def _make_pipeline(self, size: int) -> Pipeline:
        return Pipeline(self.client, size, self._timeout, self._track, own=self._given is None)

    def _track(self, task: "asyncio.Task[Any]") -> None:
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def _attempt(self, what: str, parts: tuple[Part, ...], attempt: Callable[[Ask], Awaitable[Any]]) -> Any:
        self.client()
        command = Command(what, parts, attempt, self._pipeline, self.breaker, self._timeout, track=self._track)
        try:
            reply, failure = await command.outcome
        finally:
            command.stop_clock()
        if failure is None:
            self.breaker.answered()
            return reply
        try:
            if isinstance(failure, exceptions.RedisError | OSError | asyncio.CancelledError):
                raise self._failures.told(failure, what, command.batch) from failure
            raise failure
        finally:
            del failure  # breaks a reference cycle: its traceback has this frame

    def _on_new_loop(self) -> None:
        """Start afresh in another event loop, because connections belong to the loop in which they were made."""
        if self._used and self._process != os.getpid():
            client: Any = self._client
            connections = None if client is None else vars(client.connection_pool).copy()
            tasks = (self.subscription.tasks(), self.breaker.tasks(), self.orphaned_locks.tasks(), self._running)
            _inherited.append((client, connections, tasks))
        if self._given is not None and self._used:
            pool: Any = self._given.connection_pool
            pool.reset()
        self._process = os.getpid()
        self._used = True
        self._client = None
        self._closed = False
        self._openers = 0
        self._running = set()
        self._pipeline = self._make_pipeline(self._connections)
        self._failures.on_new_loop()
        self.breaker.on_new_loop()
        self.subscription.on_new_loop()
        self.orphaned_locks.on_new_loop()


_inherited: Final[list[object]] = []
"""The connections and tasks that a forked process has from its parent; they are kept for ever and never used.

The sockets, and the selector of the event loop, are shared with the parent. If a connection was closed here, even by
the garbage collector, it would be removed from the selector with which the parent waits for its answers.
"""
