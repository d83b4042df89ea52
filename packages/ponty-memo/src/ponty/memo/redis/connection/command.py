"""One command on its way: waiting for a slot, sent, answered, or given up.

Its caller may leave at any time; the command goes on. `outcome` is what the caller waits for.
"""

from collections.abc import Awaitable, Callable
from typing import Any, Final

from ponty.memo.errors import Unavailable
from ponty.memo.lazy_imports import asyncio
from ponty.memo.redis.connection.circuit_breaker import Breaker
from ponty.memo.redis.connection.slots import ConnectionSlots
from ponty.memo.redis.lazy_imports import exceptions

_LAST_RESORT: Final = 3
"""After how many times its `timeout_ms` a command without an answer is cancelled."""
_FIRST: Final = frozenset({"PING", "release", "extend", "commit", "forget", "acknowledge"})
"""What goes before all else where commands wait for a connection."""
_FULL: Final = ("Too many connections", "No connection available")
"""How redis-py begins to say that its pool has no connection left; versions before 6 have no class for it."""
_PAUSE: Final = 0.01
"""After how long a full pool is asked again, in seconds."""


def is_full(error: BaseException) -> bool:
    """Return whether `error` says that redis-py's pool has no connection left."""
    return str(error).startswith(_FULL)


class Command:
    """One command.

    Args:
        what: Its name.
        send: Sends it, and returns the answer.
        slots: Where it takes a slot.
        breaker: Counts a failure if it was sent and got no answer in time.
        timeout: How long an answer may take, in seconds.
    """

    __slots__ = (
        "_breaker",
        "_loop",
        "_seen",
        "_send",
        "_sent",
        "_slots",
        "_timeout",
        "_timer",
        "_what",
        "outcome",
        "task",
    )

    def __init__(
        self, what: str, send: Callable[[], Awaitable[Any]], slots: ConnectionSlots, breaker: Breaker, timeout: float
    ) -> None:
        self._what = what
        self._send = send
        self._slots = slots
        self._breaker = breaker
        self._timeout = timeout
        self._sent = False
        self._seen = slots.answers
        self._loop = asyncio.get_running_loop()
        self.outcome: asyncio.Future[tuple[Any, BaseException | None]] = self._loop.create_future()
        self._timer = self._loop.call_later(timeout, self._time_out)
        self.task: asyncio.Task[None] = self._loop.create_task(self._run(), name=f"ponty.memo redis {what}")

    def stop_clock(self) -> None:
        """Let the command take its time, for its caller has gone."""
        self._timer.cancel()

    async def _run(self) -> None:
        reply, failure = None, None
        try:
            waited = await self._slots.acquire(first=self._what in _FIRST)
            try:
                if waited:
                    self._begin_anew()
                reply = await self._answer()
            finally:
                self._slots.release()
        except (Exception, asyncio.CancelledError) as error:  # noqa: BLE001 - the caller sees to it
            failure = error
        if not self.outcome.done():  # or else the caller has gone
            self.outcome.set_result((reply, failure))

    def _begin_anew(self) -> None:
        """Have the time to answer run from now on, after the wait for a slot."""
        if not self.outcome.done():
            self._timer.cancel()
            self._timer = self._loop.call_later(self._timeout, self._time_out)
            if self._what != "PING":
                self._breaker.check()

    async def _answer(self) -> Any:
        while True:
            self._sent = True
            try:
                reply = await self._send()
            except exceptions.ConnectionError as error:
                if not is_full(error):
                    raise
            else:
                self._slots.answers += 1
                return reply
            self._sent = False  # others use the same pool
            await asyncio.sleep(_PAUSE)

    def _time_out(self) -> None:
        if self.outcome.done():
            return
        if not self._sent and self._seen != self._slots.answers:  # Redis is there, the crowd is our own
            self._seen = self._slots.answers
            self._timer = self._loop.call_later(self._timeout, self._time_out)
            return
        error = Unavailable(f"{self._what}: no answer within {self._timeout * 1000:g} ms", in_doubt=self._sent)
        self.outcome.set_result((None, error))
        if self._sent:
            self._breaker.failed(error)
            self._loop.call_later(self._timeout * (_LAST_RESORT - 1), self.task.cancel)
        else:
            self.task.cancel()
