"""Background work: tasks that belong to the application, not to the request that starts them.

A task that a handler starts with asyncio alone has no owner. The event loop only has a weak reference to it, its error
is reported late or never, and a stop of the server may end it at any point. Here, one object owns all tasks. Its
states:

- *open*: it takes tasks, as long as there are fewer than `limit`.
- *finishing*: the application stops, and the requests are over. Running tasks have `stop_timeout` seconds to end, and
  may start others.
- *closed*: the tasks that are left are cancelled, and no task is taken. If a task does not end within a second after
  that, the log names it, and the stop goes on.

Rules:

1. A task that is taken runs, or is cancelled. If a coroutine is refused, it is closed.
2. The error of a task is logged once, in the context of the code that started it, so with the id of the request. This
   is also so if the task is awaited.
3. A task runs in a copy of the context of the code that starts it, and is not cancelled together with it.

There are never more tasks than the limit. No task goes on after the stop of its application without a line in the log.
The stop never takes longer than `stop_timeout` and one second.
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
"""Seconds that a cancelled task may take to end."""

_T = TypeVar("_T")


class TooManyTasks(Exception):
    """The limit of background tasks is reached; if a handler does not catch this, the answer is a 503."""

    __ponty_status__ = 503


class BackgroundTasks:
    """The background tasks of an application; the provider `background_tasks` makes this object.

    Args:
        limit: The most tasks that may run at once.
    """

    def __init__(self, limit: int) -> None:
        self.limit: int = limit
        self._tasks: set[asyncio.Task[Any]] = set()
        self._is_closed = False

    def __len__(self) -> int:
        """Return the number of running tasks."""
        return len(self._tasks)

    def start(self, work: Coroutine[Any, Any, _T], *, name: str | None = None) -> asyncio.Task[_T]:
        """Start a task that belongs to the application, and goes on after the request.

        ::

            async def send(address: str) -> None:
                ...

            async def order(tasks: BackgroundTasks, address: str) -> None:
                tasks.start(send(address))

        The task has the context variables of the code that starts it. If it fails, its error is logged. You may await
        it, but need not.

        Args:
            work: The coroutine to run.
            name: The name of the task in the log; by default the name of the coroutine function.

        Returns:
            The task.

        Raises:
            TooManyTasks: The limit is reached, or the application has stopped. The coroutine is closed.
        """
        if self._is_closed or len(self._tasks) >= self.limit:
            work.close()
            raise TooManyTasks
        context = contextvars.copy_context()
        name = name or getattr(work, "__qualname__", None) or type(work).__name__
        task = asyncio.get_running_loop().create_task(work, name=name, context=context)
        if not task.done():  # an eager task may be
            self._tasks.add(task)
        task.add_done_callback(self._note_end, context=context)
        return task

    async def stop(self, seconds: float) -> None:
        """Wait for the tasks, and cancel those that have not ended after `seconds`."""
        deadline = asyncio.get_running_loop().time() + seconds
        try:
            await self._wait_until(deadline)
        finally:
            self._is_closed = True
            if self._tasks:
                await self._cancel()

    async def _wait_until(self, deadline: float) -> None:
        """Wait for the tasks, and for those that they start."""
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
                    logger.error("the background task %r continues although it was cancelled", task.get_name())

    def _note_end(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        error = None if task.cancelled() else task.exception()
        if error is not None:
            log_error(logger, "the background task %r failed", task.get_name(), error=error)


BACKGROUND_TASKS: web.AppKey[BackgroundTasks] = web.AppKey("ponty.core.BACKGROUND_TASKS", BackgroundTasks)
"""The default key of an application under which `background_tasks` puts its tasks."""


def background_tasks(
    key: web.AppKey[BackgroundTasks] = BACKGROUND_TASKS, *, limit: int = 1000, stop_timeout: float = 10
) -> Provider:
    """Make a provider of background tasks, for work that a request starts, but does not wait for.

    ::

        async def send(address: str) -> None:
            ...

        async def order(request: web.Request) -> web.Response:
            request.app[BACKGROUND_TASKS].start(send("guest@mugs.example"))
            return web.Response(status=202)

        app = build_app(providers=[background_tasks(limit=100)])

    When the application stops, running tasks may finish, and are cancelled if they take too long. List this provider
    after the providers that the tasks need, so that it stops before them. Use a queue for work that must survive the
    end of the process.

    Args:
        key: The key of the application for the tasks.
        limit: The most tasks that may run at once; a further one is refused with `TooManyTasks`.
        stop_timeout: Seconds that tasks may take to finish when the application stops.

    Raises:
        ValueError: `limit` is not a whole number of at least 1, or `stop_timeout` is less than 0.
    """
    if isinstance(limit, bool) or not isinstance(limit, int) or limit < 1:  # pyright: ignore[reportUnnecessaryIsInstance]
        raise ValueError(f"background_tasks: limit must be a whole number of at least 1, not {limit!r}")
    if not (isinstance(stop_timeout, int | float) and stop_timeout >= 0):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise ValueError(f"background_tasks: stop_timeout must be 0 seconds or more, not {stop_timeout!r}")

    async def provide(app: web.Application) -> AsyncGenerator[None]:
        tasks = app[key] = BackgroundTasks(limit)
        yield
        await tasks.stop(stop_timeout)

    return provide
