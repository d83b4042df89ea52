"""Stopping: whether an application has begun to stop, and functions that are called when it does."""

import asyncio
import itertools
from collections.abc import Callable

from aiohttp import web

from ponty.core.wire.server_state import SERVER_STATE


class _Stopping:
    def __init__(self) -> None:
        self.has_begun = False
        self.watchers: dict[int, Callable[[], None]] = {}


_STOPPING = web.AppKey("_STOPPING", _Stopping)
_numbers = itertools.count()


def watch_stopping(app: web.Application) -> None:
    """Make `app` note when its shutdown begins, before the server waits for the requests in flight."""
    app[_STOPPING] = _Stopping()

    async def begin(app: web.Application) -> None:
        stopping = app[_STOPPING]
        stopping.has_begun = True
        watchers, stopping.watchers = stopping.watchers, {}
        for stop in watchers.values():
            stop()

    app.on_shutdown.insert(0, begin)


def is_watched(app: web.Application) -> bool:
    """Return whether `app` notes when its shutdown begins."""
    return _STOPPING in app


def is_stopping(app: web.Application) -> bool:
    """Return whether the shutdown of `app` has begun, or its server got a signal; False if that is not known."""
    state = app.get(SERVER_STATE)
    if state is not None and state.is_stopping:
        return True
    return _STOPPING in app and app[_STOPPING].has_begun


def when_stopping(request: web.Request, stop: Callable[[], None]) -> Callable[[], None]:
    r"""Call a function when the server of a request begins to stop, to end work that never ends by itself.

    Use it for websockets and streams of bare aiohttp; Ponty's own streams end by themselves. The event loop of the
    request calls the function when the server accepts no more connections, before it waits for the requests in flight.

    ::

        async def ticks(request: web.Request) -> web.StreamResponse:
            answer, stopped = web.StreamResponse(), asyncio.Event()
            await answer.prepare(request)
            forget = when_stopping(request, stopped.set)
            try:
                while not stopped.is_set():
                    await answer.write(b"tick\n")
                    with contextlib.suppress(TimeoutError):
                        await asyncio.wait_for(stopped.wait(), 1)
            finally:
                forget()
            return answer

    Args:
        request: A request whose handler is running. Its application was made by `build_app`, or is served by `serve`;
            otherwise, the stop is not noticed.
        stop: The function, which must return quickly. If the stop has begun already, it is called in a moment.

    Returns:
        A function to call when the work has ended. After that, `stop` is not called any more.
    """
    for app in request.match_info.apps:
        stopping = app.get(_STOPPING)
        if stopping is not None:
            break
    else:
        return _nothing
    if stopping.has_begun:
        return asyncio.get_running_loop().call_soon(stop).cancel
    number = next(_numbers)
    watchers = stopping.watchers
    watchers[number] = stop
    return lambda: _forget(watchers, number)


def _forget(watchers: dict[int, Callable[[], None]], number: int) -> None:
    watchers.pop(number, None)


def _nothing() -> None:
    """Do nothing, since the stop is not noticed."""
