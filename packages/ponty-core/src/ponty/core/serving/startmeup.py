"""`startmeup`: `build_app` and `serve` in one."""

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
    """Serve the decorated routes until SIGINT or SIGTERM, then finish the requests in flight and return.

    ::

        if __name__ == "__main__":
            startmeup(port=8080)

    Prints each mounted `METHOD path` once, then the address. Runs on uvloop where it is installed. A second signal
    ends the wait for the requests in flight.

    Args:
        port: The TCP port; 0 for any free one, the same on each address of the host.
        host: The address to listen on; None for all of this machine's.
        path: A Unix socket to listen on, in place of a port.
        sock: A socket to listen on, in place of a port, as a supervisor hands it down.
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
        limits: What a client may take up; None for `Limits()`.
        server_header: The `Server` header of each answer; None for none.
        shutdown_timeout: Seconds that the requests in flight have to finish after the first signal.
        ready_delay: Seconds that it goes on accepting connections after the first signal, so that a load balancer can
            take note. Answers close their connections meanwhile.
        access_log: Logs a line for each request at INFO; None for no access log.
        ssl_context: Serves HTTPS with this context.
        reuse_port: Lets several processes listen on the same port.

    Raises:
        RuntimeError: It was not called in the main thread, where signals arrive, or an event loop is running already.
        TypeError: None of `port`, `path` and `sock` is given, or more than one.
        ValueError: `port` is none, `shutdown_timeout` is not more than 0, `ready_delay` is less than 0, or
            `server_header` is not printable ASCII.
        OSError: The address cannot be listened on.
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
