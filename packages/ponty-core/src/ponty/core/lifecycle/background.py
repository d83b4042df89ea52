"""Background work: tasks that belong to the application, not to the request that starts them.

A task that a handler starts by itself is nobody's: the event loop holds it by a weak reference, its failure is told
when it is collected, if at all, and a stop of the server cuts it anywhere. Here one owner has all of them. Its states:

- *open*: tasks are taken, as long as there are less than `limit`;
- *finishing*: the application stops, requests are over. What runs has `stop_timeout` seconds to end, and may start
  more;
- *closed*: what is left is cancelled, nothing is taken any more. Tasks that do not end within a second after that
  are named in the log, and left.

Rules:

1. A task that is taken runs, or is cancelled: a coroutine is never dropped before its first step without being closed.
2. The failure of a task is logged, once, with the context of whoever started it, so with the id of the request. Whether
   somebody awaits the task as well makes no difference.
3. A task runs in a copy of the context of whoever starts it, and is not cancelled with it.

It can never happen that there are more tasks than the limit, that a task of an application that has stopped goes on
without a line in the log, or that the stop takes longer than `stop_timeout` and that second.
"""

import asyncio
import contextvars
import logging
from collections.abc import AsyncGenerator, Coroutine
from typing import Any, TypeVar

from aiohttp import web

from ponty.core.lifecycle.providers import Provider
from ponty.core.log_lines import log_error

logger: logging.Logger = logging.getLogger("ponty.core")

CANCEL_SECONDS = 1.0
"""How long a task that was cancelled may take to end."""

_T = TypeVar("_T")


class TooManyTasks(Exception):
    """There is no place for another background task; answered with a 503 where nobody catches it."""

    __ponty_status__ = 503


class BackgroundTasks:
    """The background tasks of an application, as `background_tasks` puts them into it.

    Args:
        limit: How many there may be at once.
    """

    def __init__(self, limit: int) -> None:
        self.limit: int = limit
        self._tasks: set[asyncio.Task[Any]] = set()
        self._is_closed = False

    def __len__(self) -> int:
        """Return how many run."""
        return len(self._tasks)

    def start(self, work: Coroutine[Any, Any, _T], *, name: str | None = None) -> asyncio.Task[_T]:
        """Start a task that the application keeps, beyond the end of whoever starts it.

        ::

            async def send(address: str) -> None:
                ...

            async def order(tasks: BackgroundTasks, address: str) -> None:
                tasks.start(send(address))

        It has the context variables of whoever starts it. Should it fail, that is logged. It need not be awaited, but
        may be.

        Args:
            work: The coroutine to run.
            name: What the log calls it; the name of the coroutine function unless given.

        Returns:
            The task.

        Raises:
            TooManyTasks: There are as many as there may be, or the application has stopped. The coroutine is closed.
        """
        if self._is_closed or len(self._tasks) >= self.limit:
            work.close()
            raise TooManyTasks
        context = contextvars.copy_context()
        name = name or getattr(work, "__qualname__", None) or type(work).__name__
        task = asyncio.get_running_loop().create_task(work, name=name, context=context)
        if not task.done():  # an eager one may be
            self._tasks.add(task)
        task.add_done_callback(self._note_end, context=context)
        return task

    async def stop(self, seconds: float) -> None:
        """Let the tasks end, and cancel those that have not after so many seconds."""
        deadline = asyncio.get_running_loop().time() + seconds
        try:
            await self._wait_until(deadline)
        finally:
            self._is_closed = True
            if self._tasks:
                await self._cancel()

    async def _wait_until(self, deadline: float) -> None:
        """Wait for the tasks, those that they start included."""
        loop = asyncio.get_running_loop()
        while self._tasks and (left := deadline - loop.time()) > 0:
            await asyncio.wait(self._tasks, timeout=left)

    async def _cancel(self) -> None:
        logger.warning("cancelling %d background tasks that have not finished in time", len(self._tasks))
        for task in self._tasks:
            task.cancel()
        try:
            await asyncio.wait(self._tasks, timeout=CANCEL_SECONDS)
        finally:
            for task in self._tasks:
                if not task.done():
                    logger.error("the background task %r goes on though it was cancelled", task.get_name())

    def _note_end(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        error = None if task.cancelled() else task.exception()
        if error is not None:
            log_error(logger, "the background task %r failed", task.get_name(), error=error)


BACKGROUND_TASKS: web.AppKey[BackgroundTasks] = web.AppKey("ponty.core.BACKGROUND_TASKS", BackgroundTasks)
"""Where an application has its background tasks."""


def background_tasks(
    key: web.AppKey[BackgroundTasks] = BACKGROUND_TASKS, *, limit: int = 1000, stop_timeout: float = 10
) -> Provider:
    """Make a provider of background tasks: work that a request begins, and does not wait for.

    ::

        async def send(address: str) -> None:
            ...

        async def order(request: web.Request) -> web.Response:
            request.app[BACKGROUND_TASKS].start(send("guest@mugs.example"))
            return web.Response(status=202)

        app = build_app(providers=[background_tasks(limit=100)])

    When the application stops, what runs may finish, and is cancelled if it takes too long. List it behind the
    providers that the tasks need: it stops before them. Work that must survive the end of the process belongs into a
    queue.

    Args:
        key: Where the application has them.
        limit: How many there may be at once; a further one is refused with `TooManyTasks`.
        stop_timeout: Seconds that tasks may take to finish when the application stops.

    Raises:
        ValueError: `limit` is no whole number of at least 1, or `stop_timeout` is less than 0.
    """
    if isinstance(limit, bool) or not isinstance(limit, int) or limit < 1:  # pyright: ignore[reportUnnecessaryIsInstance]
        raise ValueError(f"background_tasks: limit is a whole number of at least 1, not {limit!r}")
    if not (isinstance(stop_timeout, int | float) and stop_timeout >= 0):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise ValueError(f"background_tasks: stop_timeout is not less than 0 seconds, not {stop_timeout!r}")

    async def provide(app: web.Application) -> AsyncGenerator[None]:
        tasks = app[key] = BackgroundTasks(limit)
        yield
        await tasks.stop(stop_timeout)

    return provide
