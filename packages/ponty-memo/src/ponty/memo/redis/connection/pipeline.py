"""The pipeline: the commands of one turn of the event loop are sent together, in one round trip on one connection.

States of a command:

- *gathered*: it was issued in this turn, or no connection is free. It is in one of two queues.
- *sent*: it is in a batch, which has a connection to itself.
- *over*: its answer, or an error instead, has arrived. The sender is woken at once, not at the end of the batch.

Rules:

1. At the end of the turn, a batch takes the gathered commands, up to a number of commands and of bytes; the rest makes
   the next batch. So a thousand callers need only a few round trips, and no batch is so long that others wait for it.
2. As many batches are in progress as there are connections. If none is free, commands are gathered until one is. The
   commands that keep or end something, such as the release of a lock or the extension of a lease, go before those that
   begin something. So a release does not have to wait behind a thousand new locks.
3. Redis answers in the order of the commands. An answer that is an error concerns only that command, not the others of
   the batch. If the connection breaks, the commands that were answered keep their answers, and each of the others gets
   an error. The sender decides whether to try again; a repeated command is gathered again.
4. A command that is given up before it was sent is not sent; after that, its answer is read and ignored. A batch that
   gets no further answer for a long time is cancelled, which closes its connection.
5. If the client was given by the user, a batch of one command is run by the client itself. If such a client has its own
   `execute_command`, or only one connection that it does not lend, it runs all commands, one by one.

What can never happen: an answer that goes to another command (a connection with an unread answer is closed); a command
that is sent twice for one request; a batch that waits while a connection is free; a connection that is kept longer than
its batch.
"""

from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeAlias

from ponty.memo.errors import Unavailable
from ponty.memo.flights.exception_copies import copy_of
from ponty.memo.lazy_imports import asyncio, inspect
from ponty.memo.redis.lazy_imports import aioredis, exceptions

if TYPE_CHECKING:
    from redis.asyncio import Redis

_MOST_COMMANDS: Final = 1000
_MOST_BYTES: Final = 1_000_000
_LAST_RESORT: Final = 3
"""A batch that gets no further answer is cancelled after this many times the `timeout_ms` of the link."""

Part: TypeAlias = str | bytes | int


class Batch:
    """Commands that are sent together, and how many of them were answered."""

    __slots__ = ("answers", "asked")

    def __init__(self) -> None:
        self.asked: list[_Asked] = []
        self.answers: int = 0


class Asking(Protocol):
    """The sender of one command, with the callbacks for its progress."""

    first: bool
    """Whether the command goes before others when commands wait for a connection."""

    @property
    def given_up(self) -> bool:
        """Whether the command is not to be sent any more."""
        ...

    def on_sent(self, batch: Batch, waited: bool) -> None:
        """Note that the command is about to be sent; if this raises `Unavailable`, it fails with that and is not sent.

        Args:
            batch: The batch of the command.
            waited: Whether it had to wait for a connection.

        Raises:
            Unavailable: The command is not to be sent.
        """

    def on_reply(self, reply: Any) -> None:
        """Handle the answer."""

    def on_failure(self, error: BaseException) -> None:
        """Handle an error that is the answer, or comes instead of an answer."""


class _Asked:
    """One command in the pipeline."""

    __slots__ = ("by", "parts", "size", "turn")

    def __init__(self, by: Asking, parts: tuple[Part, ...], turn: int) -> None:
        self.by = by
        self.parts = parts
        self.turn = turn
        self.size: int = sum([len(part) for part in parts if not isinstance(part, int)])


