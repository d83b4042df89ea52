"""Error watchers: functions that are called with each error of a handler or middleware before it becomes an answer.

Middlewares only see answers. A middleware that records errors, such as `tracing`, puts a watcher into the request. A
watcher for a whole application, such as that of `metrics`, costs nothing as long as there are no errors.
"""

from collections.abc import Callable

from aiohttp import web

Watcher = Callable[[BaseException], object]

_WATCHERS: web.RequestKey[tuple[Watcher, ...]] = web.RequestKey("ponty.core.error_watchers", tuple)


_APP_WATCHERS = web.AppKey("_APP_WATCHERS", tuple[Callable[[web.Request, BaseException], object], ...])


def watch_errors(request: web.Request, watcher: Watcher) -> None:
    """Call `watcher` with each error of the request that is answered."""
    request[_WATCHERS] = (*request.get(_WATCHERS, ()), watcher)


def watch_errors_of(app: web.Application, watcher: Callable[[web.Request, BaseException], object]) -> None:
    """Call `watcher` with each error that is answered in an application, and its request."""
    app[_APP_WATCHERS] = (*app.get(_APP_WATCHERS, ()), watcher)


def tell_watchers(request: web.Request, error: BaseException) -> None:
    """Call the watchers; if an error is alone in its group, they get it without the group."""
    for app in request.match_info.apps:
        for watch in app.get(_APP_WATCHERS, ()):
            watch(request, sole(error))
    # A look-up of a missing key would raise an exception inside, which is too slow for floods of bad requests.
    for key in request:
        if key is _WATCHERS:
            break
    else:
        return
    for watcher in request[_WATCHERS]:
        watcher(sole(error))


def sole(error: BaseException) -> BaseException:
    """Return the only exception of a group, such as that of a task group with a single failed task."""
    while isinstance(error, BaseExceptionGroup) and len(error.exceptions) == 1:
        error = error.exceptions[0]
    return error
