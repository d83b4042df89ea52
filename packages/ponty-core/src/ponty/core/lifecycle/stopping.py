"""Whether an application has begun to stop."""

from aiohttp import web

from ponty.core.wire.server_state import SERVER_STATE


class _Stopping:
    def __init__(self) -> None:
        self.has_begun = False


_STOPPING = web.AppKey("_STOPPING", _Stopping)


def watch_stopping(app: web.Application) -> None:
    """Have `app` note when its shutdown begins, before the requests in flight are waited for."""
    app[_STOPPING] = _Stopping()

    async def begin(app: web.Application) -> None:
        app[_STOPPING].has_begun = True

    app.on_shutdown.insert(0, begin)


def is_stopping(app: web.Application) -> bool:
    """Return whether the shutdown of `app` has begun, or its server got a signal; of one that nobody watches, False."""
    state = app.get(SERVER_STATE)
    if state is not None and state.is_stopping:
        return True
    return _STOPPING in app and app[_STOPPING].has_begun
