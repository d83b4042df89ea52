"""`serve` and `serve_async` serve any aiohttp application until a signal, and then stop it gracefully.

`ponty.core.serving.runner` describes the steps of a stop. A second signal skips to the third step. A third signal is
not caught, and ends the process at once.
"""

import asyncio
import contextlib
import enum
import logging
import os
import socket
import ssl
import threading
from collections.abc import Callable
from typing import Unpack, overload

from aiohttp import web
from aiohttp.log import access_logger

from ponty.core.app import MOUNTED
from ponty.core.connections.limits import Limits
from ponty.core.serving.interception import Serving, intercepted
from ponty.core.serving.listening import Listening, Place
from ponty.core.serving.options import ServeOptions
from ponty.core.serving.runner import Runner
from ponty.core.serving.signals import Stop, signals
from ponty.core.wire.server_state import SERVER_NAME


class Missing(enum.Enum):
    """An argument that was not given."""

    PORT = "port"


@overload
def serve(
    app: web.Application,
    *,
    port: int,
    host: str | None = "127.0.0.1",
    limits: Limits | None = None,
    server_header: str | None = SERVER_NAME,
    shutdown_timeout: float = 25,
    ready_delay: float = 0,
    access_log: logging.Logger | None = access_logger,
    ssl_context: ssl.SSLContext | None = None,
    reuse_port: bool | None = None,
) -> None: ...
@overload
def serve(app: web.Application, *, path: str | os.PathLike[str], **options: Unpack[ServeOptions]) -> None: ...
@overload
def serve(app: web.Application, *, sock: socket.socket, **options: Unpack[ServeOptions]) -> None: ...
def serve(
    app: web.Application,
    *,
    port: int | Missing = Missing.PORT,
    host: str | None = "127.0.0.1",
    path: str | os.PathLike[str] | None = None,
    sock: socket.socket | None = None,
    limits: Limits | None = None,
    server_header: str | None = SERVER_NAME,
    shutdown_timeout: float = 25,
    ready_delay: float = 0,
    access_log: logging.Logger | None = access_logger,
    ssl_context: ssl.SSLContext | None = None,
    reuse_port: bool | None = None,
) -> None:
    """Serve any aiohttp application until SIGINT or SIGTERM; then finish the requests in flight and return.

    ::

        if __name__ == "__main__":
            serve(aiohttp.web.Application(), port=8080)

    Give one of `port`, `path` and `sock`. The server prints its address, and runs on uvloop if that is installed. A
    second signal ends the wait for the requests in flight. Use `serve_async` if an event loop is running already.

    Args:
        app: The application. If `build_app` made it, its routes are printed too.
        port: The TCP port; 0 for any free port, the same on each address of the host.
        host: The address to listen on; None for all addresses of this machine.
        path: The path of a Unix socket to listen on, instead of a port.
        sock: An open socket to listen on, instead of a port, for example from a supervisor.
        limits: The limits for clients; None for `Limits()`.
        server_header: The `Server` header of each answer; None to send none.
        shutdown_timeout: Seconds that the requests in flight have to finish.
        ready_delay: Seconds for which the server goes on accepting connections after the first signal, so that a load
            balancer can take note. Meanwhile, answers say `Connection: close`.
        access_log: The logger that gets a line for each request at INFO; None for no access log.
        ssl_context: The TLS context to serve HTTPS with; None for HTTP.
        reuse_port: Whether several processes may listen on the same port.

    Raises:
        RuntimeError: It was not called in the main thread, where signals arrive, or an event loop is running already.
        TypeError: None of `port`, `path` and `sock` is given, or more than one.
        ValueError: `port` is not valid, `shutdown_timeout` is not more than 0, `ready_delay` is less than 0, or
            `server_header` is not printable ASCII.
        OSError: The server cannot listen on the address.
    """
    check_caller("serve", "serve_async(app, port=…)")
    run(
        Serving(
            app=app,
            place=place(port=port, host=host, path=path, sock=sock, ssl_context=ssl_context, reuse_port=reuse_port),
            limits=limits,
            server_header=server_header,
            shutdown_timeout=shutdown_timeout,
            ready_delay=ready_delay,
            access_log=access_log,
        )
    )


