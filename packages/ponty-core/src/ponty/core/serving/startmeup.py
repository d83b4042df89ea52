"""`startmeup`: serve an application until a signal, then stop it gracefully.

A stop goes through these steps, each bounded:

1. no further connection is accepted, and idle connections are closed;
2. requests in flight finish (see `ponty.core.serving.draining`);
3. what is left at the end of `shutdown_timeout` is cut and cancelled;
4. the providers stop.

A second signal goes straight to step 3; a third is not caught, and ends the process whatever it is at.
"""

import asyncio
import contextlib
import logging
import signal
import ssl
import threading
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from typing import Literal

from aiohttp import web
from aiohttp.log import access_logger, server_logger
from aiohttp.typedefs import Middleware

from ponty.core.answers.answer_settings import Envelope, ErrorAnswer
from ponty.core.app import ARRIVING_BODIES, MOUNTED, build_app
from ponty.core.lifecycle.providers import Provider
from ponty.core.routing.table import Routes
from ponty.core.serving.access_log import AccessLogger
from ponty.core.serving.draining import drain
from ponty.core.serving.server_log import ServerLogger
from ponty.core.wire.arriving_bodies import ArrivingBodies


def startmeup(
    *,
    port: int,
    host: str | None = "127.0.0.1",
    routes: Routes | Iterable[Routes] | None = None,
    providers: Iterable[Provider] = (),
    route_tables: Iterable[web.RouteTableDef] = (),
    middlewares: Sequence[Middleware] = (),
    client_max_size: int = 1024**2,
    envelope: Envelope | None = None,
    errors: Mapping[type[Exception], ErrorAnswer] | None = None,
    answer_invalid: ErrorAnswer | None = None,
    check_returns: int | Literal["raise"] = 1,
    shutdown_timeout: float = 25,
    access_log: logging.Logger | None = access_logger,
    ssl_context: ssl.SSLContext | None = None,
    reuse_port: bool | None = None,
) -> None:
    """Serve the decorated routes until SIGINT or SIGTERM, then finish the requests in flight and return.

    ::

        if __name__ == "__main__":
            startmeup(port=8080)

    Prints each mounted `METHOD path` once, then the address. Runs on uvloop where it is installed. A second signal
    ends the wait for the requests in flight.

    Args:
        port: The TCP port; 0 for any free one.
        host: The address to listen on; None for all of this machine's.
        routes: The tables of routes to serve; None is the default table alone.
        providers: What the application needs while it runs; started in order, stopped in reverse.
        route_tables: aiohttp's route tables, mounted behind the others.
        middlewares: aiohttp's middlewares, the outermost first.
        client_max_size: The most bytes a request's body may have; a larger one is a 413.
        envelope: Makes the documents of answers in place of Ponty's envelope; this and the next as `build_app` has
            them.
        errors: Answers to exceptions of a class and those derived from it.
        answer_invalid: The answer to an invalid request.
        check_returns: In one of so many answers, a value that differs from what its handler declares is logged and
            counted.
        shutdown_timeout: Seconds that the requests in flight have to finish after the first signal.
        access_log: Logs a line for each request at INFO; None for no access log.
        ssl_context: Serves HTTPS with this context.
        reuse_port: Lets several processes listen on the same port.

    Raises:
        RuntimeError: It was not called in the main thread, where signals arrive.
        ValueError: `port` is none, or `shutdown_timeout` is not more than 0.
        OSError: The address cannot be listened on.
    """
    if threading.current_thread() is not threading.main_thread():
        raise RuntimeError("startmeup runs in the main thread; elsewhere, serve build_app() with aiohttp.web.AppRunner")
    if not isinstance(port, int) or not 0 <= port <= 65535:  # pyright: ignore[reportUnnecessaryIsInstance]
        raise ValueError(f"port is a whole number from 0 to 65535, not {port!r}")
    if not shutdown_timeout > 0:
        raise ValueError(f"shutdown_timeout is more than 0 seconds, not {shutdown_timeout}")
    app = build_app(
        routes=routes,
        providers=providers,
        route_tables=route_tables,
        middlewares=middlewares,
        client_max_size=client_max_size,
        envelope=envelope,
        errors=errors,
        answer_invalid=answer_invalid,
        check_returns=check_returns,
    )
    # The last part of the time is aiohttp's: it waits twice this long for what it has cancelled.
    cancelling = min(1.0, shutdown_timeout / 10)
    runner = _Runner(
        app,
        access_log_class=AccessLogger,
        access_log=access_log,
        logger=ServerLogger(server_logger),
        shutdown_timeout=cancelling,
    )

    async def start() -> None:
        await runner.setup()
        site = web.TCPSite(runner, host, port, ssl_context=ssl_context, reuse_port=reuse_port)
        await site.start()

    async def serve() -> None:
        # Providers start and stop in one task, as context variables and cancel scopes need it.
        with _signals() as stop:
            try:
                if await stop.unless_first(start):
                    _announce(runner, "https" if ssl_context else "http")
                    await stop.first.wait()
                    await _finish(runner, app[ARRIVING_BODIES], shutdown_timeout - 2 * cancelling, stop.second)
            finally:
                await runner.cleanup()

    with asyncio.Runner(loop_factory=_loop_factory()) as loop:
        loop.run(serve())


