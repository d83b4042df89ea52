"""One command: gathered with others, sent, and answered or given up.

The caller waits for `outcome`. It may leave at any time, and the command goes on. How commands are sent together is
explained in `ponty.memo.redis.connection.pipeline`.

Usually a command needs no separate task. If the answer is an error, it gets a task, in which `send` runs from the
beginning with this error as its first answer. So a retry is sent even if the caller has left.
"""

from collections.abc import Awaitable, Callable
from typing import Any, Final, Protocol

from ponty.memo.errors import Unavailable
from ponty.memo.lazy_imports import asyncio
from ponty.memo.redis.connection.circuit_breaker import Breaker
from ponty.memo.redis.connection.pipeline import Batch, Part, Pipeline
from ponty.memo.redis.lazy_imports import exceptions

_LAST_RESORT: Final = 3
"""A command without an answer is cancelled after this many times `timeout_ms`."""
_FIRST: Final = frozenset({"PING", "release", "extend", "commit", "forget", "acknowledge"})
"""The commands that go first when commands wait for a connection."""
_FULL: Final = ("Too many connections", "No connection available")
"""How the messages of redis-py for a full pool begin; versions before 6 have no exception class for it."""
_TURNS: Final = 3
"""The number of turns of the event loop that it takes to read an answer that has arrived."""
_PAUSE: Final = 0.01
"""The pause before a full pool is asked again, in seconds."""


def is_full(error: BaseException) -> bool:
    """Return whether `error` says that redis-py's pool has no connection left."""
    return str(error).startswith(_FULL)


class Ask(Protocol):
    """Sends the parts of a command, and returns the answer."""

    async def __call__(self, *parts: Part) -> Any:
        """Send them."""


class Command:
    """One command.

    Args:
        what: The name of the command.
        parts: The parts that are sent first.
        send: Runs the command, retries included: it gets a function that sends parts, beginning with `parts`, and
            returns the answer.
        pipeline: Sends the command together with others.
        breaker: Counts a failure if the command was sent and not answered in time.
        timeout: How long an answer may take, in seconds.
        track: Called with the task of the command, if it needs one.
    """

    __slots__ = (
        "_answer",
        "_breaker",
        "_loop",
        "_pipeline",
        "_seen",
        "_send",
        "_sent",
        "_task",
        "_timeout",
        "_timer",
        "_track",
        "_what",
        "batch",
        "first",
        "outcome",
    )

    def __init__(  # noqa: PLR0917 - from the outside in
        self,
        what: str,
        parts: tuple[Part, ...],
        send: Callable[[Ask], Awaitable[Any]],
        pipeline: Pipeline,
        breaker: Breaker,
        timeout: float,
        *,
        track: "Callable[[asyncio.Task[None]], object]",
    ) -> None:
        self.first: bool = what in _FIRST
        self.batch: Batch | None = None
        self._what = what
        self._send = send
        self._pipeline = pipeline
        self._breaker = breaker
        self._timeout = timeout
        self._track = track
        self._sent = False
        self._seen = pipeline.answers
        self._answer: asyncio.Future[Any] | None = None
        self._task: asyncio.Task[None] | None = None
        self._loop = asyncio.get_running_loop()
        self.outcome: asyncio.Future[tuple[Any, BaseException | None]] = self._loop.create_future()
        self._timer: asyncio.Handle = self._loop.call_later(timeout, self._time_out)
        pipeline.ask(self, parts)

    @property
    def given_up(self) -> bool:
        """Whether it is not to be sent any more: its time was over; not if only its caller has left."""
        if self._answer is not None:
            return self._answer.done()
        return self.outcome.done() and not self.outcome.cancelled()

    def on_sent(self, batch: Batch, waited: bool) -> None:
        """Note that it is sent; if it had to wait for a connection, the time to answer begins now."""
        if waited and not self.outcome.done():
            self._timer.cancel()
            self._timer = self._loop.call_later(self._timeout, self._time_out)
            if self._what != "PING":
                self._breaker.check()
        self.batch = batch
        self._sent = True
        self._seen = 0

    def on_reply(self, reply: Any) -> None:
        """Handle the answer."""
        if self._answer is not None:
            if not self._answer.done():
                self._answer.set_result(reply)
        elif not self.outcome.done():  # done if the caller has left
            self.outcome.set_result((reply, None))

    def on_failure(self, error: BaseException) -> None:
        """Handle an error in place of an answer."""
        if self._answer is not None:
            if not self._answer.done():
                if isinstance(error, asyncio.CancelledError):
                    self._answer.cancel()
                else:
                    self._answer.set_exception(error)
        elif isinstance(error, (asyncio.CancelledError, Unavailable)) or self._loop.is_closed():
            if not self.outcome.done():
                self.outcome.set_result((None, error))
        elif self._task is None:
            self._answer = self._loop.create_future()
            self._answer.set_exception(error)
            self._answer.exception()  # retrieve it, so that asyncio does not complain if nobody else does
            self._task = self._loop.create_task(self._run(), name=f"ponty.memo redis {self._what}")
            self._track(self._task)

    def stop_clock(self) -> None:
        """Stop the timer, because the caller has left."""
        self._timer.cancel()

    async def _run(self) -> None:
        reply, failure = None, None
        try:
            while True:
                try:
                    reply = await self._send(self._ask)
                    break
                except exceptions.ConnectionError as error:
                    if not is_full(error):
                        raise
                self._sent, self._seen = False, self._pipeline.answers  # the pool is full: others use it too
                await asyncio.sleep(_PAUSE)
        except (Exception, asyncio.CancelledError) as error:  # noqa: BLE001 - the caller handles it
            failure = error
        if not self.outcome.done():  # done if the caller has left
            self.outcome.set_result((reply, failure))

    async def _ask(self, *parts: Part) -> Any:
        if self._answer is None:
            self._answer = self._loop.create_future()
            self._pipeline.ask(self, parts)
        answer = self._answer
        try:
            return await answer
        finally:
            if self._answer is answer:
                self._answer = None  # the next request gets another future

    def _time_out(self, turns: int = _TURNS) -> None:
        if self.outcome.done():
            return
        if turns:  # if the loop was held up, the answer may have arrived and not been read yet
            self._timer = self._loop.call_soon(self._time_out, turns - 1)
            return
        answers = self._pipeline.answers if self.batch is None or not self._sent else self.batch.answers
        if self._seen != answers:  # Redis answers; this command only waits behind others of this process
            self._seen = answers
            self._timer = self._loop.call_later(self._timeout, self._time_out)
            return
        error = Unavailable(f"{self._what}: no answer within {self._timeout * 1000:g} ms", in_doubt=self._sent)
        self.outcome.set_result((None, error))
        if self._sent:
            self._breaker.failed(error, self.batch)
            self._loop.call_later(self._timeout * (_LAST_RESORT - 1), self._cancel)
        else:
            self._cancel()

    def _cancel(self) -> None:
        if self._task is not None:
            self._task.cancel()
