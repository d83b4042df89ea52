"""`startmeup` is `build_app` and `serve` in one call."""

import logging
import os
import socket
import ssl
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal, Unpack, overload

from aiohttp import web
from aiohttp.log import access_logger
from aiohttp.typedefs import Middleware

from ponty.core.app import build_app
from ponty.core.connections.limits import Limits
from ponty.core.errors.answer_settings import Envelope, ErrorAnswer
from ponty.core.lifecycle.providers import Provider
from ponty.core.routing.table import Routes
from ponty.core.serving.interception import Serving
from ponty.core.serving.options import StartOptions
from ponty.core.serving.serve import Missing, check_caller, place, run
from ponty.core.wire.server_state import SERVER_NAME


@overload
def startmeup(
    *,
    port: int,
    host: str | None = "127.0.0.1",
    routes: Routes | Iterable[Routes] | None = None,
    providers: Iterable[Provider] = (),
    route_tables: Iterable[web.RouteTableDef] = (),
    middlewares: Sequence[Middleware] = (),
    client_max_size: int = 1024**2,
    envelope: Envelope | Literal[False] | None = None,
    errors: Mapping[type[Exception], ErrorAnswer] | None = None,
    answer_invalid: ErrorAnswer | None = None,
    check_returns: int | Literal["raise"] = 1,
    limits: Limits | None = None,
    server_header: str | None = SERVER_NAME,
    shutdown_timeout: float = 25,
    ready_delay: float = 0,
    access_log: logging.Logger | None = access_logger,
    ssl_context: ssl.SSLContext | None = None,
    reuse_port: bool | None = None,
) -> None: ...
@overload
def startmeup(*, path: str | os.PathLike[str], **options: Unpack[StartOptions]) -> None: ...
@overload
def startmeup(*, sock: socket.socket, **options: Unpack[StartOptions]) -> None: ...
def startmeup(
    *,
    port: int | Missing = Missing.PORT,
    host: str | None = "127.0.0.1",
    path: str | os.PathLike[str] | None = None,
    sock: socket.socket | None = None,
    routes: Routes | Iterable[Routes] | None = None,
    providers: Iterable[Provider] = (),
    route_tables: Iterable[web.RouteTableDef] = (),
    middlewares: Sequence[Middleware] = (),
    client_max_size: int = 1024**2,
    envelope: Envelope | Literal[False] | None = None,
    errors: Mapping[type[Exception], ErrorAnswer] | None = None,
    answer_invalid: ErrorAnswer | None = None,
    check_returns: int | Literal["raise"] = 1,
    limits: Limits | None = None,
    server_header: str | None = SERVER_NAME,
    shutdown_timeout: float = 25,
    ready_delay: float = 0,
    access_log: logging.Logger | None = access_logger,
    ssl_context: ssl.SSLContext | None = None,
    reuse_port: bool | None = None,
) -> None:
    """Serve the decorated routes until SIGINT or SIGTERM; then finish the requests in flight and return.

    ::

        if __name__ == "__main__":
            startmeup(port=8080)

    Give one of `port`, `path` and `sock`. The server prints `METHOD path` for each route, then its address. It runs on
    uvloop if that is installed. A second signal ends the wait for the requests in flight.

    Args:
        port: The TCP port; 0 for any free port, the same on each address of the host.
        host: The address to listen on; None for all addresses of this machine.
        path: The path of a Unix socket to listen on, instead of a port.
        sock: An open socket to listen on, instead of a port, for example from a supervisor.
        routes: The tables of routes to serve; None stands for the default table alone.
        providers: What the application needs while it runs. Providers start in order and stop in reverse.
        route_tables: aiohttp's route tables, mounted after the others.
        middlewares: aiohttp's middlewares, the outermost first.
        client_max_size: The most bytes that the body of a request may have; a larger body is a 413.
        envelope: A function that makes the documents of answers instead of Ponty's envelope. `build_app` explains this
            and the next three in full.
        errors: Answers to exceptions, by their class.
        answer_invalid: The answer to invalid requests.
        check_returns: One of this many answers is checked: if its value differs from the declared type, that is logged
            and counted.
        limits: The limits for clients; None for `Limits()`.
        server_header: The `Server` header of each answer; None to send none.
        shutdown_timeout: Seconds that the requests in flight have to finish after the first signal.
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
    check_caller("startmeup", "serve_async(build_app(…), port=…)")
    where = place(port=port, host=host, path=path, sock=sock, ssl_context=ssl_context, reuse_port=reuse_port)
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
    run(
        Serving(
            app=app,
            place=where,
            limits=limits,
            server_header=server_header,
            shutdown_timeout=shutdown_timeout,
            ready_delay=ready_delay,
            access_log=access_log,
        )
    )
