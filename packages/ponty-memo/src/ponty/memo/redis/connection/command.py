"""One command on its way: gathered with others, sent, answered, or given up.

Its caller may leave at any time; the command goes on. `outcome` is what the caller waits for. How commands are sent
together is said in `ponty.memo.redis.connection.pipeline`.

A command is sent without a task of its own. It gets one if the answer is an error: there its way is gone from the
beginning, with this answer in place of the first one, so that whatever is sent again is sent whoever has left.
"""

from collections.abc import Awaitable, Callable
from typing import Any, Final, Protocol

from ponty.memo.errors import Unavailable
from ponty.memo.lazy_imports import asyncio
from ponty.memo.redis.connection.circuit_breaker import Breaker
from ponty.memo.redis.connection.pipeline import Batch, Part, Pipeline
from ponty.memo.redis.lazy_imports import exceptions

_LAST_RESORT: Final = 3
"""After how many times its `timeout_ms` a command without an answer is cancelled."""
_FIRST: Final = frozenset({"PING", "release", "extend", "commit", "forget", "acknowledge"})
"""What goes before all else where commands wait for a connection."""
_FULL: Final = ("Too many connections", "No connection available")
"""How redis-py begins to say that its pool has no connection left; versions before 6 have no class for it."""
_TURNS: Final = 3
"""How many turns of the event loop it takes to read what has come."""
_PAUSE: Final = 0.01
"""After how long a full pool is asked again, in seconds."""


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
        what: Its name.
        parts: What is sent first.
        send: The whole of its way: called with what sends parts, the first of which are `parts`, it returns the answer.
        pipeline: Sends it together with others.
        breaker: Counts a failure if it was sent and got no answer in time.
        timeout: How long an answer may take, in seconds.
        track: Called with a task that it needs.
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
        """Whether it need not be sent any more: its time was over before, not if its caller has only gone."""
        if self._answer is not None:
            return self._answer.done()
        return self.outcome.done() and not self.outcome.cancelled()

    def on_sent(self, batch: Batch, waited: bool) -> None:
        """Note that it is sent; after a wait for a connection, have the time to answer run from now on."""
        if waited and not self.outcome.done():
            self._timer.cancel()
            self._timer = self._loop.call_later(self._timeout, self._time_out)
            if self._what != "PING":
                self._breaker.check()
        self.batch = batch
        self._sent = True
        self._seen = 0

    def on_reply(self, reply: Any) -> None:
        """Take the answer to what was sent."""
        if self._answer is not None:
            if not self._answer.done():
                self._answer.set_result(reply)
        elif not self.outcome.done():  # or else the caller has gone
            self.outcome.set_result((reply, None))

    def on_failure(self, error: BaseException) -> None:
        """Take the error in place of an answer."""
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
            self._answer.exception()  # it is looked at, at the latest here
            self._task = self._loop.create_task(self._run(), name=f"ponty.memo redis {self._what}")
            self._track(self._task)

    def stop_clock(self) -> None:
        """Let the command take its time, for its caller has gone."""
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
                self._sent, self._seen = False, self._pipeline.answers  # others use the same pool
                await asyncio.sleep(_PAUSE)
        except (Exception, asyncio.CancelledError) as error:  # noqa: BLE001 - the caller sees to it
            failure = error
        if not self.outcome.done():  # or else the caller has gone
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
                self._answer = None  # the next one is another's

    def _time_out(self, turns: int = _TURNS) -> None:
        if self.outcome.done():
            return
        if turns:  # where the loop was held up, an answer may have come that nobody has read
            self._timer = self._loop.call_soon(self._time_out, turns - 1)
            return
        answers = self._pipeline.answers if self.batch is None or not self._sent else self.batch.answers
        if self._seen != answers:  # Redis is there, the crowd is our own
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