class Pipeline:
    """The commands of one link in one event loop.

    Args:
        client: Returns the client.
        size: The largest number of batches at once.
        timeout: How long an answer may take, in seconds.
        track: Called with the task of each batch.
        own: Whether the link has made the client, so that it was not given by the user.
    """

    __slots__ = (
        "_client",
        "_first",
        "_free",
        "_others",
        "_own",
        "_scheduled",
        "_timeout",
        "_track",
        "_turn",
        "answers",
    )

    def __init__(
        self,
        client: "Callable[[], Redis]",
        size: int,
        timeout: float,
        track: "Callable[[asyncio.Task[None]], object]",
        *,
        own: bool = False,
    ) -> None:
        self.answers: int = 0  # the number of commands that Redis has answered
        self._client = client
        self._free = size
        self._timeout = timeout
        self._track = track
        self._own = own
        self._first: deque[_Asked] = deque()
        self._others: deque[_Asked] = deque()
        self._scheduled = False
        self._turn = 0

    def ask(self, by: Asking, parts: tuple[Part, ...]) -> None:
        """Send a command, together with the other commands of this turn.

        Args:
            by: The sender.
            parts: The parts of the command.
        """
        asked = _Asked(by, parts, self._turn if self._free or self._scheduled else -1)
        (self._first if by.first else self._others).append(asked)
        if self._free and not self._scheduled:
            self._begin()

    def close(self) -> None:
        """Fail all commands that were not sent yet, because the link is closed."""
        for queue in (self._first, self._others):
            while queue:
                queue.popleft().by.on_failure(asyncio.CancelledError())

    def _begin(self) -> None:
        """Start the task of a batch, which takes commands from the queues in the next turn of the event loop."""
        loop = asyncio._get_running_loop()  # noqa: SLF001 - documented, for code outside of a loop
        if loop is not None:  # without a loop, this is the cleanup of a batch whose loop was closed
            self._scheduled = True
            self._free -= 1
            self._track(loop.create_task(self._run(), name="ponty.memo redis batch"))

    def _take(self) -> Batch:
        """Take the commands of the next batch from the queues."""
        batch = Batch()
        taken = batch.asked
        size = 0
        most = 1 if self._sends_one_by_one() else _MOST_COMMANDS
        for queue in (self._first, self._others):
            while queue and len(taken) < most and (not taken or size + queue[0].size <= _MOST_BYTES):
                asked = queue.popleft()
                if asked.by.given_up:
                    continue
                try:
                    asked.by.on_sent(batch, asked.turn != self._turn)
                except Unavailable as error:
                    asked.by.on_failure(error)
                else:
                    taken.append(asked)
                    size += asked.size
        return batch

    def _sends_one_by_one(self) -> bool:
        client: Any = self._client()
        if getattr(type(client), "execute_command", None) is not aioredis.Redis.execute_command:
            return True
        return bool(getattr(client, "single_connection_client", False))

    async def _run(self) -> None:
        unanswered: deque[_Asked] = deque()
        patience = _Patience(self._timeout * _LAST_RESORT, unanswered)
        try:
            try:
                batch = self._take()
            finally:
                self._scheduled = False
                if self._free and (self._first or self._others):
                    self._begin()
                else:
                    self._turn += 1
            unanswered.extend(batch.asked)
            if len(unanswered) == 1 and (not self._own or self._sends_one_by_one()):
                client: Any = self._client()
                reply = await client.execute_command(*unanswered[0].parts, NEVER_DECODE=True)
                self.answers += 1
                unanswered.popleft().by.on_reply(reply)
            elif unanswered:
                await self._exchange(batch, unanswered)
        except asyncio.CancelledError as error:
            for asked in unanswered:
                asked.by.on_failure(error)
            raise
        except Exception as error:  # noqa: BLE001 - the senders handle it
            for asked in unanswered:
                asked.by.on_failure(error if asked is unanswered[-1] else copy_of(error))
        finally:
            patience.end()
            self._free += 1
            if not self._scheduled and (self._first or self._others):
                self._begin()

    async def _exchange(self, batch: Batch, unanswered: deque[_Asked]) -> None:
        """Send several commands at once, and pass on the answers as they arrive."""
        pool: Any = self._client().connection_pool
        connection: Any = await (pool.get_connection("EVALSHA") if _asks_for_name(pool) else pool.get_connection())
        try:
            await connection.send_packed_command(connection.pack_commands([asked.parts for asked in batch.asked]))
            while unanswered:
                try:
                    reply = await connection.read_response(disable_decoding=True)
                except exceptions.ResponseError as error:
                    self.answers += 1
                    batch.answers += 1
                    unanswered.popleft().by.on_failure(error)
                else:
                    self.answers += 1
                    batch.answers += 1
                    unanswered.popleft().by.on_reply(reply)
        finally:
            if unanswered:  # answers to them may still arrive on this connection
                await connection.disconnect(nowait=True)
            await pool.release(connection)


class _Patience:
    """Cancels the task in which it is made if no further answer arrives for too long.

    Args:
        limit: The longest time without a further answer, in seconds.
        unanswered: The commands without an answer.
    """

    __slots__ = ("_left", "_limit", "_loop", "_task", "_timer", "_unanswered")

    def __init__(self, limit: float, unanswered: deque[_Asked]) -> None:
        self._limit = limit
        self._unanswered = unanswered
        self._loop = asyncio.get_running_loop()
        self._task = asyncio.current_task()
        self._left = len(unanswered)
        self._timer = self._loop.call_later(limit, self._look)

    def end(self) -> None:
        self._timer.cancel()
        self._task = None

    def _look(self) -> None:
        if self._task is not None and len(self._unanswered) == self._left:
            self._task.cancel()
            return
        self._left = len(self._unanswered)
        self._timer = self._loop.call_later(self._limit, self._look)


_asking: Final[dict[type, bool]] = {}


def _asks_for_name(pool: Any) -> bool:
    """Return whether `get_connection` of a pool needs the name of a command, as in redis-py before 5.3."""
    kind = type(pool)
    if kind not in _asking:
        name = inspect.signature(kind.get_connection).parameters.get("command_name")
        _asking[kind] = name is not None and name.default is inspect.Parameter.empty
    return _asking[kind]
