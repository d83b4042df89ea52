"""`health`: whether a process is alive, and whether it is ready for requests.

*Live* only says that the event loop runs, since restarting a process does not help if its database is down. *Ready*
runs the checks of the program. However many clients ask, each check runs only once at a time, and its result is reused
for a while, so that probes cause no load. A check has a time limit. A check that does not end after it was cancelled is
not started again before it has ended. When the application's shutdown has begun, the answer is not ready, and no checks
run.
"""

import asyncio
import inspect
import logging
import traceback
import weakref
from collections.abc import Awaitable, Callable, Iterable

from aiohttp import hdrs, web

from ponty.core.encoding.json_encoder import encode_json
from ponty.core.errors.problems import PROBLEM_JSON
from ponty.core.lifecycle.stopping import is_stopping
from ponty.core.log_lines import plain
from ponty.core.responses.heads import head
from ponty.core.responses.plain_response import PlainResponse
from ponty.core.responses.statuses import title
from ponty.core.routing.table import Routes
from ponty.core.written import written_signature

logger: logging.Logger = logging.getLogger("ponty.core")

Check = Callable[[web.Application], Awaitable[object]]
"""A coroutine function of the application that raises or returns False if something is wrong."""

_GOOD = "ok"
_LONGEST_REASON = 1000


def health(*checks: Check, time_limit: float = 2, reuse: float = 1, prefix: str = "", reasons: bool = False) -> Routes:
    """Make a table with the routes `/livez` and `/readyz`, for probes of an orchestrator or load balancer.

    ::

        async def database(app: web.Application) -> None:
            await app[DATABASE].ping()

        app = build_app(routes=[routes, health(database)])

    Both answer with a 200. If a check fails, `/readyz` answers with a 503 that names it. The reason is logged if the
    check was good before, and only sent to the client with `reasons`.

    Args:
        *checks: Coroutine functions of the application. A check fails by raising or returning False, and is named after
            its function.
        time_limit: Seconds that a check may take.
        reuse: Seconds for which results are reused before the checks run again.
        prefix: The beginning of both paths.
        reasons: Whether the client also gets the errors of checks. They may hold addresses and passwords, so only use
            this if none but operators can reach `/readyz`.

    Raises:
        TypeError: A check is not a coroutine function, or takes other arguments than the application.
        ValueError: Two checks have the same name, `time_limit` is not more than 0, or `reuse` is less than 0.
    """
    named = _by_name(checks)
    if not (isinstance(time_limit, int | float) and time_limit > 0):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise ValueError(f"health: time_limit must be more than 0 seconds, not {time_limit!r}")
    if not (isinstance(reuse, int | float) and reuse >= 0):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise ValueError(f"health: reuse must be 0 seconds or more, not {reuse!r}")
    table = Routes(prefix)
    # By application, since each process or test has a different one.
    rounds: weakref.WeakKeyDictionary[web.Application, _Round] = weakref.WeakKeyDictionary()

    @table.get("/livez", hidden=True)
    async def live(request: web.Request) -> web.Response:
        del request
        return _answer(200, {"live": True})

    @table.get("/readyz", hidden=True)
    async def ready(request: web.Request) -> web.Response:
        if any(is_stopping(app) for app in request.match_info.apps):
            return _answer(503, {"ready": False, "stopping": True})
        app = request.app
        if app not in rounds:
            rounds[app] = _Round(named, time_limit=time_limit, reuse=reuse)
        results = await rounds[app].results(app)
        good = all(result == _GOOD for result in results.values())
        told: dict[str, object] = {"ready": good, "checks": results}
        if reasons and not good:
            told["reasons"] = rounds[app].reasons
        return _answer(200 if good else 503, told)

    return table


def _by_name(checks: Iterable[Check]) -> dict[str, Check]:
    named: dict[str, Check] = {}
    for check in checks:
        name = getattr(check, "__name__", type(check).__name__)
        if not inspect.iscoroutinefunction(check):
            raise TypeError(f"health: {name!r} is not a coroutine function (async def) of the application")
        if name in named:
            raise ValueError(f"health: two checks are named {name!r}")
        try:
            written_signature(check).bind(None)
        except TypeError:
            raise TypeError(f"health: {name!r} must take the application as its only argument") from None
        named[name] = check
    return named


def _answer(status: int, told: dict[str, object]) -> web.Response:
    if status != 200:
        told = {"type": "about:blank", "title": title(status), "status": status, **told}
    media_type = "application/json; charset=utf-8" if status == 200 else PROBLEM_JSON
    answer = PlainResponse(head(status, media_type), encode_json(told))
    answer.headers[hdrs.CACHE_CONTROL] = "no-store"
    return answer


class _Round:
    """The checks of one application, which run together.

    Args:
        checks: The checks, by name.
        time_limit: Seconds that each may take.
        reuse: Seconds for which the results are reused.
    """

    def __init__(self, checks: dict[str, Check], *, time_limit: float, reuse: float) -> None:
        self._checks = checks
        self._time_limit = time_limit
        self._reuse = reuse
        self._results: dict[str, str] = {}
        self.reasons: dict[str, str] = {}
        """The errors of the checks that failed the last time, by name."""
        self._holds_until = -1.0
        self._flight: asyncio.Task[None] | None = None
        self._running: dict[str, asyncio.Task[object]] = {}

    async def results(self, app: web.Application) -> dict[str, str]:
        """Return the result of each check; results that are recent enough are reused."""
        loop = asyncio.get_running_loop()
        if loop.time() >= self._holds_until:
            if self._flight is None or self._flight.done():
                self._flight = loop.create_task(self._ask(app))
            # Several requests may wait for it, so one that is cancelled must not cancel it.
            await asyncio.shield(self._flight)
        return self._results

    async def _ask(self, app: web.Application) -> None:
        loop = asyncio.get_running_loop()
        for name, check in self._checks.items():
            if name not in self._running:
                self._running[name] = loop.create_task(_awaited(check, app))
        if self._running:
            await asyncio.wait(self._running.values(), timeout=self._time_limit)
        results: dict[str, str] = {}
        reasons: dict[str, str] = {}
        for name, task in list(self._running.items()):
            error = task.exception() if task.done() and not task.cancelled() else None
            results[name] = self._result(name, task, error)
            if error is not None:
                reasons[name] = _reason(error)
            if task.done():
                del self._running[name]
            else:
                task.cancel()
        self._results, self.reasons = results, reasons
        self._holds_until = loop.time() + self._reuse

    def _result(self, name: str, task: asyncio.Task[object], error: BaseException | None) -> str:
        if not task.done():
            result = "timed out"
        elif task.cancelled() or error is not None:
            result = "failed"
        else:
            result = "failed" if task.result() is False else _GOOD
        before = self._results.get(name, _GOOD)
        if result != _GOOD and before == _GOOD:
            logger.warning("not ready: the check %r %s", name, result, exc_info=error)
        elif result == _GOOD and before != _GOOD:
            logger.warning("the check %r is good again", name)
        return result


def _reason(error: BaseException) -> str:
    return plain("".join(traceback.format_exception_only(error)).strip())[:_LONGEST_REASON]


async def _awaited(check: Check, app: web.Application) -> object:
    return await check(app)
