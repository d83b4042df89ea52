"""Interception: a tool that starts a program sees what the program wants to serve, before it is served.

A command that runs, lists or checks programs needs only this one hook, however the programs make their applications.
The arguments of `startmeup`, `serve` and `serve_async` are passed to it as one record. The tool returns the record that
is served, or raises, and nothing is served.
"""

import contextlib
import contextvars
import logging
import socket
from collections.abc import Callable, Generator, Sequence

import msgspec
from aiohttp import web
from aiohttp.log import access_logger

from ponty.core.connections.limits import Limits
from ponty.core.serving.listening import Place
from ponty.core.wire.server_state import SERVER_NAME


class Serving(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """An application that will be served, with its address and options.

    Args:
        app: The application.
        place: The address: a port, a path, or open sockets.
        limits: The limits for clients; None for `Limits()`.
        server_header: The `Server` header of each answer; None to send none.
        shutdown_timeout: Seconds that the requests in flight have to finish.
        ready_delay: Seconds for which the server goes on accepting connections after the first signal.
        access_log: The logger that gets a line for each request at INFO; None for no access log.
        begun: A function that is called with the sockets when they accept connections; None to print the routes and the
            addresses.
        closed: A function that is called when they accept no more connections, while the requests in flight finish.
    """

    app: web.Application
    place: Place
    limits: Limits | None = None
    server_header: str | None = SERVER_NAME
    shutdown_timeout: float = 25
    ready_delay: float = 0
    access_log: logging.Logger | None = access_logger
    begun: Callable[[Sequence[socket.socket]], None] | None = None
    closed: Callable[[], None] | None = None


_intercept: contextvars.ContextVar[Callable[[Serving], Serving] | None] = contextvars.ContextVar(
    "ponty_intercept_serving", default=None
)


@contextlib.contextmanager
def intercept_serving(intercept: Callable[[Serving], Serving]) -> Generator[None]:
    """Call `intercept` when a program within the block wants to serve an application.

    Use it in tools that start programs, for example to list their routes without serving them.

    ::

        class Seen(BaseException):
            pass

        def keep(serving: Serving) -> Serving:
            raise Seen(serving.app)

        with intercept_serving(keep):
            try:
                startmeup(port=8080)
            except Seen as seen:
                app = seen.args[0]

    Args:
        intercept: A function of the `Serving` that the program asks for. It returns the `Serving` that is served. If it
            raises, nothing is served, and the exception passes through `startmeup`.
    """
    token = _intercept.set(intercept)
    try:
        yield
    finally:
        _intercept.reset(token)


def intercepted(serving: Serving) -> Serving:
    """Return what is served for the request of a program: the same, unless it is intercepted."""
    intercept = _intercept.get()
    return serving if intercept is None else intercept(serving)
