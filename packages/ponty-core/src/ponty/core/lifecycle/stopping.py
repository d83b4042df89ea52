"""Whether an application has begun to stop, and who is to be told when it does."""

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
    """Have `app` note when its shutdown begins, before the requests in flight are waited for."""
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
    """Return whether the shutdown of `app` has begun, or its server got a signal; of one that nobody watches, False."""
    state = app.get(SERVER_STATE)
    if state is not None and state.is_stopping:
        return True
    return _STOPPING in app and app[_STOPPING].has_begun


def when_stopping(request: web.Request, stop: Callable[[], None]) -> Callable[[], None]:
    r"""Have a function called when the server of a request begins to stop: what never ends by itself ends then.

    It is called once no more connections are accepted, before the requests in flight are waited for, by the event loop
    of the request. Streams of Ponty's end by themselves; this is for websockets and streams of bare aiohttp.

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
        request: One whose handler runs. Of an application that neither `build_app` has made nor `serve` serves, the
            stop is not noticed.
        stop: A function that returns soon. Where the stop has begun already, it is called in a moment.

    Returns:
        A function after which `stop` is not called any more.
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
    """Have nothing to forget."""
