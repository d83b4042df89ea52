"""`ponty run`: run a program in this process, at the address of the command line and with a log of requests."""

import logging
import sys
from collections.abc import Callable

import msgspec
from aiohttp.log import access_logger

from ponty.command.programs import execute
from ponty.core import Serving


def run(program: str, *, host: str | None, port: int | None, access_log: bool) -> None:
    """Execute a program, and serve what it asks for until a signal.

    Args:
        program: The program.
        host: The address to listen on; None for that of the program.
        port: The port to listen on; None for that of the program.
        access_log: Whether each request is logged.

    Raises:
        ProgramError: There is no such program, or it serves nothing.
        Exception: Whatever the program raises.
    """
    execute(program, placed(host=host, port=port, access_log=access_log))


def placed(*, host: str | None, port: int | None, access_log: bool) -> Callable[[Serving], Serving]:
    """Return a hook for `execute` that sets the address and the request log of a program."""

    def intercept(serving: Serving) -> Serving:
        place = serving.place
        if host is not None or port is not None:
            place = msgspec.structs.replace(
                place,
                host=place.host if host is None else host,
                port=(place.port or 0) if port is None else port,
                path=None,
                socks=(),
            )
        if access_log:
            _show_log()
        return msgspec.structs.replace(
            serving, place=place, access_log=(serving.access_log or access_logger) if access_log else None
        )

    return intercept


def _show_log() -> None:
    """Write the log to the terminal, unless the program has set up its own logging."""
    root = logging.getLogger()
    if root.handlers or access_logger.handlers:
        return
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(asctime)s %(message)s", "%H:%M:%S"))
    root.addHandler(handler)
    access_logger.setLevel(logging.INFO)
