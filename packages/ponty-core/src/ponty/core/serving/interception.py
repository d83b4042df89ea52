"""What a program asks to be served, shown to who has started the program before anything is served.

A command that runs, lists or checks programs sees each of them through this one door, however they make their
applications: what `startmeup`, `serve` and `serve_async` are called with comes by as one record, which is served as it
is returned, or not at all.
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
    """What is to be served, and where.

    Args:
        app: The application.
        place: Where: at a port, a path, or sockets that are there.
        limits: What a client may take up; None for `Limits()`.
        server_header: The `Server` header of each answer; None for none.
        shutdown_timeout: Seconds that the requests in flight have to finish.
        ready_delay: Seconds that it goes on accepting connections after the first signal.
        access_log: Logs a line for each request at INFO; None for no access log.
        begun: Called with the sockets once they accept connections; None prints the routes and the addresses.
        closed: Called once they accept no more, while the requests in flight finish.
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
    """Have `intercept` see what is to be served within the block, in place of serving it at once.

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
        intercept: Takes what a program asks for, and returns what is to be served; what it raises leaves `startmeup`.
    """
    token = _intercept.set(intercept)
    try:
        yield
    finally:
        _intercept.reset(token)


def intercepted(serving: Serving) -> Serving:
    """Return what is to be served in place of what a program asks for: that, where nobody intercepts."""
    intercept = _intercept.get()
    return serving if intercept is None else intercept(serving)
