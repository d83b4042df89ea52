"""The task in which an application's providers start, wait and stop.

Servers and test clients start an application in one task, and may stop it in another one. But a context variable must
be reset in the context in which it was set, and a task group or cancel scope must be left by the task that entered it.
So the providers have a separate task:

    starting -> running -> stopping -> ended
         '--------------------'  (one fails to start)

- *Starting* and *stopping*: the code that starts or stops the application waits. If it is cancelled, the task of the
  providers is cancelled instead, as if that code had awaited the provider.
- *Running*: the task waits until the application stops. If the task is cancelled, a task group or cancel scope of a
  provider has failed, or the event loop closes. Then the providers stop at once. The task that started the application
  is cancelled if it still runs, as that of a server does, since the application has lost something that it needs.
- Context variables that providers set are also set for the application's handlers, until it stops.

The task never outlives the application's teardown, and no exception is lost in it.
"""

import asyncio
import contextvars
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

from aiohttp import web

from ponty.core.lifecycle.current_app import current_apps


class ProviderTask:
    """A task that calls `start`, waits, and calls `stop`.

    Args:
        app: The application of the providers.
        start: Starts the providers.
        stop: Stops the providers that have started, and returns their errors.
    """

    def __init__(
        self,
        app: web.Application,
        start: Callable[[], Awaitable[None]],
        stop: Callable[[], Awaitable[list[BaseException]]],
    ) -> None:
        self._start = start
        self._stop = stop
        loop = asyncio.get_running_loop()
        self._started: asyncio.Future[None] = loop.create_future()
        self._leave = asyncio.Event()
        self._starter = asyncio.current_task()
        self._cancelled_starter = False
        self._context = contextvars.copy_context()
        self._context.run(current_apps.set, (app,))
        self._set: list[contextvars.Token[Any]] = []
        self._task = loop.create_task(self._run(), name="ponty providers", context=self._context)

    async def start(self) -> None:
        """Wait until the providers have started, and set the context variables that they have set.

        Raises:
            BaseException: The error of a provider; those before it have stopped again.
        """
        await self._wait_for(self._started)
        if not self._started.done():
            raise self._errors()[0]
        for variable, value in self._context.items():
            if variable is not current_apps and variable.get(self) is not value:
                self._set.append(variable.set(value))

    async def stop(self) -> list[BaseException]:
        """Stop the providers, and return their errors."""
        self._leave.set()
        await self._wait_for(self._task)
        for token in self._set:
            with suppress(ValueError):  # the application was started in another context
                token.var.reset(token)
        here = asyncio.current_task()
        if here is not None and here is self._starter and self._cancelled_starter:
            here.uncancel()
        return self._errors()

    async def _wait_for(self, future: asyncio.Future[Any]) -> None:
        """Wait for `future` or the end of the task; if the waiting code is cancelled, the task is cancelled instead."""
        while not (future.done() or self._task.done()):
            try:
                await asyncio.wait({future, self._task}, return_when=asyncio.FIRST_COMPLETED)
            except asyncio.CancelledError:
                if future.done() and future is not self._task:
                    # The providers had started already.
                    self._leave.set()
                    await asyncio.wait({self._task})
                    raise
                self._task.cancel()

    def _errors(self) -> list[BaseException]:
        # A task that was cancelled before its first step has no result.
        return [asyncio.CancelledError()] if self._task.cancelled() else self._task.result()

    async def _run(self) -> list[BaseException]:
        # Errors are returned, since a SystemExit that a task raises would end the event loop.
        try:
            await self._start()
        except BaseException as failure:  # noqa: BLE001 - raised by `start`
            for error in await self._stop():
                failure.add_note(f"after that, a provider failed to stop: {error!r}")
            return [failure]
        self._started.set_result(None)
        try:
            await self._leave.wait()
        except asyncio.CancelledError:
            if self._starter is not None and not self._leave.is_set():
                self._cancelled_starter = self._starter.cancel()
        return await self._stop()
