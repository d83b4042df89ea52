"""Run a program in this process, where the command line says and with a log for who works on it."""

import logging
import sys
from collections.abc import Callable

import msgspec
from aiohttp.log import access_logger

from ponty.command.programs import execute
from ponty.core import Serving


def run(program: str, *, host: str | None, port: int | None, access_log: bool) -> None:
    """Execute a program, and serve what it asks for, until a signal.

    Args:
        program: The program.
        host: Where to listen, in place of what the program says; None for that.
        port: The port, likewise.
        access_log: Whether a line is written for each request.

    Raises:
        ProgramError: There is no such program, or it serves nothing.
        Exception: What the program raises.
    """
    execute(program, placed(host=host, port=port, access_log=access_log))


def placed(*, host: str | None, port: int | None, access_log: bool) -> Callable[[Serving], Serving]:
    """Return the hook that has a program served elsewhere than it says, and its requests logged."""

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
    """Write the log to the terminal, unless the program has set up where logs go."""
    root = logging.getLogger()
    if root.handlers or access_logger.handlers:
        return
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(asctime)s %(message)s", "%H:%M:%S"))
    root.addHandler(handler)
    access_logger.setLevel(logging.INFO)