class _Runner(web.AppRunner):
    """A runner that leaves the shutdown signal of the application to `_finish`, so that it is sent once."""

    async def shutdown(self) -> None:
        return


class _Stop:
    """What the signals have said so far: the first stops the server, the second hurries it, a third is not caught."""

    def __init__(self, release: Callable[[], None]) -> None:
        self.first = asyncio.Event()
        self.second = asyncio.Event()
        self._release = release
        self._starting: asyncio.Task[None] | None = None

    def __call__(self) -> None:
        if self.first.is_set():
            self.second.set()
            self._release()
            return
        self.first.set()
        if self._starting is not None:
            self._starting.cancel()

    async def unless_first(self, start: Callable[[], Awaitable[None]]) -> bool:
        """Start, unless the first signal comes before that is done; tell whether to go on."""
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - a coroutine runs in one
        self._starting = task
        try:
            await start()
        except asyncio.CancelledError:
            if not self.first.is_set():
                raise
            task.uncancel()
        finally:
            self._starting = None
        return not self.first.is_set()


@contextlib.contextmanager
def _signals() -> Iterator[_Stop]:
    """Turn SIGINT and SIGTERM into events while the block runs, or until both have come."""
    loop = asyncio.get_running_loop()
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

    def release() -> None:
        for number, handler in before.items():
            with contextlib.suppress(NotImplementedError):
                loop.remove_signal_handler(number)
            signal.signal(number, handler)

    stop = _Stop(release)
    for number in before:
        try:
            loop.add_signal_handler(number, stop)
        except NotImplementedError:  # Windows
            signal.signal(number, lambda *_: loop.call_soon_threadsafe(stop))
    try:
        yield stop
    finally:
        release()


async def _finish(runner: web.AppRunner, arriving_bodies: ArrivingBodies, seconds: float, hurry: asyncio.Event) -> None:
    """Accept nothing more, and let the requests in flight finish."""
    for site in runner.sites:
        await site.stop()
    # Here a program closes its websockets, which would hold the exit otherwise.
    await runner.app.shutdown()
    if runner.server is not None:
        await drain(runner.server, arriving_bodies, seconds=seconds, hurry=hurry)


def _announce(runner: web.AppRunner, scheme: str) -> None:
    for method, path in runner.app[MOUNTED]:
        print(method, path)
    for address in runner.addresses:
        host, port = address[0], address[1]
        print(f"Serving on {scheme}://{f'[{host}]' if ':' in host else host}:{port}", flush=True)


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    try:
        import uvloop  # noqa: PLC0415 - an optional dependency
    except ImportError:
        return None
    return uvloop.new_event_loop
