"""Who wants to know what a handler or middleware has raised, before it becomes an answer.

Middlewares see answers only. What records the errors of a request puts a watcher into it, on its way in; what counts
those of a whole application has a watcher there, which costs nothing as long as all goes well.
"""

from collections.abc import Callable

from aiohttp import web

Watcher = Callable[[BaseException], object]

_WATCHERS: web.RequestKey[tuple[Watcher, ...]] = web.RequestKey("ponty.core.error_watchers", tuple)


_APP_WATCHERS = web.AppKey("_APP_WATCHERS", tuple[Callable[[web.Request, BaseException], object], ...])


def watch_errors(request: web.Request, watcher: Watcher) -> None:
    """Have `watcher` called with each error of the request that is answered."""
    request[_WATCHERS] = (*request.get(_WATCHERS, ()), watcher)


def watch_errors_of(app: web.Application, watcher: Callable[[web.Request, BaseException], object]) -> None:
    """Have `watcher` called with each error that is answered in an application, and its request."""
    app[_APP_WATCHERS] = (*app.get(_APP_WATCHERS, ()), watcher)


def tell_watchers(request: web.Request, error: BaseException) -> None:
    """Call those who watch; an error alone in its group is told without the group."""
    for app in request.match_info.apps:
        for watch in app.get(_APP_WATCHERS, ()):
            watch(request, sole(error))
    # To ask for what is not there takes an exception, which floods of bad requests should not cost.
    for key in request:
        if key is _WATCHERS:
            break
    else:
        return
    for watcher in request[_WATCHERS]:
        watcher(sole(error))


def sole(error: BaseException) -> BaseException:
    """Take the one exception out of a group of one, as a task group with a single failed task raises it."""
    while isinstance(error, BaseExceptionGroup) and len(error.exceptions) == 1:
        error = error.exceptions[0]
    return error