async def serve_async(
    app: web.Application,
    *,
    port: int | Missing = Missing.PORT,
    host: str | None = "127.0.0.1",
    path: str | os.PathLike[str] | None = None,
    sock: socket.socket | None = None,
    limits: Limits | None = None,
    server_header: str | None = SERVER_NAME,
    shutdown_timeout: float = 25,
    ready_delay: float = 0,
    access_log: logging.Logger | None = access_logger,
    ssl_context: ssl.SSLContext | None = None,
    reuse_port: bool | None = None,
) -> None:
    """Serve any aiohttp application as `serve` does, in an event loop that is running already.

    It stops gracefully at a signal, and when its task is cancelled. Signals only arrive in the main thread; in another
    thread, cancel the task to stop it.

    ::

        async def main() -> None:
            async with asyncio.TaskGroup() as group:
                group.create_task(serve_async(build_app(), port=8080))
                group.create_task(another_server())

    Args:
        app: The application. If `build_app` made it, its routes are printed.
        port: The TCP port; 0 for any free port, the same on each address of the host.
        host: The address to listen on; None for all addresses of this machine.
        path: The path of a Unix socket to listen on, instead of a port.
        sock: An open socket to listen on, instead of a port, for example from a supervisor.
        limits: The limits for clients; None for `Limits()`.
        server_header: The `Server` header of each answer; None to send none.
        shutdown_timeout: Seconds that the requests in flight have to finish.
        ready_delay: Seconds for which the server goes on accepting connections after the first signal.
        access_log: The logger that gets a line for each request at INFO; None for no access log.
        ssl_context: The TLS context to serve HTTPS with; None for HTTP.
        reuse_port: Whether several processes may listen on the same port.

    Raises:
        TypeError: None of `port`, `path` and `sock` is given, or more than one.
        ValueError: `port` is not valid, `shutdown_timeout` is not more than 0, `ready_delay` is less than 0, or
            `server_header` is not printable ASCII.
        OSError: The server cannot listen on the address.
    """
    await _serve(
        Serving(
            app=app,
            place=place(port=port, host=host, path=path, sock=sock, ssl_context=ssl_context, reuse_port=reuse_port),
            limits=limits,
            server_header=server_header,
            shutdown_timeout=shutdown_timeout,
            ready_delay=ready_delay,
            access_log=access_log,
        )
    )


def check_caller(name: str, instead: str) -> None:
    """Refuse to start an event loop inside another one, or in a thread where no signals arrive.

    Raises:
        RuntimeError: An event loop is running already, or this is not the main thread.
    """
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        pass
    else:
        raise RuntimeError(f"{name} runs an event loop of its own, and one is running here: await {instead} in it")
    if threading.current_thread() is not threading.main_thread():
        raise RuntimeError(f"{name} runs in the main thread; elsewhere, serve build_app() with aiohttp.web.AppRunner")


def place(
    *,
    port: int | Missing,
    host: str | None,
    path: str | os.PathLike[str] | None,
    sock: socket.socket | None,
    ssl_context: ssl.SSLContext | None,
    reuse_port: bool | None,
) -> Place:
    """Return the address to listen on.

    Raises:
        TypeError: None of `port`, `path` and `sock` is given, or more than one, or `sock` is not a socket.
        ValueError: `port` is not valid.
    """
    given = (port is not Missing.PORT) + (path is not None) + (sock is not None)
    if given != 1:
        raise TypeError("give one of port, path and sock: the TCP port, or a Unix socket, or an open socket")
    if sock is not None and not isinstance(sock, socket.socket):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise TypeError(f"sock must be a socket, not {sock!r}; for a file descriptor, use socket.socket(fileno=…)")
    if port is Missing.PORT:
        return Place(path=path, socks=() if sock is None else (sock,), ssl_context=ssl_context)
    if not isinstance(port, int) or not 0 <= port <= 65535:  # pyright: ignore[reportUnnecessaryIsInstance]
        raise ValueError(f"port must be a whole number from 0 to 65535, not {port!r}")
    return Place(port=port, host=host, ssl_context=ssl_context, reuse_port=reuse_port)


def run(serving: Serving) -> None:
    """Serve in a new event loop."""
    with asyncio.Runner(loop_factory=_loop_factory()) as loop:
        loop.run(_serve(serving))


async def _serve(asked: Serving) -> None:
    if not (isinstance(asked.ready_delay, int | float) and asked.ready_delay >= 0):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise ValueError(f"ready_delay must be 0 seconds or more, not {asked.ready_delay!r}")
    serving = intercepted(asked)
    runner = Runner(
        serving.app,
        limits=Limits() if serving.limits is None else serving.limits,
        server_header=serving.server_header,
        shutdown_timeout=serving.shutdown_timeout,
        access_log=serving.access_log,
    )
    listening = Listening(serving.place)
    runner.before_stop.append(listening.close)
    if serving.closed is not None:
        runner.before_stop.append(serving.closed)

    async def start() -> None:
        await runner.setup()
        assert runner.server is not None  # noqa: S101 - the setup has made it
        await listening.open(runner.server)

    # Providers start and stop in one task, since context variables and cancel scopes require that.
    with signals() as stop:
        runner.hurry = stop.second
        try:
            if await stop.unless_first(start):
                if serving.begun is None:
                    _announce(serving.app, listening)
                else:
                    serving.begun(listening.sockets())
                await stop.first.wait()
                await _be_unready(runner, stop, serving.ready_delay)
        finally:
            await runner.cleanup()


async def _be_unready(runner: Runner, stop: Stop, seconds: float) -> None:
    """Go on serving for `seconds`; each answer says that it is the last one of its connection."""
    runner.state.is_stopping = True
    if seconds:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.second.wait(), seconds)


def _announce(app: web.Application, listening: Listening) -> None:
    for method, path in app.get(MOUNTED, ()):
        print(method, path)
    for address in listening.addresses():
        print(f"Serving on {address}", flush=True)


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    try:
        import uvloop  # noqa: PLC0415 - an optional dependency
    except ImportError:
        return None
    return uvloop.new_event_loop
