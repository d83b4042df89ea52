"""The runner: it starts an application on sockets, and stops it gracefully; others wait for the signals.

A stop has these steps, each with a limit:

1. The server accepts no further connections, and sends `app.on_shutdown`.
2. The requests in flight finish (see `ponty.core.connections.draining`).
3. At the end of `shutdown_timeout`, all that is left is cut and cancelled, also receivers of `on_shutdown`.
4. The providers stop.
"""

import asyncio
import logging
from collections.abc import Callable

from aiohttp import web
from aiohttp.log import access_logger, server_logger

from ponty.core.app import MOUNTED
from ponty.core.connections.draining import drain
from ponty.core.connections.limits import Limits
from ponty.core.connections.protocol_errors import line_limit
from ponty.core.connections.server import Server
from ponty.core.lifecycle.stopping import is_watched, watch_stopping
from ponty.core.log_lines import log_error
from ponty.core.logs.access_log import AccessLogger
from ponty.core.logs.server_log import ServerLogger
from ponty.core.middlewares.error_middleware import whole
from ponty.core.responses.noted_headers import has_a_say
from ponty.core.routing.dispatch import Dispatch, can_dispatch, stands_alone
from ponty.core.wire.server_state import SERVER_NAME, SERVER_STATE, TRUSTS_ATTRIBUTE, ServerState

logger: logging.Logger = logging.getLogger("ponty.core")

LINGER_SECONDS = 2.0
"""Seconds for which the rest of an unread body is skipped, before its connection is closed."""


class Runner(web.AppRunner):
    """Runs an application with the server of `ponty.core.connections.server`.

    Args:
        app: The application.
        limits: The limits for clients.
        server_header: The `Server` header of each answer; None to send none.
        shutdown_timeout: Seconds that the requests in flight have to finish.
        access_log: The logger that gets a line for each request at INFO; None for no access log.

    Raises:
        ValueError: `shutdown_timeout` is not more than 0, or `server_header` is not printable ASCII.
        TypeError: `limits` is not a `Limits`, or `access_log` is not a logger.
    """

    def __init__(
        self,
        app: web.Application,
        *,
        limits: Limits,
        server_header: str | None,
        shutdown_timeout: float,
        access_log: logging.Logger | None,
    ) -> None:
        if not (isinstance(shutdown_timeout, int | float) and shutdown_timeout > 0):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise ValueError(f"shutdown_timeout must be more than 0 seconds, not {shutdown_timeout!r}")
        if server_header is not None and not (server_header.isascii() and server_header.isprintable()):
            raise ValueError(f"server_header must be printable ASCII, not {server_header!r}")
        if not isinstance(limits, Limits):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise TypeError(f"limits must be a Limits(…), or None for the default limits, not {limits!r}")
        if access_log is not None and not hasattr(access_log, "isEnabledFor"):
            raise TypeError(f"access_log must be a logger, or None for no access log, not {access_log!r}")
        # The last part of the time is for aiohttp, which waits twice this long for the tasks that it has cancelled.
        cancelling = min(1.0, shutdown_timeout / 10)
        super().__init__(
            app,
            access_log_class=AccessLogger,
            access_log=access_log,
            logger=ServerLogger(server_logger),
            shutdown_timeout=cancelling,
            # Without a limit, a century.
            keepalive_timeout=limits.idle_seconds or 3e9,
            lingering_time=LINGER_SECONDS,
            max_line_size=line_limit(limits),
            max_field_size=limits.header_bytes,
            max_headers=limits.headers,
        )
        self.state: ServerState = ServerState(server_header, most_per_client=limits.connections_per_client)
        self.hurry: asyncio.Event = asyncio.Event()
        """An event that ends the wait for requests in flight, when it is set."""
        self.before_stop: list[Callable[[], None]] = []
        """Functions that are called to stop accepting connections."""
        self._limits = limits
        self._seconds = shutdown_timeout - 2 * cancelling
        app[SERVER_STATE] = self.state
        if not is_watched(app):
            watch_stopping(app)

    async def _make_server(self) -> web.Server:
        inner = await super()._make_server()
        is_proxy = [getattr(middleware, TRUSTS_ATTRIBUTE, None) for middleware in self.app.middlewares]
        # aiohttp offers no public way to choose the class of connections.
        options = inner._kwargs  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
        if MOUNTED in self.app and can_dispatch(self.app):
            inner.request_handler = Dispatch(self.app, inner.request_handler, whole)
        return Server(
            inner,
            loop=asyncio.get_running_loop(),
            limits=self._limits,
            state=self.state,
            options=options,
            answers_all=MOUNTED in self.app,
            sends_plain=stands_alone(self.app) and not has_a_say(self.app),
            is_proxy=[each for each in is_proxy if each is not None],
        )

    async def shutdown(self) -> None:
        """Do nothing, since `cleanup` has sent the signal of the application."""

    async def cleanup(self) -> None:
        """Stop the application gracefully."""
        self.state.is_stopping = True
        server = self.server
        if isinstance(server, Server):
            for _ in range(2):  # connections that clients made before the stop are still accepted
                await asyncio.sleep(0)
            for close in self.before_stop:
                close()
            for site in self.sites:
                await site.stop()
            deadline = server.clock() + self._seconds
            telling = asyncio.create_task(self._tell())
            try:
                await drain(server, deadline=deadline, hurry=self.hurry)
                await self._wait_for(telling, deadline - server.clock())
            finally:
                telling.cancel()
                await asyncio.gather(telling, return_exceptions=True)
        await super().cleanup()

    async def _tell(self) -> None:
        """Send `on_shutdown`, so that the program can close its websockets, which would delay the exit otherwise."""
        try:
            await self.app.shutdown()
        except Exception as error:  # noqa: BLE001 - an error here must not end the requests in flight
            log_error(logger, "a receiver of on_shutdown failed", error=error)

    async def _wait_for(self, telling: "asyncio.Task[None]", seconds: float) -> None:
        if telling.done():
            return
        hurry = asyncio.create_task(self.hurry.wait())
        await asyncio.wait({telling, hurry}, timeout=max(seconds, 0), return_when=asyncio.FIRST_COMPLETED)
        hurry.cancel()
        if not telling.done():
            logger.warning("stopping although a receiver of on_shutdown has not finished")


def app_runner(
    app: web.Application,
    *,
    limits: Limits | None = None,
    server_header: str | None = SERVER_NAME,
    shutdown_timeout: float = 25,
    access_log: logging.Logger | None = access_logger,
) -> web.AppRunner:
    """Make an aiohttp runner with the limits and the graceful stop of `serve`.

    Use it if another program opens the sockets: gunicorn's aiohttp worker takes the runner from a coroutine function.

    ::

        async def app() -> web.AppRunner:
            return app_runner(build_app())

    Args:
        app: Any aiohttp application.
        limits: The limits for clients; None for `Limits()`.
        server_header: The `Server` header of each answer; None to send none.
        shutdown_timeout: Seconds that the requests in flight have to finish at `cleanup`.
        access_log: The logger that gets a line for each request at INFO; None for no access log.

    Raises:
        ValueError: `shutdown_timeout` is not more than 0, or `server_header` is not printable ASCII.
        TypeError: `limits` is not a `Limits`, or `access_log` is not a logger.
    """
    return Runner(
        app,
        limits=Limits() if limits is None else limits,
        server_header=server_header,
        shutdown_timeout=shutdown_timeout,
        access_log=access_log,
    )
